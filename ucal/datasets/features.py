"""Features of anybody's images in an npz: `feats` (n, d), and optionally `ids`, `cams`, `filenames` (n,)."""

from __future__ import annotations

import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ucal.datasets.dataset import UNKNOWN, Dataset, Split, numbered
from ucal.errors import DataNotFoundError, FeaturesError
from ucal.runs import write_atomically
from ucal.types import FloatArray, Image, IntArray

KEYS = ("feats", "ids", "cams", "filenames")


@dataclass(frozen=True, slots=True)
class Features:
    """What a file holds: rows of length 1, float32, and for each row what is known of it.

    `identities` are the file's own whole numbers, or None where it has none or names instead;
    `names` are the names then ("" = unknown). `cameras` likewise; `UNKNOWN` (-2) = unknown.
    """

    rows: FloatArray
    identities: IntArray | None = None
    names: tuple[str, ...] | None = None
    cameras: IntArray | None = None
    filenames: tuple[str, ...] | None = None


def load_features(path: Path) -> Features:
    """Read a file of features; each row is divided by its length.

    Raises:
        DataNotFoundError: no such file.
        FeaturesError: not an npz, a key is missing, shapes do not fit, or a value is not finite.
    """
    arrays = _arrays(path)
    if "feats" not in arrays:
        raise FeaturesError(f"{path}: expected an array 'feats' (n, d), found {', '.join(sorted(arrays)) or 'nothing'}")
    rows = unit_rows(arrays["feats"], f"{path}: feats")
    for key in KEYS[1:]:
        if key in arrays and arrays[key].shape != (len(rows),):
            raise FeaturesError(f"{path}: {key}: expected shape ({len(rows)},) like feats, got {arrays[key].shape}")
    identities, names = _identities(path, arrays.get("ids"))
    filenames = arrays.get("filenames")
    return Features(
        rows,
        identities,
        names,
        _whole_numbers(path, "cams", arrays.get("cams")),
        None if filenames is None else tuple(str(name) for name in filenames),
    )


def unit_rows(features: np.ndarray[Any, Any], what: str) -> FloatArray:
    """Give (n, d) float32 rows of length 1.

    Raises:
        FeaturesError: not (n, d) numbers, empty, not finite, or a row of zeros.
    """
    if features.ndim != 2 or features.dtype.kind not in "fiu" or 0 in features.shape:
        raise FeaturesError(f"{what}: expected numbers of shape (n, d), got {features.dtype} {features.shape}")
    wide = features.astype(np.float64)
    broken = np.flatnonzero(~np.isfinite(wide).all(axis=1))
    if broken.size:
        count = f"{broken.size} row(s) have NaN or infinity, first row {broken[0]}"
        raise FeaturesError(f"{what}: expected finite numbers, {count}")
    length = np.linalg.norm(wide, axis=1, keepdims=True)
    zeros = np.flatnonzero(length[:, 0] == 0.0)
    if zeros.size:
        raise FeaturesError(f"{what}: expected rows with a direction, {zeros.size} are all zero, first row {zeros[0]}")
    return np.asarray(wide / length, dtype=np.float32)


def read_features(path: Path) -> Dataset:
    """Read a file of features as a data set; rows keep the file's order.

    Raises:
        DataNotFoundError: no such file.
        FeaturesError: see `load_features`.
    """
    features = load_features(path)
    (identities,), names = _shared_numbers([features])
    images = _images(path, features, identities, "")
    return Dataset(path.stem, "features", path, images, identity_names=names, features=features.rows)


def read_query_gallery(query: Path, gallery: Path) -> Dataset:
    """Read two files as query and gallery; names of identities mean the same in both.

    Raises:
        FeaturesError: the two do not fit together, or one has no `ids`.
    """
    sides = [load_features(query), load_features(gallery)]
    for path, side in zip((query, gallery), sides, strict=True):
        if side.identities is None and side.names is None:
            raise FeaturesError(f"{path}: expected an array 'ids' to measure retrieval with, found none")
    if sides[0].rows.shape[1] != sides[1].rows.shape[1]:
        lengths = f"{sides[0].rows.shape[1]} and {sides[1].rows.shape[1]}"
        raise FeaturesError(f"query and gallery: expected features of one length d, got {lengths}")
    numbers, names = _shared_numbers(sides)
    return Dataset(
        f"{query.stem} in {gallery.stem}",
        "features",
        query,
        (),
        _images(query, sides[0], numbers[0], "query/"),
        _images(gallery, sides[1], numbers[1], "gallery/"),
        identity_names=names,
        query_features=sides[0].rows,
        gallery_features=sides[1].rows,
    )


