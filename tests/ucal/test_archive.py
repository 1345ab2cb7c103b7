"""Unpacking strangers' zips."""

import struct
import zipfile

import pytest

from tests.pictures import encoded
from ucal.datasets.archive import Limits, unpack
from ucal.errors import DataError, DataFormatError, EmptyDataError, InterruptedRun

PICTURE = encoded()


def made(path, *names, content=PICTURE, kind=zipfile.ZIP_DEFLATED):
    with zipfile.ZipFile(path, "w", kind) as archive:
        for name in names:
            archive.writestr(name, content)
    return path


def files(target):
    return sorted(str(path.relative_to(target)) for path in target.rglob("*") if path.is_file())


def test_images_and_manifests_are_unpacked_and_counted(tmp_path):
    archive = made(tmp_path / "a.zip", "ann/1.jpg", "bob/2.PNG", "manifest.csv", "__MACOSX/x.jpg", ".DS_Store")
    report = unpack(archive, tmp_path / "out")
    assert files(tmp_path / "out") == ["ann/1.jpg", "bob/2.PNG", "manifest.csv"]
    assert (report.files, report.n_bytes, report.refused) == (3, 3 * len(PICTURE), ())
    assert (tmp_path / "out/ann/1.jpg").read_bytes() == PICTURE


@pytest.mark.parametrize(
    "name",
    [
        "../out.jpg",
        "a/../../out.jpg",
        "/etc/out.jpg",
        "..\\out.jpg",
        "C:/out.jpg",
        "a//out.jpg",
        "a/./out.jpg",
        "new\nline.jpg",
    ],
)
def test_names_that_leave_the_folder_are_refused(tmp_path, name):
    archive = made(tmp_path / "a.zip", "good.jpg", name)
    report = unpack(archive, tmp_path / "deep" / "out")
    assert files(tmp_path) == ["a.zip", "deep/out/good.jpg"]
    assert [file.reason for file in report.refused] == ["its name leaves the folder"]
    assert report.refused[0].path.isprintable()


def test_links_are_refused(tmp_path):
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        link = zipfile.ZipInfo("link.jpg")
        link.create_system, link.external_attr = 3, 0o120777 << 16
        archive.writestr(link, "/etc/passwd")
        archive.writestr("good.jpg", PICTURE)
    report = unpack(tmp_path / "a.zip", tmp_path / "out")
    assert files(tmp_path / "out") == ["good.jpg"]
    assert [(file.path, file.reason) for file in report.refused] == [("link.jpg", "a link or a special file")]


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("inner.zip", "an archive inside the archive is not unpacked"),
        ("inner.tar.gz", "an archive inside the archive is not unpacked"),
        ("page.html", "neither an image nor a CSV file"),
        ("run.pkl", "neither an image nor a CSV file"),
        ("draw.svg", "SVG is refused"),
        ("/".join("abcdefghijklmnopq") + "/x.jpg", "more than 16 folders deep"),
        ("n" * 300 + ".jpg", "a name of more than 255 characters"),
        ("GOOD.jpg", "listed twice"),
    ],
)
def test_what_a_data_set_is_not_made_of_is_left_out_with_its_reason(tmp_path, name, reason):
    report = unpack(made(tmp_path / "a.zip", "good.jpg", name), tmp_path / "out")
    assert files(tmp_path / "out") == ["good.jpg"]
    assert report.refused[0].reason.startswith(reason)


@pytest.mark.parametrize(
    ("limits", "said"),
    [
        (Limits(max_files=2), "has 3 entries; at most 2"),
        (Limits(max_bytes=1000), "unpacks to .* MB; at most 0 MB"),
    ],
)
def test_archives_over_the_limits_are_refused_unwritten(tmp_path, limits, said):
    archive = made(tmp_path / "a.zip", "1.jpg", "2.jpg", "3.jpg")
    with pytest.raises(DataFormatError, match=said):
        unpack(archive, tmp_path / "out", limits)
    assert not (tmp_path / "out").exists()


def test_a_bomb_is_refused_by_its_ratio(tmp_path):
    archive = made(tmp_path / "a.zip", "1.jpg", content=b"\0" * (8 * 2**20))
    with pytest.raises(DataFormatError, match="times its size; at most 5 is allowed"):
        unpack(archive, tmp_path / "out", Limits(max_ratio=5))


def test_a_file_over_the_size_of_one_is_left_out(tmp_path):
    archive = made(tmp_path / "a.zip", "large.jpg", content=b"\0" * 5000)
    with zipfile.ZipFile(archive, "a") as more:
        more.writestr("small.jpg", b"\0")
    report = unpack(archive, tmp_path / "out", Limits(max_file_bytes=1000))
    assert files(tmp_path / "out") == ["small.jpg"]
    assert "larger than" in report.refused[0].reason


def test_a_directory_that_lies_about_sizes_leaves_nothing(tmp_path):
    archive = made(tmp_path / "a.zip", "1.jpg", content=b"\0" * 5000)
    content = bytearray(archive.read_bytes())
    entry = content.index(b"PK\1\2")
    content[entry + 24 : entry + 28] = struct.pack("<I", 10)
    archive.write_bytes(content)
    with pytest.raises(DataFormatError):
        unpack(archive, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_an_encrypted_member_is_refused(tmp_path):
    archive = made(tmp_path / "a.zip", "secret.jpg")
    content = bytearray(archive.read_bytes())
    content[content.index(b"PK\1\2") + 8] |= 1
    archive.write_bytes(content)
    with pytest.raises(EmptyDataError, match=r"first secret.jpg: encrypted"):
        unpack(archive, tmp_path / "out")


@pytest.mark.parametrize("content", [b"", b"no zip", b"PK\3\4" + b"\0" * 50])
def test_what_is_no_zip_is_refused(tmp_path, content):
    (tmp_path / "a.zip").write_bytes(content)
    with pytest.raises(DataFormatError, match="expected a whole zip archive"):
        unpack(tmp_path / "a.zip", tmp_path / "out")


def test_a_damaged_member_leaves_nothing_behind(tmp_path):
    archive = made(tmp_path / "a.zip", "1.jpg", "2.jpg", kind=zipfile.ZIP_STORED)
    content = bytearray(archive.read_bytes())
    content[content.rindex(PICTURE) + 20] ^= 0xFF
    archive.write_bytes(content)
    with pytest.raises(DataFormatError, match="does not open"):
        unpack(archive, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_file_and_a_folder_of_one_name_are_refused(tmp_path):
    with pytest.raises(DataFormatError, match="a file and a folder of one name"):
        unpack(made(tmp_path / "a.zip", "a.jpg", "a.jpg/b.jpg"), tmp_path / "out")


def test_an_interruption_leaves_nothing_behind(tmp_path):
    def stop():
        raise InterruptedRun("cancel")

    (tmp_path / "out").mkdir()
    with pytest.raises(InterruptedRun):
        unpack(made(tmp_path / "a.zip", "a.jpg"), tmp_path / "out", check=stop)
    assert list((tmp_path / "out").iterdir()) == []


def test_a_folder_with_something_in_it_is_not_unpacked_into(tmp_path):
    with pytest.raises(DataError, match="expected a new or empty folder"):
        unpack(made(tmp_path / "a.zip", "a.jpg"), tmp_path)
