"""Omniglot as published: the npz (characters, 20 drawers, 105, 105), or zips alphabet/characterNN/NNNN_DD.png.

An identity is a character; a camera is a drawer (comparable within an alphabet only). The small zips
are parts of `images_background`: where a folder has npz files, these are read and the zips are not,
unless format `omniglot-small` asks for the zips. These share 50 characters: a drawing that is there
twice (same alphabet, character and file name) is read once.
"""

from __future__ import annotations

import re
import zipfile
from pathlib import Path

import numpy as np

from ucal.datasets.dataset import Dataset, numbered
from ucal.datasets.sources import Rows
from ucal.datasets.tree import FileTree, file_tree, suffix
from ucal.errors import DataError, DataFormatError, EmptyDataError
from ucal.types import Image

_NAME = re.compile(r"(?:.*/)?(?P<key>(?P<identity>[^/]+/character\d+)/\d+_(?P<drawer>\d+)\.png)", re.IGNORECASE)


def is_array(path: Path) -> bool:
    """Say whether this is an npz with Omniglot's arrays."""
    try:
        with zipfile.ZipFile(path) as archive:
            return {"images.npy", "labels.npy"} <= set(archive.namelist())
    except (zipfile.BadZipFile, OSError):
        return False


def is_drawings(tree: FileTree) -> bool:
    """Say whether all images of a tree are named like Omniglot's."""
    names = tree.images()
    return bool(names) and all(_NAME.fullmatch(name) for name in names)


def arrays_in(tree: FileTree) -> tuple[Path, ...]:
    """Give the Omniglot arrays that lie in a folder."""
    return tuple(path for path in _top_files(tree, ".npz") if is_array(path))


def zips_in(tree: FileTree) -> tuple[Path, ...]:
    """Give the zips of Omniglot drawings that lie in a folder."""
    return tuple(path for path in _top_files(tree, ".zip") if zipfile.is_zipfile(path) and is_drawings(file_tree(path)))


def read_omniglot(path: Path, *, small: bool = False) -> Dataset:
    """Read an npz, a zip, an unpacked folder, or a folder of npz or zip files.

    Raises:
        DataFormatError: none of these.
    """
    if suffix(path.name) == ".npz":
        return _dataset(path, _array_rows(path))
    tree = file_tree(path)
    arrays = () if small else arrays_in(tree)
    if arrays:
        return _dataset(path, [row for array in arrays for row in _array_rows(array)])
    trees = [tree] if is_drawings(tree) else [file_tree(found) for found in zips_in(tree)]
    if not trees:
        raise DataFormatError(
            f"{path}: expected Omniglot: an npz with arrays images and labels, or drawings named "
            "alphabet/characterNN/NNNN_DD.png, in a folder or in zips"
        )
    return _dataset(path, [row for part in trees for row in _drawing_rows(part)])


def _dataset(path: Path, rows: list[tuple[str, str, str, int]]) -> Dataset:
    """Build the set from rows of (key, path, name of the identity, drawer)."""
    if not rows:
        raise EmptyDataError(f"{path}: expected drawings, found none")
    numbers = numbered(identity for _, _, identity, _ in rows)
    images = {key: Image(key, where, numbers[identity], drawer) for key, where, identity, drawer in reversed(rows)}
    ordered = tuple(images[key] for key in sorted(images))
    name = path.stem if path.is_file() else path.resolve().name
    return Dataset(name, "omniglot", path, ordered, identity_names=tuple(numbers))


def _array_rows(path: Path) -> list[tuple[str, str, str, int]]:
    try:
        with zipfile.ZipFile(path) as archive:
            shape = Rows.of(archive).shape
        with np.load(path, allow_pickle=False) as arrays:
            labels = np.asarray(arrays["labels"])
    except (DataError, OSError, ValueError, KeyError, zipfile.BadZipFile) as error:
        raise DataFormatError(f"{path}: expected Omniglot's arrays images and labels ({error})") from error
    if len(shape) != 4 or labels.shape != shape[:2] or labels.dtype.kind not in "iu":
        raise DataFormatError(
            f"{path}: expected images (characters, drawers, height, width) and whole-number labels "
            f"(characters, drawers), got {shape} and {labels.dtype} {labels.shape}"
        )
    stem, drawers = path.stem, shape[1]
    return [
        (f"{stem}/{number:04d}/{drawer:02d}", f"{path}::{number * drawers + drawer}", f"{stem}/{label:04d}", drawer)
        for number in range(shape[0])
        for drawer, label in enumerate(labels[number].tolist())
    ]


def _drawing_rows(tree: FileTree) -> list[tuple[str, str, str, int]]:
    rows = []
    for name in tree.images():
        match = _NAME.fullmatch(name)
        if match is not None:
            rows.append((match["key"], tree.locate(name), match["identity"], int(match["drawer"])))
    return rows


def _top_files(tree: FileTree, ending: str) -> tuple[Path, ...]:
    if tree.is_zip:
        return ()
    return tuple(tree.root / name for name in tree.names if "/" not in name and suffix(name) == ending)
