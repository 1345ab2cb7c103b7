"""Pixels by opaque id: small, cached, private."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from PIL import Image as Pillow

from backend.store.models import Image
from tests.backend.world import World


@pytest.fixture
def image(world: World) -> Image:
    project = world.project(1)
    path = world.settings.data_dir / "large.jpg"
    exif = Pillow.Exif()
    exif[0x0110] = "a camera's name"
    Pillow.new("RGB", (400, 800), (200, 20, 20)).save(path, exif=exif)
    with world.scope() as session:
        found = Image(project_id=project.id, split="train", row=1, key="large.jpg", path=str(path))
        session.add(found)
        session.flush()
        return found


@pytest.mark.parametrize(("size", "expected"), [("64", (32, 64)), ("256", (128, 256)), ("full", (400, 800))])
def test_an_image_comes_in_the_wanted_size_without_metadata(world: World, image: Image, size: str, expected: object):
    said = world.annotator().api("GET", f"/images/{image.id}?size={size}")
    assert said.headers["content-type"] == "image/jpeg"
    assert said.headers["cache-control"] == "private, max-age=86400, immutable"
    assert said.headers["x-content-type-options"] == "nosniff"
    with Pillow.open(io.BytesIO(said.content)) as shown:
        assert shown.size == expected
        assert not shown.getexif()


def test_a_second_request_is_answered_by_the_etag_or_the_cache(world: World, image: Image):
    client = world.annotator()
    first = client.api("GET", f"/images/{image.id}?size=64")
    tag = first.headers["etag"]
    again = client.api("GET", f"/images/{image.id}?size=64", headers={"if-none-match": f'"other", {tag}'})
    assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", tag)
    Path(image.path).unlink()
    assert client.api("GET", f"/images/{image.id}?size=64").content == first.content
    assert client.api("GET", f"/images/{image.id}?size=512").json()["error"] == "BadImageError"
    assert not list(world.settings.thumbs_dir.rglob("*.part"))


@pytest.mark.parametrize("id_", ["nothing-such", "..%2f..%2fetc%2fpasswd", "%00", "%2e%2e", "a" * 3000])
def test_an_unknown_id_is_not_found(world: World, id_: str):
    said = world.annotator().api("GET", f"/images/{id_}")
    assert said.status_code == 404


def test_a_size_that_is_not_offered_is_refused(world: World, image: Image):
    assert world.annotator().api("GET", f"/images/{image.id}?size=9999").status_code == 422


def test_a_disk_that_takes_no_thumbnails_hinders_nobody(world: World, image: Image):
    world.settings.thumbs_dir.write_text("not a folder")
    assert world.annotator().api("GET", f"/images/{image.id}?size=64").status_code == 200


def test_images_are_listed_by_row(world: World):
    project = world.project(5)
    client = world.annotator()
    rows = client.api("GET", f"/projects/{project.id}/images?offset=1&limit=2").json()
    assert [(image["row"], image["key"], image["width"]) for image in rows] == [(1, "1.jpg", 32), (2, "2.jpg", 32)]
    assert client.api("GET", f"/projects/{project.id}/images?split=query").json() == []
    assert client.api("GET", f"/projects/{project.id}/images?limit=501").status_code == 422
