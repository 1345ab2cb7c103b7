"""Before an import: what names say; and imports by a pattern, or by a CSV that lies elsewhere."""

from __future__ import annotations

from PIL import Image as Pillow

from backend import importing
from backend.previewing import INSIDE
from tests.backend.world import World
from tests.stack import ROOT
from ucal.datasets.dukemtmc import WITHDRAWN


def test_a_preview_says_what_a_pattern_reads_on_ones_own_names(world: World):
    names = ["shots/gate_lynx.jpg", "shots/pond_lynx.jpg", "shots/odd.jpg"]
    admin = world.admin()
    body = {"names": names, "pattern": "{camera}_{identity}"}
    found = admin.api("POST", "/import/preview", body).json()
    assert (found["images"], found["identities"], found["cameras"], found["unlabelled"]) == (3, 1, 2, 1)
    assert {one["name"]: one["identity"] for one in found["examples"]} == {
        "gate_lynx.jpg": "lynx",
        "odd.jpg": None,
        "pond_lynx.jpg": "lynx",
    }
    assert admin.api("POST", "/import/preview", {"names": names}).json()["unlabelled"] == 3
    refused = admin.api("POST", "/import/preview", {"names": names, "pattern": "{who}"})
    assert (refused.status_code, refused.json()["error"]) == (422, "ConfigError")
    assert admin.api("POST", "/import/preview", {}).status_code == 422
    assert world.annotator().api("POST", "/import/preview", body).status_code == 403
    inside = admin.api("POST", "/import/preview", {"names": ["set/manifest.csv", "set/a.jpg"]}).json()
    assert (inside["format"], inside["images"]) == ("manifest", 1)


def test_a_preview_of_a_zip_reads_the_lines_of_its_own_manifest(world: World):
    names = ["set/manifest.csv", "set/camA/1.jpg", "set/camB/2.jpg", "set/camB/3.jpg"]
    lines = "path;identity;camera\ncamA/1.jpg;lynx;gate\ncamB/2.jpg;;pond\nnone.jpg;owl;pond\n"
    admin = world.admin()
    found = admin.api("POST", "/import/preview", {"names": names, "manifest": lines}).json()
    assert (found["format"], found["images"], found["refused"]) == ("manifest", 2, 1)
    assert (found["identities"], found["cameras"], found["unlabelled"]) == (1, 2, 1)
    assert [one["identity"] for one in found["examples"]] == ["lynx", None]
    assert found["refused_examples"][0]["path"] == "none.jpg"
    assert found["notices"] == []
    by_pattern = {"names": names, "manifest": lines, "pattern": "{camera}/*"}
    assert admin.api("POST", "/import/preview", by_pattern).json()["images"] == 3  # a pattern comes before the manifest
    refused = admin.api("POST", "/import/preview", {"names": names, "manifest": "file,who\na.jpg,lynx\n"})
    assert refused.status_code == 422
    assert "expected a column 'path'" in refused.json()["detail"]


def test_a_folder_is_imported_by_a_pattern_and_by_a_csv_from_elsewhere(world: World):
    folder = world.settings.import_roots[0] / "shots"
    for name in ("gate_lynx", "pond_lynx", "pond_owl", "odd"):
        path = folder / f"{name}.jpg"
        path.parent.mkdir(exist_ok=True)
        Pillow.new("RGB", (32, 64), (len(name), 90, 120)).save(path)
    admin = world.admin()
    how = {"path": "import/shots", "pattern": "{camera}_{identity}"}
    looked = admin.api("POST", "/import/preview", how).json()
    csv_text = "path,identity,camera\nodd.jpg,owl,gate\npond_owl.jpg,owl,pond\nnone.jpg,x,y\n"
    for extra, counts in ((how, (4, 2)), ({"path": "import/shots", "manifest": csv_text}, (2, 2))):
        project = admin.api("POST", "/projects", {"name": "P"}).json()
        made = admin.api("POST", f"/projects/{project['id']}/import/folder", extra)
        assert made.status_code == 202, made.text
        importing.run_import(world.sessions, world.settings, project["id"], {"kind": "folder", **extra})
        found = admin.api("GET", f"/projects/{project['id']}").json()
        assert (found["images"], found["cameras"]) == counts
        if extra is how:
            assert (looked["images"], looked["cameras"]) == counts
            assert found["imported"]["notices"] == looked["notices"]
            assert "1 of 4 images" in looked["notices"][0]
        else:
            assert found["imported"]["bad_files"] == 1
    bad = {"path": "import/shots", "pattern": "{camera}{identity}"}
    assert admin.api("POST", f"/projects/{project['id']}/import/folder", bad).json()["error"] == "ConfigError"


def test_whoever_imports_the_withdrawn_set_is_told_so(world: World):
    folder = world.settings.import_roots[0] / "Duke"
    for part in ("bounding_box_train", "query", "bounding_box_test"):
        (folder / part).mkdir(parents=True)
        for camera in (1, 2):
            Pillow.new("RGB", (32, 64)).save(folder / part / f"0005_c{camera}_f004698{camera}.jpg")
    admin = world.admin()
    looked = admin.api("POST", "/import/preview", {"path": "import/Duke"}).json()
    project = admin.api("POST", "/projects", {"name": "P"}).json()
    importing.run_import(
        world.sessions, world.settings, project["id"], {"kind": "folder", "path": "import/Duke", "format": "auto"}
    )
    found = admin.api("GET", f"/projects/{project['id']}").json()["imported"]["notices"]
    assert found == looked["notices"]
    assert "withdrawn" in found[0]


def test_the_pages_in_chinese_know_the_servers_own_notices():
    known = (ROOT / "frontend" / "src" / "messages" / "zh.ts").read_text(encoding="utf-8")
    for notice in (WITHDRAWN, INSIDE):
        assert f'"{notice}"' in known
