"""Folders, zips and generated images become numbered images; what cannot be used is said."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path
from typing import Any

import pytest
from PIL import Image as Pillow

from backend import jobs
from backend.importing import fail_import, run_import
from backend.store import images, projects
from backend.store.models import Job, Project
from tests.backend.world import Client, World, make_world
from tests.pictures import png_header
from ucal.errors import DataError, InterruptedRun, UcalError


def picture(colour: int = 0, size: tuple[int, int] = (16, 32)) -> bytes:
    out = io.BytesIO()
    Pillow.new("RGB", size, (colour, 50, 50)).save(out, "JPEG")
    return out.getvalue()


def new_project(world: World) -> Project:
    from backend.project_schemas import ProjectNew

    with world.scope() as session:
        return projects.create(session, ProjectNew(name="New"))


def work(world: World, project_id: str) -> dict[str, Any]:
    """Do what the worker does with the job that waits; give the project as the API shows it."""
    with world.scope(read_only=True) as session:
        job = session.get_one(Job, jobs.import_key(project_id))
    try:
        run_import(world.sessions, world.settings, project_id, job.payload["source"])
    except UcalError as error:
        with world.scope() as session:
            fail_import(session, project_id, str(error))
    shown: dict[str, Any] = world.admin().api("GET", f"/projects/{project_id}").json()
    return shown


def import_folder(world: World, client: Client, name: str) -> dict[str, Any]:
    project = new_project(world)
    said = client.api("POST", f"/projects/{project.id}/import/folder", {"path": f"import/{name}"})
    assert said.status_code == 202, said.text
    assert said.json()["imported"]["state"] == "waiting"
    return work(world, project.id)


@pytest.fixture
def root(world: World) -> Path:
    return world.settings.import_roots[0]


def test_a_folder_becomes_numbered_images_with_truth_and_a_report_of_bad_files(world: World, root: Path):
    for person in ("p1", "p2"):
        (root / "yard" / person).mkdir(parents=True)
        for i in range(2):
            (root / "yard" / person / f"{i}.jpg").write_bytes(picture(i))
    (root / "yard" / "p1" / "cut.jpg").write_bytes(picture()[:150])
    (root / "yard" / "p1" / "text.jpg").write_text("not a picture")
    (root / "yard" / "p2" / "huge.png").write_bytes(png_header(50_000, 50_000))
    (root / "yard" / "p2" / "=cmd.jpg").write_bytes(b"")
    admin = world.admin()
    shown = import_folder(world, admin, "yard")
    assert (shown["images"], shown["identities"], shown["imported"]["state"]) == (4, 2, "done")
    assert shown["imported"]["bad_files"] == 4
    assert len(shown["covers"]) == 4
    bad = {row["path"]: row["reason"] for row in admin.api("GET", f"/projects/{shown['id']}/bad-files").json()}
    assert "50" in bad["p2/huge.png"] or "large" in bad["p2/huge.png"]
    csv = admin.api("GET", f"/projects/{shown['id']}/bad-files?format=csv")
    assert csv.headers["content-type"].startswith("text/csv")
    with world.scope(read_only=True) as session:
        rows = images.page(session, shown["id"], "train", 0, 10)
    assert [(row.row, row.key) for row in rows] == [
        (0, "p1/0.jpg"),
        (1, "p1/1.jpg"),
        (2, "p2/0.jpg"),
        (3, "p2/1.jpg"),
    ]
    assert (rows[0].width, rows[0].height) == (16, 32)
    assert len({row.id for row in rows}) == 4


@pytest.mark.parametrize("name", ["empty", "only-text"])
def test_a_folder_without_images_fails_in_words_and_another_try_is_allowed(world: World, root: Path, name: str):
    (root / name).mkdir()
    if name == "only-text":
        (root / name / "a.jpg").write_text("not a picture")
    shown = import_folder(world, world.admin(), name)
    assert shown["imported"]["state"] == "failed"
    assert shown["imported"]["error"]
    again = world.admin().api("POST", f"/projects/{shown['id']}/import/folder", {"path": f"import/{name}"})
    assert again.status_code == 202


def test_a_link_out_of_the_folder_is_not_followed(world: World, root: Path, tmp_path: Path):
    (tmp_path / "secret.jpg").write_bytes(picture())
    (root / "yard").mkdir()
    (root / "yard" / "a.jpg").write_bytes(picture())
    (root / "yard" / "b.jpg").symlink_to(tmp_path / "secret.jpg")
    shown = import_folder(world, world.admin(), "yard")
    assert (shown["images"], shown["imported"]["bad_files"]) == (1, 1)


def zipped(**members: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return out.getvalue()


def upload(client: Client, project_id: str, content: bytes, field: str = "file") -> Any:
    files = {field: ("yard.zip", content, "application/zip")}
    return client.post(f"/api/v1/projects/{project_id}/import/upload", files=files)


def test_a_zip_is_unpacked_imported_and_then_removed(world: World):
    project, admin = new_project(world), world.admin()
    content = zipped(**{"a/1.jpg": picture(1), "a/2.jpg": picture(2), "b/1.jpg": picture(3), "../out.jpg": picture()})
    said = upload(admin, project.id, content)
    assert (said.status_code, said.json()["imported"]["source"]) == (202, "yard.zip")
    shown = work(world, project.id)
    assert (shown["images"], shown["identities"], shown["imported"]["bad_files"]) == (3, 2, 1)
    assert list((world.settings.data_dir / "uploads").iterdir()) == []
    assert not (world.settings.data_dir / "out.jpg").exists()
    image = admin.api("GET", f"/projects/{project.id}/images").json()[0]["id"]
    assert admin.api("GET", f"/images/{image}").status_code == 200


def test_what_is_no_zip_is_refused_and_leaves_nothing(world: World):
    project, admin = new_project(world), world.admin()
    for said in (upload(admin, project.id, b"plain text"), upload(admin, project.id, zipped(), field="other")):
        assert (said.status_code, said.json()["error"]) == (422, "InvalidError")
    done = world.project()
    assert upload(admin, done.id, zipped()).json()["error"] == "StateError"
    assert list((world.settings.data_dir / "uploads").glob("*")) == []


def test_too_large_an_upload_is_cut_off_and_a_stranger_may_not_even_begin(world: World):
    from backend import limits

    project = new_project(world)
    assert upload(world.anonymous(), project.id, zipped()).status_code == 401
    body = {"name": "x" * limits.JSON_BYTES}
    said = world.admin().api("POST", "/projects", body)
    assert (said.status_code, said.json()["error"]) == (413, "TooLargeError")


def test_an_upload_above_its_own_limit_is_cut_off(tmp_path: Path, sqlite_url: str):
    world = make_world(tmp_path, sqlite_url, max_upload_mb=3)
    said = upload(world.admin(), new_project(world).id, zipped(a=bytes(4 * 2**20)))
    assert (said.status_code, said.json()["error"]) == (413, "TooLargeError")
    world.close()


def test_generated_people_are_imported_with_query_and_gallery(world: World):
    project = new_project(world)
    body = {"identities": 4, "cameras": 2, "images": 2, "height": 32, "width": 16, "seed": 1}
    said = world.admin().api("POST", f"/projects/{project.id}/import/synth", body)
    assert said.status_code == 202
    shown = work(world, project.id)
    assert (shown["images"], shown["identities"], shown["cameras"]) == (16, 4, 2)
    assert shown["queries"] > 0
    assert shown["gallery"] > 0
    with world.scope(read_only=True) as session:
        assert session.get_one(Project, project.id).source_format == "market1501"


def test_an_import_that_was_interrupted_is_done_again_from_the_start(world: World, root: Path):
    (root / "yard").mkdir()
    for i in range(3):
        (root / "yard" / f"{i}.jpg").write_bytes(picture(i))
    project = new_project(world)
    source = {"kind": "folder", "path": "import/yard", "format": "auto"}

    def stop() -> None:
        raise InterruptedRun("the worker stops")

    with pytest.raises(InterruptedRun):
        run_import(world.sessions, world.settings, project.id, source, stop)
    for _ in range(2):  # the second time there is nothing left to do
        run_import(world.sessions, world.settings, project.id, source)
    with world.scope(read_only=True) as session:
        assert len(images.page(session, project.id, "train", 0, 10)) == 3
        assert session.get_one(Project, project.id).n_identities is None


def test_one_import_at_a_time_and_one_in_all(world: World, root: Path):
    (root / "yard").mkdir()
    (root / "yard" / "a.jpg").write_bytes(picture())
    project, admin = new_project(world), world.admin()
    path, body = f"/projects/{project.id}/import/folder", {"path": "import/yard"}
    assert admin.api("POST", path, body).status_code == 202
    assert admin.api("POST", path, body).json()["error"] == "StateError"
    assert admin.api("DELETE", f"/projects/{project.id}").json()["error"] == "StateError"
    assert work(world, project.id)["imported"]["state"] == "done"
    assert admin.api("POST", path, body).json()["error"] == "StateError"


def test_a_features_file_and_too_many_images_are_refused_in_words(world: World, root: Path):
    import numpy as np

    np.savez(root / "f.npz", feats=np.ones((3, 2), np.float32), ids=np.arange(3))
    with pytest.raises(DataError, match="expected images, got features"):
        run_import(world.sessions, world.settings, new_project(world).id, {"kind": "folder", "path": "import/f.npz"})
    (root / "yard").mkdir()
    for i in range(2):
        (root / "yard" / f"{i}.jpg").write_bytes(picture(i))
    few = world.settings.model_copy(update={"max_images": 1})
    with pytest.raises(DataError, match="at most 1 images, got 2"):
        run_import(world.sessions, few, new_project(world).id, {"kind": "folder", "path": "import/yard"})


def test_a_deleted_project_takes_its_files_along_but_not_the_imported_folder(world: World, root: Path):
    (root / "yard").mkdir()
    (root / "yard" / "a.jpg").write_bytes(picture())
    admin = world.admin()
    shown = import_folder(world, admin, "yard")
    image = shown["covers"][0]
    admin.api("GET", f"/images/{image}")
    assert list(world.settings.thumbs_dir.rglob("*.jpg"))
    assert admin.api("DELETE", f"/projects/{shown['id']}").status_code == 204
    assert not list(world.settings.thumbs_dir.rglob("*.jpg"))
    assert (root / "yard" / "a.jpg").exists()
    assert admin.api("GET", f"/images/{image}").status_code == 404
    assert admin.api("GET", f"/projects/{shown['id']}").status_code == 404


def test_the_api_offers_every_layout_of_images():
    from typing import get_args

    from backend.import_schemas import Layout
    from ucal.datasets import FORMATS

    assert set(get_args(Layout)) == set(FORMATS) - {"features"}


def tracked_folder(root: Path) -> None:
    (root / "tracked").mkdir()
    lines = ["path,identity,camera,tracklet,frame"]
    for row in range(6):
        (root / "tracked" / f"{row}.jpg").write_bytes(picture(row))
        lines.append(f"{row}.jpg,{row // 3},1,t{row // 3},{row % 3}")
    (root / "tracked" / "manifest.csv").write_text("\n".join(lines))


def test_what_tracklets_and_frames_say_is_counted_and_taken_by_runs_unless_switched_off(world: World, root: Path):
    tracked_folder(root)
    admin = world.admin()
    shown = import_folder(world, admin, "tracked")
    assert (shown["links"], shown["imported_links"]) == (7, True)  # two tracklets of three, three frames of two

    def started(**body: Any) -> bool:
        said = admin.api("POST", f"/projects/{shown['id']}/runs", body)
        assert said.status_code == 201, said.text
        return bool(said.json()["config"]["imported_links"])

    assert started()
    assert not started(config={"imported_links": False})
    assert not started(config={"memory": "pair"})
    assert admin.api("PATCH", f"/projects/{shown['id']}", {"imported_links": False}).json()["imported_links"] is False
    assert not started()
    assert started(config={"imported_links": True})


def test_too_many_links_are_left_out_and_the_import_says_so(world: World, root: Path, monkeypatch: pytest.MonkeyPatch):
    tracked_folder(root)
    monkeypatch.setattr("backend.importing.MOST", 6)
    shown = import_folder(world, world.admin(), "tracked")
    assert shown["links"] == 0
    assert any("makes too many links" in notice for notice in shown["imported"]["notices"])
    chinese = Path("frontend/src/messages/zh.ts").read_text(encoding="utf-8")
    assert all(notice in chinese for notice in shown["imported"]["notices"])


def test_names_that_hold_no_tracklets_give_no_links(world: World, root: Path):
    (root / "plain" / "p1").mkdir(parents=True)
    for i in range(2):
        (root / "plain" / "p1" / f"{i}.jpg").write_bytes(picture(i))
    admin = world.admin()
    shown = import_folder(world, admin, "plain")
    assert shown["links"] == 0
    said = admin.api("POST", f"/projects/{shown['id']}/runs", {"config": {"annotator": "people"}})
    assert said.json()["config"]["imported_links"] is False
