"""The layouts of DukeMTMC-reID, VeRi-776 and MSMT17 on small folders with their true naming rules."""

import shutil

import pytest

from tests.pictures import put
from ucal.datasets import check, read
from ucal.datasets.published import PUBLISHED, differences
from ucal.errors import DataFormatError, EmptyDataError


def keys(dataset, split="train"):
    return [image.key for image in dataset.images(split)]


# -- DukeMTMC-reID ---------------------------------------------------------------------------------


@pytest.fixture
def duke(tmp_path):
    """Give the layout; identity 10 is a distractor: one camera saw it, and no query asks for it."""
    put(tmp_path, *(f"bounding_box_train/{name}.jpg" for name in ("0001_c2_f0046182", "0005_c8_f0046985")))
    put(tmp_path, "query/0035_c1_f0054321.jpg")
    put(tmp_path, *(f"bounding_box_test/{name}.jpg" for name in ("0035_c3_f0054600", "0010_c2_f0055555")))
    return tmp_path


def test_duke_is_told_from_its_sibling_by_the_names(duke):
    dataset = read(duke)
    assert dataset.format == "dukemtmc"
    assert (dataset.identities().tolist(), dataset.cameras().tolist()) == ([1, 5], [2, 8])
    assert dataset.train[1].frame == "0046985"
    assert dataset.identities("query").tolist() == [35]


def test_dukes_distractors_stay_in_the_gallery_as_identities_of_their_own(duke):
    assert read(duke).identities("gallery").tolist() == [10, 35]


def test_a_stray_file_does_not_hide_that_it_is_duke(duke):
    put(duke, "bounding_box_train/holiday.jpg")
    dataset = read(duke)
    assert dataset.format == "dukemtmc"
    assert [(file.path, "0005_c2_f0046985" in file.reason) for file in dataset.bad] == [
        ("bounding_box_train/holiday.jpg", True)
    ]


def test_who_reads_duke_is_told_that_it_was_withdrawn(duke, tmp_path_factory):
    _, report = check(duke)
    assert [("withdrawn" in text, "consent" in text) for text in report.notices] == [(True, True)]
    market = put(tmp_path_factory.mktemp("m"), "bounding_box_train/0002_c1s1_000451_03.jpg")
    assert check(market)[1].notices == ()


# -- VeRi-776 --------------------------------------------------------------------------------------


@pytest.fixture
def veri(tmp_path):
    put(tmp_path, *(f"VeRi/image_train/{name}.jpg" for name in ("0001_c001_00016450_0", "0776_c020_00084145_1")))
    put(tmp_path, "VeRi/image_query/0002_c002_00030600_0.jpg")
    put(tmp_path, *(f"VeRi/image_test/{name}.jpg" for name in ("0002_c002_00030600_0", "0002_c003_00030605_0")))
    put(tmp_path, "VeRi/name_train.txt", content=b"0001_c001_00016450_0.jpg\n")
    return tmp_path


def test_veri_is_read_and_its_queries_are_junk_of_the_gallery_by_camera(veri):
    dataset = read(veri)
    assert dataset.format == "veri776"
    assert keys(dataset) == ["image_train/0001_c001_00016450_0.jpg", "image_train/0776_c020_00084145_1.jpg"]
    assert (dataset.identities().tolist(), dataset.cameras().tolist()) == ([1, 776], [1, 20])
    query, gallery = dataset.query[0], dataset.gallery[0]
    assert (query.identity, query.camera) == (gallery.identity, gallery.camera) == (2, 2)
    assert dataset.bad == ()


def test_a_name_of_another_layout_is_a_bad_file_of_veri(veri):
    put(veri, "VeRi/image_train/0003_c001_00016450.jpg")
    assert [file.path for file in read(veri).bad] == ["image_train/0003_c001_00016450.jpg"]


def test_folders_named_like_veris_with_other_names_are_a_plain_folder(tmp_path):
    assert read(put(tmp_path, "image_train/cat/1.jpg", "image_train/dog/2.jpg")).format == "folder"


# -- MSMT17 ----------------------------------------------------------------------------------------

TRAIN = ("0000/0000_000_01_0303morning_0008_0.jpg", "0001/0001_004_15_0302afternoon_0411_2_ex.jpg")
VAL = "0001/0001_007_03_0303noon_0020_1.jpg"
TEST = ("0000/0000_000_05_0303morning_0036_0.jpg", "0000/0000_001_06_0303morning_0037_1.jpg")


def msmt17(root, train="train", test="test"):
    """Write a small MSMT17: lists and folders; people of train and test are numbered apart."""
    put(root, *(f"{train}/{name}" for name in (*TRAIN, VAL)), *(f"{test}/{name}" for name in TEST))
    for name, lines in {
        "train": [f"{TRAIN[1]} 1", f"{TRAIN[0]} 0"],
        "val": [f"{VAL} 1"],
        "query": [f"{TEST[0]} 0"],
        "gallery": [f"{TEST[1]} 0"],
    }.items():
        put(root, f"list_{name}.txt", content=("\n".join(lines) + "\n").encode())
    return root


