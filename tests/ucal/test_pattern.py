"""Names read by a pattern, and what a preview tells of them."""

from __future__ import annotations

from pathlib import Path

import pytest

from ucal.datasets.pattern import NamePattern, read_pattern
from ucal.datasets.preview import names_tree, preview, read_names
from ucal.datasets.tree import FileTree
from ucal.errors import ConfigError, DataError, EmptyDataError


def tree(*names: str) -> FileTree:
    return FileTree(Path("photos"), names)


@pytest.mark.parametrize(
    ("pattern", "name", "said"),
    [
        ("{identity}_c{camera}_*", "a/0002_c1_000451.jpg", {"identity": "0002", "camera": "1"}),
        ("{camera}/{identity}/*", "set/gate/lynx 7/IMG_1.JPG", {"camera": "gate", "identity": "lynx 7"}),
        ("{camera}/*", "1.jpg", None),
        ("*-{frame}", "x-y-0012.png", {"frame": "y-0012"}),
        ("{identity}.{camera}", "tiger.2.jpg", {"identity": "tiger", "camera": "2"}),
        ("[{identity}]", "[7].jpg", {"identity": "7"}),
        ("{identity}_c{camera}", "_c1.jpg", None),
    ],
)
def test_a_pattern_says_what_a_name_says(pattern: str, name: str, said: dict[str, str] | None):
    assert NamePattern.of(pattern).read(name) == said


@pytest.mark.parametrize(
    "text", ["", "*", "plain", "{identity}{camera}", "{identity}*", "{who}", "{camera}_{camera}", "{"]
)
def test_what_cannot_be_a_pattern_is_refused_in_words(text: str):
    with pytest.raises(ConfigError, match="pattern: expected"):
        NamePattern.of(text)


def test_images_whose_name_does_not_fit_are_taken_without_identity_and_said():
    found = read_pattern(
        tree("a_c1.jpg", "b_cgate.jpg", "note.txt", "plain.jpg"), "x", NamePattern.of("{identity}_c{camera}")
    )
    assert [(image.key, image.identity, image.camera) for image in found.train] == [
        ("a_c1.jpg", 1, 1),
        ("b_cgate.jpg", 2, 2),
        ("plain.jpg", None, None),
    ]
    assert found.identity_names == ("a", "b")
    assert "1 of 3 images" in found.notices[0]
    with pytest.raises(EmptyDataError, match="none of 1 image"):
        read_pattern(tree("plain.jpg"), "x", NamePattern.of("{identity}_c{camera}"))


def test_a_preview_counts_what_names_say():
    names = [f"all/{who}/{i}.jpg" for who in ("ann", "ben") for i in range(4)]
    found = preview(read_names(names_tree([*names, "all/__MACOSX/x.jpg", "all/ann/drawing.svg"]), "zip"))
    assert (found.format, found.images["train"], found.identities, found.unlabelled) == ("folder", 8, 2, 0)
    assert found.examples[0].identity == "ann"
    assert [file.path for file in found.bad] == ["ann/drawing.svg"]


def test_a_preview_finds_the_published_layouts_and_says_that_a_set_was_withdrawn():
    parts = ("bounding_box_train", "query", "bounding_box_test")
    names = [f"Duke/{part}/0005_c2_f0046985.jpg" for part in parts]
    found = preview(read_names(names_tree(names), "zip"))
    assert (found.format, found.cameras) == ("dukemtmc", 1)
    assert "withdrawn" in found.notices[0]


def test_a_manifest_may_lie_elsewhere(tmp_path: Path):
    (tmp_path / "a.jpg").write_bytes(b"x")
    listed = FileTree(tmp_path, ("a.jpg",))
    found = preview(read_names(listed, "x", manifest=b"path,identity,camera\na.jpg,ann,gate\nb.jpg,ben,gate\n"))
    assert (found.images["train"], found.identities, found.cameras) == (1, 1, 1)
    assert [file.path for file in found.bad] == ["b.jpg"]
    with pytest.raises(DataError, match="the CSV: expected a column 'path'"):
        read_names(listed, "x", manifest=b"file\na.jpg\n")
