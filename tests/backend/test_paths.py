"""Paths that people send lead into an allowed folder or nowhere."""

from __future__ import annotations

from pathlib import Path

import pytest

from backend.errors import BackendError, BadPathError, NotFoundError
from backend.folders import folders_below
from backend.paths import inside, named_roots
from tests.backend.world import World


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "sets" / "yard" / "deep").mkdir(parents=True)
    (tmp_path / "sets" / "yard" / "a.txt").write_text("x")
    (tmp_path / "secret").mkdir()
    (tmp_path / "sets" / "out").symlink_to(tmp_path / "secret")
    (tmp_path / "sets" / "loop").symlink_to(tmp_path / "sets" / "loop")
    (tmp_path / "sets" / "in").symlink_to(tmp_path / "sets" / "yard")
    return tmp_path / "sets"


def test_a_path_below_the_root_is_found_links_inside_too(root: Path):
    assert inside([root], "sets/yard/deep") == (root / "yard" / "deep").resolve()
    assert inside([root], "sets/in") == (root / "yard").resolve()
    assert inside([root], "sets") == root.resolve()


TRAVERSAL = [
    "../secret",
    "sets/../../secret",
    "sets/yard/../../secret",
    "/etc/passwd",
    "sets//etc/../../../etc/passwd",
    "sets\\..\\..\\secret",
    "sets/%2e%2e/secret",
    "sets/%252e%252e/secret",
    "sets/yard\0.jpg",
    "sets/ya\nrd",
    "sets/out",
    "sets/out/x",
    "sets/loop",
    "SETS/yard",
    "sets/" + "a" * 5000,
    "secret",
    "sets/a.txt/b",
    "~/secret",
    "",
    ".",
]


@pytest.mark.parametrize("path", TRAVERSAL)
def test_no_path_leads_out(root: Path, path: str):
    with pytest.raises((BadPathError, NotFoundError)):
        inside([root], path)


@pytest.mark.parametrize("path", TRAVERSAL[:-2])
def test_the_folder_browser_and_the_import_refuse_them_with_a_name(tmp_path: Path, world: World, path: str):
    project, admin = world.project(0), world.admin()
    for said in (
        admin.api("GET", "/folders", params={"path": path}),
        admin.api("POST", f"/projects/{project.id}/import/folder", {"path": path}),
    ):
        assert said.status_code in (400, 404, 422)
        assert said.json()["error"] in ("BadPathError", "NotFoundError", "ValidationError")


def test_the_browser_shows_folders_below_and_nothing_hidden(root: Path):
    (root / ".hidden").mkdir()
    assert [(f.path, f.folders, f.files) for f in folders_below([root], "")] == [("sets", 2, 3)]
    assert [(f.path, f.folders, f.files) for f in folders_below([root], "sets")] == [("sets/yard", 1, 1)]
    with pytest.raises(BackendError, match="expected a folder, got a file"):
        folders_below([root], "sets/yard/a.txt")


def test_roots_of_one_name_are_told_apart(tmp_path: Path):
    roots = [tmp_path / "a" / "sets", tmp_path / "b" / "sets"]
    assert named_roots(roots) == {"sets": roots[0], "sets-2": roots[1]}
