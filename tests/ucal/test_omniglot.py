"""Omniglot as arrays and as drawings."""

import zipfile

import numpy as np
import pytest

from tests.pictures import encoded, put
from ucal.datasets import read
from ucal.datasets.opening import load_pixels
from ucal.errors import DataFormatError

NAMES = [f"Greek/character0{c}/039{c}_{d:02d}.png" for c in (1, 2) for d in (1, 2, 3)]


def arrays(path, characters=3, drawers=4):
    """Write arrays in Omniglot's form: drawing (c, d) has its row c + d in black."""
    images = np.ones((characters, drawers, 10, 8), bool)
    for c in range(characters):
        for d in range(drawers):
            images[c, d, c + d] = False
    labels = np.repeat(np.arange(characters)[:, None], drawers, axis=1)
    np.savez_compressed(path, images=images, labels=labels)
    return path


def drawings(path, top="images_small1/", names=NAMES):
    with zipfile.ZipFile(path, "w") as archive:
        for name in names:
            archive.writestr(top + name, encoded("1", (8, 10), "PNG", 1))
    return path


def test_characters_are_identities_and_drawers_cameras(tmp_path):
    dataset = read(arrays(tmp_path / "images_background.npz"))
    assert (dataset.format, len(dataset.train)) == ("omniglot", 12)
    assert dataset.identities().tolist() == [1] * 4 + [2] * 4 + [3] * 4
    assert dataset.cameras().tolist() == [0, 1, 2, 3] * 3
    assert dataset.train[5].key == "images_background/0001/01"


def test_each_row_opens_as_its_own_drawing(tmp_path):
    dataset = read(arrays(tmp_path / "images.npz"))
    pixels, bad = load_pixels(dataset.train, 10, 8)
    assert not bad
    assert pixels[..., 0].mean(axis=2).argmin(axis=1).tolist() == [c + d for c in range(3) for d in range(4)]


def test_a_folder_of_arrays_has_the_characters_of_all(tmp_path):
    arrays(tmp_path / "images_background.npz", 3)
    arrays(tmp_path / "images_evaluation.npz", 2)
    dataset = read(tmp_path)
    assert (len(dataset.train), len(set(dataset.identities()))) == (20, 5)


def test_drawings_are_read_from_a_zip_and_from_a_folder(tmp_path):
    zipped = read(drawings(tmp_path / "small.zip"))
    folder = read(put(tmp_path / "unpacked", *NAMES, content=encoded("1", (8, 10), "PNG", 1)))
    for dataset in (zipped, folder):
        assert dataset.format == "omniglot"
        assert [image.key for image in dataset.train] == NAMES
        assert dataset.identities().tolist() == [1, 1, 1, 2, 2, 2]
        assert dataset.cameras().tolist() == [1, 2, 3] * 2
    assert load_pixels(zipped.train, 10, 8)[0].min() == 255


def test_a_drawing_that_two_zips_share_is_read_once(tmp_path):
    drawings(tmp_path / "small1.zip", names=NAMES[:4])
    drawings(tmp_path / "small2.zip", "images_small2/", names=NAMES[2:])
    dataset = read(tmp_path)
    assert [image.key for image in dataset.train] == NAMES
    assert "small1.zip" in dataset.train[2].path


def test_arrays_are_preferred_to_zips_unless_the_zips_are_asked_for(tmp_path):
    arrays(tmp_path / "images.npz")
    drawings(tmp_path / "small.zip")
    assert len(read(tmp_path).train) == 12
    assert len(read(tmp_path, "omniglot-small").train) == 6


@pytest.mark.parametrize(
    ("images", "labels"),
    [
        (np.ones((2, 3, 4)), np.zeros((2, 3), int)),
        (np.ones((2, 3, 4, 4), bool), np.zeros((2, 2), int)),
        (np.ones((2, 3, 4, 4), bool), np.zeros((2, 3))),
        (np.ones((2, 3, 4, 4), bool, order="F"), np.zeros((2, 3), int)),
    ],
)
def test_arrays_of_another_shape_or_type_are_refused(tmp_path, images, labels):
    np.savez(tmp_path / "odd.npz", images=images, labels=labels)
    with pytest.raises(DataFormatError, match="expected"):
        read(tmp_path / "odd.npz")


def test_asking_for_omniglot_where_it_is_not_is_an_error(tmp_path):
    with pytest.raises(DataFormatError, match="expected Omniglot"):
        read(put(tmp_path, "a.jpg"), "omniglot")


@pytest.mark.shared
def test_the_published_set_has_its_published_counts(shared):
    root = shared / "data" / "omniglot"
    whole, small = read(root), read(root, "omniglot-small")
    assert (len(whole.train), len(whole.identity_names)) == (32_460, 1_623)
    assert (len(small.train), len(small.identity_names)) == (4_840, 242)
    assert (set(whole.cameras()), set(small.cameras())) == (set(range(20)), set(range(1, 21)))
    pixels, bad = load_pixels(small.train[:40], 56, 56)
    assert not bad
    assert 200 < pixels.mean() < 250
