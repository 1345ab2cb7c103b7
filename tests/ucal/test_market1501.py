"""Market-1501's layout."""

import os
import shutil

import pytest

from tests.pictures import put
from ucal.datasets import read
from ucal.errors import DataFormatError, EmptyDataError


@pytest.fixture
def market(tmp_path):
    """Give a small folder in the layout, with everything that the rules speak of."""
    put(tmp_path, *(f"bounding_box_train/{name}.jpg" for name in ("0007_c2s3_000451_03", "0002_c1s1_000451_03")))
    put(tmp_path, "query/1500_c3s1_000001_00.jpg")
    put(
        tmp_path,
        *(
            f"bounding_box_test/{name}.jpg"
            for name in ("1500_c6s2_000009_01", "0000_c1s1_000002_00", "-1_c1s1_000003_00")
        ),
    )
    put(tmp_path, "bounding_box_test/Thumbs.db", "readme.txt", content=b"x")
    return tmp_path


def test_identities_and_cameras_come_from_the_names(market):
    dataset = read(market)
    assert dataset.format == "market1501"
    assert [image.key for image in dataset.train] == [
        "bounding_box_train/0002_c1s1_000451_03.jpg",
        "bounding_box_train/0007_c2s3_000451_03.jpg",
    ]
    assert dataset.identities().tolist() == [2, 7]
    assert dataset.cameras().tolist() == [1, 2]
    assert (dataset.train[1].tracklet, dataset.train[1].frame) == ("s3", "000451")
    assert dataset.identities("query").tolist() == [1500]
    assert dataset.bad == ()


def test_junk_is_dropped_and_distractors_stay(market):
    assert sorted(read(market).identities("gallery")) == [0, 1500]


def test_a_folder_that_holds_the_folder_is_read_too(market, tmp_path_factory):
    outer = tmp_path_factory.mktemp("outer")
    shutil.copytree(market, outer / "deep" / "Market-1501-v15.09.15")
    dataset = read(outer)
    assert dataset.train[0].key == "bounding_box_train/0002_c1s1_000451_03.jpg"
    assert os.path.isfile(dataset.train[0].path)


def test_a_zip_of_the_folder_gives_the_same_images(market, tmp_path_factory):
    outside = tmp_path_factory.mktemp("zip")
    shutil.make_archive(str(outside / "market"), "zip", market.parent, market.name)
    folder, zipped = read(market), read(outside / "market.zip")
    for split in ("train", "query", "gallery"):
        assert [i.key for i in zipped.images(split)] == [i.key for i in folder.images(split)]
        assert zipped.identities(split).tolist() == folder.identities(split).tolist()


def test_names_of_the_sibling_layout_are_read(tmp_path):
    put(tmp_path, "bounding_box_train/0005_c2_f0046985.jpg")
    image = read(tmp_path).train[0]
    assert (image.identity, image.camera, image.frame, image.tracklet) == (5, 2, "0046985", None)


def test_a_name_that_does_not_fit_is_a_bad_file(market):
    put(market, "bounding_box_train/holiday.jpg")
    bad = read(market).bad
    assert [file.path for file in bad] == ["bounding_box_train/holiday.jpg"]
    assert "0002_c1s1_000451_03" in bad[0].reason


def test_only_names_that_do_not_fit_are_an_error(tmp_path):
    with pytest.raises(EmptyDataError, match="expected names like"):
        read(put(tmp_path, "bounding_box_train/holiday.jpg"))


@pytest.mark.parametrize(("gone", "named"), [("query", "query"), ("bounding_box_test", "bounding_box_test")])
def test_query_and_gallery_go_together(market, gone, named):
    shutil.rmtree(market / gone)
    with pytest.raises(DataFormatError, match=f"expected images in {named}"):
        read(market)


def test_a_training_folder_alone_is_enough(market):
    shutil.rmtree(market / "query")
    shutil.rmtree(market / "bounding_box_test")
    dataset = read(market)
    assert len(dataset.train) == 2
    assert not dataset.has_evaluation


def test_asking_for_the_layout_where_it_is_not_is_an_error(tmp_path):
    with pytest.raises(DataFormatError, match="expected a folder bounding_box_train"):
        read(put(tmp_path, "a.jpg"), "market1501")
