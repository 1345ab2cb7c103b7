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
from ucal.datasets.dukemtmc import DUKEMTMC
from ucal.datasets.features import read_features
from ucal.datasets.folder import read_folder
from ucal.datasets.manifest import FILE_NAME, find_manifest, read_manifest
from ucal.datasets.market1501 import MARKET1501
from ucal.datasets.msmt17 import find_root as find_msmt17
from ucal.datasets.msmt17 import read_msmt17
from ucal.datasets.opening import bad_images
from ucal.datasets.published import differences
from ucal.datasets.tree import IMAGE_SUFFIXES, FileTree, file_tree, suffix
from ucal.datasets.veri776 import VERI776
from ucal.errors import ConfigError, DataFormatError, DataNotFoundError, EmptyDataError
from ucal.events import Sink, silent
from ucal.seams import Check, never


def read(path: Path | str, format: str = "auto") -> Dataset:
    """Read a collection: a folder, a zip, a CSV manifest or an npz.

    `format` is one of `FORMATS`; `auto` looks for a manifest.csv, then for the folders and names of
    DukeMTMC-reID, Market-1501, VeRi-776 and MSMT17, then for Omniglot, and takes everything else as a
    plain folder of images. No image is opened.

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


def read_tree(tree: FileTree, name: str, format: str = "auto") -> Dataset:
    """Read a listed tree in a layout, or in the one that it looks like. No image is opened.

    Raises:
        ConfigError: an unknown format, or one that is no tree of images.
        DataError: its kinds say what the data lack.
    """
    found = _detected_tree(tree) if format == "auto" else format
    if found not in _TREES:
        raise ConfigError(f"format: expected one of auto, {', '.join(_TREES)}, got {found!r}")
    return _TREES[found](tree, name)


@dataclass(frozen=True, slots=True)
class CheckReport:
    """What a collection holds, in figures. `identities` and `cameras` count the known ones.

    `differences` compares with the published counts of the layout: empty when all agree, None when
    there is nothing to compare with. `notices` is what whoever uses the collection must know.
    """

    name: str
    format: str
    images: dict[str, int]
    identities: dict[str, int]
    unlabelled: dict[str, int]
    cameras: int
    bad: tuple[BadFile, ...]
    differences: tuple[str, ...] | None = None
    notices: tuple[str, ...] = ()

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
    n_images: dict[str, int] = {split: len(dataset.images(split)) for split in SPLITS}
    n_identities: dict[str, int] = {split: len(np.unique(of[of >= lowest])) for split, of in identities.items()}
    n_cameras = len(np.unique(cameras[cameras >= 0]))
    return CheckReport(
        name=dataset.name,
        format=dataset.format,
        images=n_images,
        identities=n_identities,
        unlabelled={split: int((of < 0).sum()) for split, of in identities.items()},
        cameras=n_cameras,
        bad=dataset.bad,
        differences=differences(dataset.format, n_images, n_identities, n_cameras),
        notices=dataset.notices,
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
    named = next((layout for layout in (DUKEMTMC, VERI776) if layout.fits(tree)), None)
    if named is not None or MARKET1501.root(tree) is not None:
        return (named or MARKET1501).format
    if find_msmt17(tree) is not None:
        return "msmt17"
    if omniglot.is_drawings(tree) or omniglot.arrays_in(tree) or omniglot.zips_in(tree):
        return "omniglot"
    return "folder"


def _name(path: Path) -> str:
    return path.stem if path.is_file() else path.resolve().name


def _manifest(path: Path) -> Dataset:
    if suffix(path.name) == ".csv":
        return read_manifest(FileTree(path.parent, ()), path.name, _name(path))
    return _manifest_in(file_tree(path), _name(path))


def _manifest_in(tree: FileTree, name: str) -> Dataset:
    manifest = find_manifest(tree)
    if manifest is None:
        raise DataFormatError(f"{tree.root}: expected a {FILE_NAME} in it, found none")
    return read_manifest(tree, manifest, name)


def _in_tree(read: Callable[[FileTree, str], Dataset]) -> Callable[[Path], Dataset]:
    return lambda path: read(file_tree(path), _name(path))


_TREES: dict[str, Callable[[FileTree, str], Dataset]] = {
    "market1501": MARKET1501.read,
    "dukemtmc": DUKEMTMC.read,
    "msmt17": read_msmt17,
    "veri776": VERI776.read,
    "folder": read_folder,
    "manifest": _manifest_in,
}
_READERS: dict[str, Callable[[Path], Dataset]] = {
    **{format: _in_tree(read) for format, read in _TREES.items()},
    "manifest": _manifest,
    "omniglot": omniglot.read_omniglot,
    "omniglot-small": lambda path: omniglot.read_omniglot(path, small=True),
    "features": read_features,
}
FORMATS = ("auto", *_READERS)
