"""Plain folders, and what a tree of files lists."""

import shutil

import pytest

from tests.pictures import put
from ucal.datasets import read


def keys(dataset):
    return [image.key for image in dataset.train]


def test_sub_folders_are_identities(tmp_path):
    dataset = read(put(tmp_path, "bob/2.jpg", "bob/1.png", "ann/1.jpg"))
    assert keys(dataset) == ["ann/1.jpg", "bob/1.png", "bob/2.jpg"]
    assert dataset.identities().tolist() == [1, 2, 2]
    assert dataset.identity_names == ("ann", "bob")
    assert dataset.has_truth


def test_a_flat_folder_is_unlabelled(tmp_path):
    dataset = read(put(tmp_path, "b.jpg", "a.JPG"))
    assert keys(dataset) == ["a.JPG", "b.jpg"]
    assert not dataset.has_truth


@pytest.mark.parametrize("names", [("only/a.jpg", "only/b.jpg"), ("ann/a.jpg", "bob/b.jpg", "loose.jpg")])
def test_one_sub_folder_or_loose_images_beside_make_it_unlabelled(tmp_path, names):
    dataset = read(put(tmp_path, *names))
    assert len(dataset.train) == len(names)
    assert not dataset.has_truth


def test_deeper_folders_belong_to_the_first_level(tmp_path):
    dataset = read(put(tmp_path, "ann/monday/1.jpg", "ann/friday/1.jpg", "bob/1.jpg"))
    assert dataset.identities().tolist() == [1, 1, 2]


def test_numbered_folders_are_ordered_by_value(tmp_path):
    dataset = read(put(tmp_path, "10/a.jpg", "9/a.jpg"))
    assert dataset.identity_names == ("9", "10")


def test_hidden_files_and_leftovers_are_not_listed(tmp_path):
    dataset = read(put(tmp_path, "a.jpg", ".b.jpg", ".trash/c.jpg", "__MACOSX/d.jpg"))
    assert keys(dataset) == ["a.jpg"]


def test_a_zip_reads_like_its_folder_whatever_its_outermost_folder(tmp_path):
    root = put(tmp_path / "photos", "ann/1.jpg", "bob/1.jpg")
    shutil.make_archive(str(tmp_path / "inner"), "zip", root)
    shutil.make_archive(str(tmp_path / "outer"), "zip", tmp_path, "photos")
    for name in ("inner.zip", "outer.zip"):
        dataset = read(tmp_path / name)
        assert keys(dataset) == ["ann/1.jpg", "bob/1.jpg"]
        assert dataset.identities().tolist() == [1, 2]
        assert all(".zip::" in image.path for image in dataset.train)


def test_links_are_followed_only_where_they_stay_inside(tmp_path):
    outside = put(tmp_path / "outside", "secret.jpg")
    root = put(tmp_path / "set", "a.jpg")
    (root / "inside.jpg").symlink_to(root / "a.jpg")
    (root / "leaves.jpg").symlink_to(outside / "secret.jpg")
    (root / "folder").symlink_to(outside)
    (root / "dangling.jpg").symlink_to(root / "none.jpg")
    dataset = read(root)
    assert keys(dataset) == ["a.jpg", "inside.jpg"]
    assert {file.path for file in dataset.bad} == {"leaves.jpg", "folder", "dangling.jpg"}


def test_drawings_that_cannot_be_opened_are_named(tmp_path):
    dataset = read(put(tmp_path, "a.jpg", "b.svg", "c.HEIC"))
    assert {file.path: file.reason.split()[0] for file in dataset.bad} == {"b.svg": "SVG", "c.HEIC": "HEIC"}


def test_the_same_folder_reads_the_same_twice_in_any_order_of_writing(tmp_path):
    names = [f"{identity}/{image}.jpg" for identity in "cab" for image in (3, 1, 2)]
    one, two = put(tmp_path / "x" / "set", *names), put(tmp_path / "y" / "set", *reversed(names))
    assert keys(read(one)) == keys(read(two)) == sorted(names)
