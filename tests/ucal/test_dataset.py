"""What a data set is, holding identities out, and `read` and `check` over every layout."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.pictures import noise, png_header, put
from ucal.datasets import FORMATS, UNKNOWN, BadFile, Dataset, check, read
from ucal.datasets.dataset import numbered
from ucal.datasets.split import hold_out
from ucal.errors import ConfigError, DataFormatError, DataNotFoundError, EmptyDataError, FeaturesError, InterruptedRun
from ucal.types import Image


def a_set(identities, cameras=None, features=None):
    """Give a data set of these identities and cameras (None = unknown)."""
    cameras = cameras or [None] * len(identities)
    images = tuple(
        Image(f"{row:03d}", f"/none/{row}", identity, camera)
        for row, (identity, camera) in enumerate(zip(identities, cameras, strict=True))
    )
    return Dataset("made", "folder", Path("/none"), images, features=features)


# -- the data set ----------------------------------------------------------------------------------


def test_unknown_identities_and_cameras_are_minus_two():
    dataset = a_set([3, None, -1], [None, 2, 0])
    assert dataset.identities().tolist() == [3, UNKNOWN, -1] == [3, -2, -1]
    assert dataset.cameras().tolist() == [UNKNOWN, 2, 0]
    assert dataset.identities("query").tolist() == []


def test_truth_is_known_only_when_every_identity_is():
    assert a_set([1, 2]).has_truth
    assert not a_set([1, None]).has_truth
    assert not a_set([]).has_truth


def test_removing_bad_files_moves_rows_up_and_takes_features_along():
    dataset = a_set([1, 2, 3], features=np.eye(3, dtype=np.float32))
    left = dataset.without([BadFile("001", "cut")])
    assert [image.key for image in left.train] == ["000", "002"]
    assert left.features.tolist() == [[1, 0, 0], [0, 0, 1]]
    assert left.bad == (BadFile("001", "cut"),)
    assert len(dataset.train) == 3


def test_names_are_numbered_from_one_numbers_by_value():
    assert numbered(["b", "10", "9", "a", "9"]) == {"9": 1, "10": 2, "a": 3, "b": 4}


# -- holding out -----------------------------------------------------------------------------------


@settings(max_examples=60)
@given(
    identities=st.lists(st.one_of(st.none(), st.integers(-1, 6)), min_size=1, max_size=40),
    share=st.floats(0.05, 0.95),
    seed=st.integers(0, 99),
)
def test_holding_out_parts_the_identities_and_loses_no_image(identities, share, seed):
    dataset = a_set(identities, [row % 3 for row in range(len(identities))])
    known = {identity for identity in identities if identity is not None and identity >= 0}
    if len(known) < 2:
        with pytest.raises(EmptyDataError):
            hold_out(dataset, share, seed)
        return
    parted = hold_out(dataset, share, seed)
    held = set(parted.identities("query")) | set(parted.identities("gallery"))
    assert held
    assert held <= known
    assert not held & set(parted.identities("train"))
    assert set(parted.identities("train")) & known
    assert sorted(parted.train + parted.query + parted.gallery, key=lambda i: i.key) == list(dataset.train)
    assert set(parted.identities("query")) <= set(parted.identities("gallery"))


def test_queries_come_from_different_cameras_and_the_rest_is_the_gallery():
    dataset = a_set([1] * 6 + [2] * 6, [0, 0, 0, 0, 0, 1] * 2)
    parted = hold_out(dataset, 0.5, seed=0)
    assert (len(parted.train), len(parted.query), len(parted.gallery)) == (6, 2, 4)
    assert sorted(parted.cameras("query")) == [0, 1]


def test_the_same_seed_holds_the_same_out_and_another_seed_others():
    dataset = a_set([row // 4 for row in range(80)])
    assert hold_out(dataset, 0.3, 1) == hold_out(dataset, 0.3, 1)
    assert hold_out(dataset, 0.3, 1) != hold_out(dataset, 0.3, 2)


def test_features_go_with_their_images():
    features = np.eye(8, dtype=np.float32)
    parted = hold_out(a_set([1, 1, 2, 2, 3, 3, 4, 4], features=features), 0.5, 0)
    for split in ("train", "query", "gallery"):
        assert parted.features_of(split).argmax(axis=1).tolist() == [int(image.key) for image in parted.images(split)]


@pytest.mark.parametrize("share", [0.0, 1.0, -0.5, 2.0])
def test_an_impossible_share_is_refused(share):
    with pytest.raises(ConfigError, match="between 0 and 1"):
        hold_out(a_set([1, 2]), share, 0)


# -- read and check --------------------------------------------------------------------------------


def test_a_missing_path_says_so(tmp_path):
    with pytest.raises(DataNotFoundError, match="no such file or folder"):
        read(tmp_path / "none")


def test_an_empty_folder_says_so(tmp_path):
    with pytest.raises(EmptyDataError, match="expected images"):
        read(tmp_path)


def test_a_folder_without_images_names_what_is_there(tmp_path):
    put(tmp_path, "notes.txt", content=b"words")
    with pytest.raises(EmptyDataError, match=r"none among 1 file\(s\), for example notes.txt"):
        read(tmp_path)


def test_an_unknown_format_lists_the_known_ones(tmp_path):
    with pytest.raises(ConfigError, match="market1501.*got 'yolo'"):
        read(tmp_path, "yolo")


@pytest.mark.parametrize(("name", "said"), [("one.jpg", "a single image"), ("notes.txt", "a file ending in '.txt'")])
def test_a_file_that_is_no_collection_says_what_was_expected(tmp_path, name, said):
    put(tmp_path, name)
    with pytest.raises(DataFormatError, match=f"expected a folder.*{said}"):
        read(tmp_path / name)


@pytest.mark.parametrize("name", ["bad.zip", "bad.npz"])
def test_a_broken_archive_is_an_error_not_a_crash(tmp_path, name):
    put(tmp_path, name, content=b"PK\3\4 but no more")
    with pytest.raises((DataFormatError, FeaturesError), match="does not open"):
        read(tmp_path / name)


def test_every_format_is_named_once():
    assert FORMATS[0] == "auto"
    assert len(set(FORMATS)) == len(FORMATS)


def test_checking_takes_bad_images_out_and_says_why(tmp_path):
    put(tmp_path, "ann/1.jpg", "ann/2.jpg", "bob/1.jpg")
    put(tmp_path, "bob/cut.jpg", content=noise()[:-700])
    put(tmp_path, "bob/text.jpg", content=b"words")
    put(tmp_path, "bob/huge.png", content=png_header(50_000, 50_000))
    put(tmp_path, "bob/draw.svg", content=b"<svg/>")
    dataset, report = check(tmp_path)
    assert [image.key for image in dataset.train] == ["ann/1.jpg", "ann/2.jpg", "bob/1.jpg"]
    reasons = {file.path: file.reason for file in report.bad}
    assert set(reasons) == {"bob/cut.jpg", "bob/text.jpg", "bob/huge.png", "bob/draw.svg"}
    assert "cut off" in reasons["bob/cut.jpg"]
    assert "a text" in reasons["bob/text.jpg"]
    assert "too large" in reasons["bob/huge.png"]
    assert "SVG" in reasons["bob/draw.svg"]
    assert (report.images["train"], report.identities["train"], report.format) == (3, 2, "folder")


def test_a_set_of_which_nothing_opens_is_an_error(tmp_path):
    put(tmp_path, "text.jpg", content=b"words")
    with pytest.raises(EmptyDataError, match=r"no image opens, first text.jpg: not an image"):
        check(tmp_path)


def test_a_check_can_be_interrupted(tmp_path):
    def stop():
        raise InterruptedRun("cancel")

    with pytest.raises(InterruptedRun):
        check(put(tmp_path, "a.jpg"), check=stop)


def test_one_image_is_a_data_set(tmp_path):
    dataset, _ = check(put(tmp_path, "only.jpg"))
    assert len(dataset.train) == 1


def test_generated_data_read_back_whole(tmp_path):
    from ucal.datasets.synth import generate

    out = tmp_path / "people"
    generate(out, identities=4, cameras=2, images=2, height=32, width=16, seed=0)
    dataset, report = check(out)
    assert report.format == "market1501"
    assert (len(dataset.train), report.identities["train"], report.cameras) == (16, 4, 2)
    assert dataset.has_truth
    assert dataset.has_evaluation
    assert not report.bad
    assert not set(dataset.identities("train")) & set(dataset.identities("query"))
