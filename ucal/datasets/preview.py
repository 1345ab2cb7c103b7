"""What would be read from a collection's names, before anything is copied or opened."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from ucal.datasets.dataset import SPLITS, BadFile, Dataset, Split
from ucal.datasets.manifest import read_listed
from ucal.datasets.pattern import NamePattern, read_pattern
from ucal.datasets.reading import read_tree
from ucal.datasets.tree import FileTree, is_hidden
from ucal.types import Image

EXAMPLES = 12


@dataclass(frozen=True, slots=True)
class Example:
    """One name and what is read from it."""

    key: str
    split: Split
    identity: str | None
    camera: int | None


@dataclass(frozen=True, slots=True)
class Preview:
    """A collection in figures, told from its names alone. `identities` and `cameras` count the known ones."""

    format: str
    images: dict[str, int]
    identities: int
    cameras: int
    unlabelled: int  # images without identity
    without_camera: int
    examples: tuple[Example, ...]
    bad: tuple[BadFile, ...]
    notices: tuple[str, ...]


def preview(dataset: Dataset) -> Preview:
    """Count what names say; the examples are spread over all images."""
    images = [(split, image) for split in SPLITS for image in dataset.images(split)]
    known = {image.identity for _, image in images if image.identity is not None and image.identity >= 0}
    cameras = {image.camera for _, image in images if image.camera is not None}
    step = max(1, len(images) // EXAMPLES)
    return Preview(
        format=dataset.format,
        images={split: len(dataset.images(split)) for split in SPLITS},
        identities=len(known),
        cameras=len(cameras),
        unlabelled=sum(image.identity is None for _, image in images),
        without_camera=sum(image.camera is None for _, image in images),
        examples=tuple(_example(dataset, split, image) for split, image in images[::step][:EXAMPLES]),
        bad=dataset.bad,
        notices=dataset.notices,
    )


def read_names(
    tree: FileTree, name: str, format: str = "auto", *, pattern: str | None = None, manifest: bytes | None = None
) -> Dataset:
    """Read a tree by a pattern, by a manifest that lies elsewhere, or in a layout. No image is opened.

    Raises:
        ConfigError: an unknown format, or no pattern.
        DataError: its kinds say what the data lack.
    """
    if manifest is not None:
        return read_listed(tree, manifest, "the CSV", name)
    if pattern is not None:
        return read_pattern(tree, name, NamePattern.of(pattern))
    return read_tree(tree, name, format)


def names_tree(names: Iterable[str]) -> FileTree:
    """Make a tree of names that lie nowhere yet (a zip before it is sent), less the folder that holds all of them."""
    listed = tuple(sorted({name for name in names if not name.endswith("/") and not is_hidden(name)}))
    return without_only_folder(FileTree(Path("names"), listed, only_names=True))


def without_only_folder(tree: FileTree) -> FileTree:
    """Give the part of a tree below the one folder that holds everything, if there is one (and so on)."""
    tops = {name.partition("/")[0] for name in tree.names}
    if len(tops) != 1 or any("/" not in name for name in tree.names):
        return tree
    return without_only_folder(replace(tree.below(tops.pop())))


def _example(dataset: Dataset, split: Split, image: Image) -> Example:
    names = dataset.identity_names
    known = image.identity is not None and 1 <= image.identity <= len(names)
    name = names[image.identity - 1] if known and image.identity is not None else image.identity
    return Example(image.key, split, None if name is None else str(name), image.camera)