def save_features(path: Path, features: FloatArray, dataset: Dataset, split: Split = "train") -> None:
    """Write a split's features in the form that `load_features` reads, whole or not at all."""
    arrays: dict[str, np.ndarray[Any, Any]] = {"feats": features}
    images = dataset.images(split)
    if any(image.identity is not None for image in images):
        arrays["ids"] = dataset.identities(split)
    if any(image.camera is not None for image in images):
        arrays["cams"] = dataset.cameras(split)
    arrays["filenames"] = np.array([image.key for image in images])

    def write(part: Path) -> None:
        with part.open("wb") as file:
            np.savez(file, allow_pickle=False, **arrays)

    write_atomically(path, write)


def _arrays(path: Path) -> dict[str, np.ndarray[Any, Any]]:
    if not path.is_file():
        raise DataNotFoundError(f"{path}: expected an .npz file of features, no such file")
    try:
        with path.open("rb") as raw:
            file = np.load(raw, allow_pickle=False)
            if isinstance(file, np.ndarray):
                raise FeaturesError(f"{path}: expected an .npz with an array 'feats', got a single array")
            return {key: file[key] for key in KEYS if key in file.files} or dict.fromkeys(file.files, np.empty(0))
    except (OSError, ValueError, EOFError, KeyError, zipfile.BadZipFile, MemoryError) as error:
        raise FeaturesError(f"{path}: expected an .npz of plain arrays, it does not open as one ({error})") from error


def _identities(path: Path, ids: np.ndarray[Any, Any] | None) -> tuple[IntArray | None, tuple[str, ...] | None]:
    if ids is not None and ids.dtype.kind == "U":
        return None, tuple(ids.tolist())
    return _whole_numbers(path, "ids", ids), None


def _whole_numbers(path: Path, key: str, array: np.ndarray[Any, Any] | None) -> IntArray | None:
    if array is None:
        return None
    if array.dtype.kind not in "iu":
        raise FeaturesError(f"{path}: {key}: expected whole numbers (or names, for ids), got {array.dtype}")
    return array.astype(np.int64)


def _shared_numbers(sides: list[Features]) -> tuple[list[IntArray], tuple[str, ...]]:
    """Give each side's identities as numbers: their own if all have numbers, else names numbered together."""
    if not any(side.names for side in sides):
        return [_or_unknown(side.identities, len(side.rows)) for side in sides], ()
    texts = [_texts(side) for side in sides]
    numbers = numbered(name for text in texts for name in text if name)
    return [np.array([numbers.get(name, UNKNOWN) for name in text], dtype=np.int64) for text in texts], tuple(numbers)


def _texts(side: Features) -> tuple[str, ...]:
    if side.names is not None:
        return side.names
    return tuple("" if number < 0 else str(number) for number in _or_unknown(side.identities, len(side.rows)).tolist())


def _or_unknown(array: IntArray | None, n: int) -> IntArray:
    return np.full(n, UNKNOWN, dtype=np.int64) if array is None else array


def _images(path: Path, features: Features, identities: IntArray, prefix: str) -> tuple[Image, ...]:
    n = len(features.rows)
    width = len(str(max(0, n - 1)))
    names = features.filenames
    keys = names if names is not None and len(set(names)) == n else tuple(f"{row:0{width}d}" for row in range(n))
    cameras = _or_unknown(features.cameras, n).tolist()
    return tuple(
        Image(
            prefix + key,
            str(path.parent / (names[row] if names is not None else key)),
            None if identity == UNKNOWN else identity,
            None if camera == UNKNOWN else camera,
        )
        for row, (key, identity, camera) in enumerate(zip(keys, identities.tolist(), cameras, strict=True))
    )