@pytest.mark.parametrize(
    "folders", [("train", "test"), ("mask_train_v2", "mask_test_v2"), ("mask_train_V2", "mask_test_V2")]
)
def test_msmt17_is_read_by_its_lists_in_both_versions(tmp_path, folders):
    dataset = read(msmt17(tmp_path / "MSMT17", *folders).parent)
    assert dataset.format == "msmt17"
    assert keys(dataset) == [f"{folders[0]}/{name}" for name in sorted((*TRAIN, VAL))]
    assert (dataset.identities().tolist(), dataset.cameras().tolist()) == ([0, 1, 1], [1, 15, 3])
    assert (dataset.train[1].tracklet, dataset.train[1].frame) == ("0302afternoon", "0411")
    assert keys(dataset, "query") == [f"{folders[1]}/{TEST[0]}"]
    assert (dataset.identities("gallery").tolist(), dataset.cameras("gallery").tolist()) == ([0], [6])
    assert dataset.bad == ()


def test_the_validation_list_belongs_to_training_and_may_be_absent(tmp_path):
    (msmt17(tmp_path) / "list_val.txt").unlink()
    assert len(read(tmp_path).train) == 2


def test_a_zip_of_msmt17_gives_the_same_images(tmp_path):
    msmt17(tmp_path / "in")
    shutil.make_archive(str(tmp_path / "set"), "zip", tmp_path / "in")
    folder, zipped = read(tmp_path / "in"), read(tmp_path / "set.zip")
    for split in ("train", "query", "gallery"):
        assert keys(zipped, split) == keys(folder, split)
        assert zipped.identities(split).tolist() == folder.identities(split).tolist()
    assert check(tmp_path / "set.zip")[1].bad == ()


def test_images_that_no_list_names_are_not_read(tmp_path):
    put(msmt17(tmp_path), "train/0002/0002_000_01_0303morning_0008_0.jpg")
    dataset = read(tmp_path)
    assert (len(dataset.train), dataset.bad) == (3, ())


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("0009/0009_000_01_0303morning_0008_0.jpg 9", "no such file"),
        (f"{TRAIN[0]} 7", "says identity 7, the name says 0000"),
        (f"{TRAIN[0]} 0", "names it again"),
        ("nonsense", "expected a line like"),
        ("0000/holiday.jpg 0", "expected a line like"),
    ],
)
def test_a_faulty_line_is_a_bad_file_with_its_reason(tmp_path, line, reason):
    path = msmt17(tmp_path) / "list_train.txt"
    path.write_text(path.read_text() + line + "\n")
    dataset = read(tmp_path)
    assert len(dataset.train) == 3
    assert len(dataset.bad) == 1
    assert reason in dataset.bad[0].reason


def test_msmt17_without_what_it_needs_is_an_error(tmp_path):
    with pytest.raises(DataFormatError, match=r"expected list_train\.txt beside"):
        read(put(tmp_path / "a", "train/1.jpg"), "msmt17")
    (msmt17(tmp_path / "b") / "list_gallery.txt").unlink()
    with pytest.raises(DataFormatError, match=r"list_gallery\.txt too"):
        read(tmp_path / "b")
    put(msmt17(tmp_path / "c"), "list_train.txt", "list_val.txt", content=b"nonsense\n")
    with pytest.raises(EmptyDataError, match="expected lines like"):
        read(tmp_path / "c")


# -- published counts ------------------------------------------------------------------------------


@pytest.mark.parametrize("format", PUBLISHED)
def test_a_whole_copy_has_no_differences_and_a_cut_one_names_them(format):
    counts = PUBLISHED[format]
    images = {split: counts.of(split)[0] for split in ("train", "query", "gallery")}
    identities = {split: counts.of(split)[1] for split in ("train", "query", "gallery")}
    assert differences(format, images, identities, counts.cameras) == ()
    cut = differences(format, images | {"query": 5}, identities, counts.cameras - 1)
    assert [text.partition(":")[0] for text in cut] == ["query", "cameras"]
    assert f"{counts.query[0]:,} images" in cut[0]
    assert "found 5 of" in cut[0]


def test_the_training_lists_of_msmt17_make_the_published_count():
    assert PUBLISHED["msmt17"].train[0] == 30_248 + 2_373


def test_small_sets_and_other_layouts_are_not_compared(tmp_path):
    assert check(msmt17(tmp_path))[1].differences is None
    assert differences("folder", {"train": 10**6}, {"train": 1}, 1) is None


def test_data_check_says_what_differs_and_what_to_know(duke, capsys, monkeypatch):
    from ucal.__main__ import main
    from ucal.datasets import published

    small = published.Counts("DukeMTMC-reID", (2, 2), (1, 1), (3, 2), 4)
    monkeypatch.setitem(published.PUBLISHED, "dukemtmc", small)
    assert main(["data", "check", str(duke)]) == 0
    said = capsys.readouterr().out
    assert "not the published counts of DukeMTMC-reID: gallery: 3 images of 2 identities are published, found 2" in said
    assert "notice: DukeMTMC-reID was withdrawn" in said
    monkeypatch.setitem(published.PUBLISHED, "dukemtmc", published.Counts("Duke", (2, 2), (1, 1), (2, 2), 4))
    assert main(["data", "check", str(duke)]) == 0
    assert "the counts are the published ones of Duke\n" in capsys.readouterr().out
