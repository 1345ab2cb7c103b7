"""`read`: any supported collection as a `Dataset`; `check`: read it, open every image and report."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ucal.datasets import omniglot
from ucal.datasets.dataset import SPLITS, BadFile, Dataset
from ucal.datasets.features import read_features
from ucal.datasets.folder import read_folder
from ucal.datasets.manifest import FILE_NAME, find_manifest, read_manifest
from ucal.datasets.market1501 import find_root, read_market1501
from ucal.datasets.opening import bad_images
from ucal.datasets.tree import IMAGE_SUFFIXES, FileTree, file_tree, suffix
from ucal.errors import ConfigError, DataFormatError, DataNotFoundError, EmptyDataError
from ucal.events import Sink, silent
from ucal.seams import Check, never


def read(path: Path | str, format: str = "auto") -> Dataset:
    """Read a collection: a folder, a zip, a CSV manifest or an npz.

    `format` is one of `FORMATS`; `auto` looks for a manifest.csv, then for Market-1501's folders, then
    for Omniglot, and takes everything else as a plain folder of images. No image is opened.

    Raises:
        ConfigError: an unknown format.
        DataError: its kinds say what the data lack.
    """
    path = Path(path)
    if format not in FORMATS:
        raise ConfigError(f"format: expected one of {', '.join(FORMATS)}, got {format!r}")
    if not path.exists():
        raise DataNotFoundError(f"{path}: no such file or folder")
    return _READERS[_detected(path) if format == "auto" else format](path)


@dataclass(frozen=True, slots=True)
class CheckReport:
    """What a collection holds, in figures. `identities` and `cameras` count the known ones."""

    name: str
    format: str
    images: dict[str, int]
    identities: dict[str, int]
    unlabelled: dict[str, int]
    cameras: int
    bad: tuple[BadFile, ...]

    def to_json(self) -> dict[str, Any]:
        """Give a JSON-ready dict."""
        return dataclasses.asdict(self)


def check(
    path: Path | str,
    format: str = "auto",
    *,
    sink: Sink = silent,
    check: Check = never,
) -> tuple[Dataset, CheckReport]:
    """Read a collection and open every image; those that do not open are taken out, with reasons.

    Raises:
        EmptyDataError: no training image opens. And what `read` raises.
    """
    dataset = read(path, format)
    if dataset.features is None:
        images = [image for split in SPLITS for image in dataset.images(split)]
        dataset = dataset.without(bad_images(images, sink=sink, check=check))
    if not dataset.train:
        first = dataset.bad[0]
        raise EmptyDataError(f"{path}: no image opens, first {first.path}: {first.reason}")
    return dataset, report_on(dataset)


def report_on(dataset: Dataset) -> CheckReport:
    """Count what a data set holds."""
    identities = {split: dataset.identities(split) for split in SPLITS}
    lowest = 1 if dataset.format == "market1501" else 0  # 0 is its distractors
    cameras = np.concatenate([dataset.cameras(split) for split in SPLITS])
    return CheckReport(
        name=dataset.name,
        format=dataset.format,
        images={split: len(dataset.images(split)) for split in SPLITS},
        identities={split: len(np.unique(of[of >= lowest])) for split, of in identities.items()},
        unlabelled={split: int((of < 0).sum()) for split, of in identities.items()},
        cameras=len(np.unique(cameras[cameras >= 0])),
        bad=dataset.bad,
    )


def _detected(path: Path) -> str:
    if path.is_file():
        return _detected_file(path)
    return _detected_tree(file_tree(path))


def _detected_file(path: Path) -> str:
    ending = suffix(path.name)
    if ending == ".npz":
        return "omniglot" if omniglot.is_array(path) else "features"
    if ending == ".csv":
        return "manifest"
    if ending == ".zip":
        return _detected_tree(file_tree(path))
    kind = "a single image" if ending in IMAGE_SUFFIXES else f"a file ending in {ending!r}"
    raise DataFormatError(f"{path}: expected a folder, a .zip, a .csv manifest or an .npz, got {kind}")


def _detected_tree(tree: FileTree) -> str:
    if find_manifest(tree) is not None:
        return "manifest"
    if find_root(tree) is not None:
        return "market1501"
    if omniglot.is_drawings(tree) or omniglot.arrays_in(tree) or omniglot.zips_in(tree):
        return "omniglot"
    return "folder"


def _name(path: Path) -> str:
    return path.stem if path.is_file() else path.resolve().name


def _manifest(path: Path) -> Dataset:
    if suffix(path.name) == ".csv":
        return read_manifest(FileTree(path.parent, ()), path.name, _name(path))
    tree = file_tree(path)
    manifest = find_manifest(tree)
    if manifest is None:
        raise DataFormatError(f"{path}: expected a {FILE_NAME} in it, found none")
    return read_manifest(tree, manifest, _name(path))


_READERS: dict[str, Callable[[Path], Dataset]] = {
    "market1501": lambda path: read_market1501(file_tree(path), _name(path)),
    "folder": lambda path: read_folder(file_tree(path), _name(path)),
    "manifest": _manifest,
    "omniglot": omniglot.read_omniglot,
    "omniglot-small": lambda path: omniglot.read_omniglot(path, small=True),
    "features": read_features,
}
FORMATS = ("auto", *_READERS)
