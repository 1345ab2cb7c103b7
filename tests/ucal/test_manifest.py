"""CSV manifests."""

import shutil

import pytest

from tests.pictures import put
from ucal.datasets import read
from ucal.errors import DataFormatError, EmptyDataError


def manifest(root, text, *names, file="manifest.csv"):
    """Write a manifest and the pictures named."""
    put(root, *names)
    (root / file).write_bytes(text if isinstance(text, bytes) else text.encode())
    return root


def test_every_column_is_read(tmp_path):
    text = (
        "path,identity,camera,time,tracklet,frame,split,extra\n"
        "b.jpg,ann,3,12.5,t1,00071,query,x\na.jpg,bob,1,,,,,\nc.jpg,ann,2,,,,gallery,\n"
    )
    dataset = read(manifest(tmp_path, text, "a.jpg", "b.jpg", "c.jpg"))
    assert dataset.format == "manifest"
    query = dataset.query[0]
    assert (query.key, query.identity, query.camera) == ("b.jpg", 1, 3)
    assert (query.time, query.tracklet, query.frame) == (12.5, "t1", "00071")
    train = dataset.train[0]
    assert (train.identity, train.time, train.tracklet, train.frame) == (2, None, None, None)
    assert dataset.identities("gallery").tolist() == [1]
    assert dataset.identity_names == ("ann", "bob")


def test_paths_alone_are_enough_and_rows_are_sorted(tmp_path):
    dataset = read(manifest(tmp_path, "path\nb.jpg\nx/a.jpg\na.jpg\n", "a.jpg", "b.jpg", "x/a.jpg"))
    assert [image.key for image in dataset.train] == ["a.jpg", "b.jpg", "x/a.jpg"]
    assert not dataset.has_truth


def test_a_csv_by_any_name_is_read_by_its_path(tmp_path):
    manifest(tmp_path, "path,identity\na.jpg,5\n", "a.jpg", "b.jpg", file="list.csv")
    dataset = read(tmp_path / "list.csv")
    assert (dataset.name, len(dataset.train)) == ("list", 1)


@pytest.mark.parametrize(
    "text", ["path;identity\na.jpg;7\n", "path\tidentity\na.jpg\t7\n", "\n PATH , Identity \n a.jpg , 7 \n\n"]
)
def test_other_separators_spaces_and_capitals_are_understood(tmp_path, text):
    dataset = read(manifest(tmp_path, text, "a.jpg"))
    assert dataset.identity_names == ("7",)


def test_a_byte_order_mark_and_quotes_are_understood(tmp_path):
    text = b'\xef\xbb\xbfpath,identity\n"a, b.jpg","Z\xc3\xbcrich"\n'
    dataset = read(manifest(tmp_path, text, "a, b.jpg"))
    assert dataset.identity_names == ("Zürich",)


def test_empty_identities_are_unknown_and_minus_one_is_junk(tmp_path):
    text = "path,identity\na.jpg,\nb.jpg,-1\nc.jpg,0\n"
    dataset = read(manifest(tmp_path, text, "a.jpg", "b.jpg", "c.jpg"))
    assert dataset.identities().tolist() == [-2, -1, 1]


def test_cameras_may_have_names(tmp_path):
    text = "path,camera\na.jpg,north\nb.jpg,east\nc.jpg,\n"
    assert read(manifest(tmp_path, text, "a.jpg", "b.jpg", "c.jpg")).cameras().tolist() == [2, 1, -2]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("file,who\na.jpg,1\n", "expected a column 'path'.*found file, who"),
        ("", "expected a column 'path'.*found nothing"),
        ("path,time\na.jpg,noon\n", "line 2: time: expected seconds, got 'noon'"),
        ("path,time\na.jpg,nan\n", "line 2: time: expected seconds"),
        ("path,split\na.jpg,test\n", "line 2: split: expected train, query or gallery, got 'test'"),
        (b"path\n\xff\xfe.jpg\n", "expected a CSV in UTF-8, byte 5"),
        ('path\n"a.jpg\n', "expected a CSV"),
    ],
)
def test_what_does_not_fit_is_said_with_its_line(tmp_path, text, said):
    with pytest.raises(DataFormatError, match=said):
        read(manifest(tmp_path, text, "a.jpg"))


def test_unusable_lines_are_bad_files_with_reasons(tmp_path):
    put(tmp_path, "secret.jpg")
    root = tmp_path / "set"
    lines = ["a.jpg", "a.jpg", "none.jpg", "../secret.jpg", "/etc/passwd", "..\\secret.jpg", "", "x.svg", "out.jpg"]
    text = "path,identity\n" + "\n".join(f"{line},1" for line in lines) + "\n"
    put(root, "a.jpg", "x.svg")
    (root / "out.jpg").symlink_to(tmp_path / "secret.jpg")
    dataset = read(manifest(root, text))
    assert [image.key for image in dataset.train] == ["a.jpg"]
    assert [(file.path, file.reason.split(":")[0]) for file in dataset.bad] == [
        ("a.jpg", "listed twice"),
        ("none.jpg", "no such file in the manifest's folder"),
        ("../secret.jpg", "the path leaves the manifest's folder"),
        ("/etc/passwd", "the path leaves the manifest's folder"),
        ("../secret.jpg", "listed twice"),
        ("line 8", "the line has no path"),
        ("x.svg", "SVG is refused"),
        ("out.jpg", "no such file in the manifest's folder"),
    ]


def test_a_manifest_of_nothing_usable_is_an_error(tmp_path):
    with pytest.raises(EmptyDataError, match=r"no line of 1 is usable, first none.jpg: no such file"):
        read(manifest(tmp_path, "path\nnone.jpg\n"))


def test_a_zip_with_a_manifest_reads_like_its_folder(tmp_path):
    root = manifest(tmp_path / "set", "path,identity\nx/a.jpg,1\nnone.jpg,1\n", "x/a.jpg")
    shutil.make_archive(str(tmp_path / "inner"), "zip", root)
    shutil.make_archive(str(tmp_path / "outer"), "zip", tmp_path, "set")
    for name in ("inner.zip", "outer.zip"):
        dataset = read(tmp_path / name)
        assert [image.key for image in dataset.train] == ["x/a.jpg"]
        assert [file.path for file in dataset.bad] == ["none.jpg"]


def test_asking_for_a_manifest_where_there_is_none_is_an_error(tmp_path):
    with pytest.raises(DataFormatError, match="expected a manifest.csv"):
        read(put(tmp_path, "a.jpg"), "manifest")


@pytest.mark.shared
def test_the_photographs_are_read_from_their_zip(shared):
    from ucal.datasets.opening import load_pixels

    dataset = read(shared / "data" / "grocery" / "grocery_112.zip")
    assert (len(dataset.train), len(dataset.identity_names), dataset.bad) == (5421, 81, ())
    assert set(dataset.cameras()) == {0, 1, 2}
    pixels, bad = load_pixels(dataset.train[::200], 64, 64)
    assert not bad
    assert pixels.std() > 20
