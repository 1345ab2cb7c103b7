"""The layout of Market-1501: bounding_box_train, query, bounding_box_test; `0002_c1s1_000451_03.jpg`."""

from __future__ import annotations

import re
from pathlib import PurePosixPath

from ucal.datasets.dataset import SPLITS, BadFile, Dataset, Split
from ucal.datasets.tree import FileTree
from ucal.errors import DataFormatError, EmptyDataError
from ucal.types import Image

FOLDERS: dict[Split, str] = {"train": "bounding_box_train", "query": "query", "gallery": "bounding_box_test"}
JUNK = -1  # detections of nobody: dropped
_NAME = re.compile(r"(?P<identity>-1|\d+)_c(?P<camera>\d+)(?:s(?P<sequence>\d+))?_f?(?P<frame>\d+).*")


def find_root(tree: FileTree) -> str | None:
    """Give the folder of the tree that holds bounding_box_train, the shallowest; None when there is none."""
    parents = {
        name.partition(f"{FOLDERS['train']}/")[0].rstrip("/")
        for name in tree.images()
        if f"/{FOLDERS['train']}/" in f"/{name}"
    }
    return min(parents, key=lambda parent: (parent.count("/"), parent)) if parents else None


def read_market1501(tree: FileTree, name: str) -> Dataset:
    """Read a tree in Market-1501's layout, or one that has such a folder below it.

    Identity -1 (junk) is dropped; 0 (distractors) stays in the gallery, where it matches nobody.

    Raises:
        DataFormatError: a folder of the layout is missing.
        EmptyDataError: no image of the training folder is named as the layout asks.
    """
    parent = find_root(tree)
    if parent is None:
        raise DataFormatError(f"{tree.root}: expected a folder {FOLDERS['train']} with images (Market-1501 layout)")
    inside = tree.below(parent)
    bad: list[BadFile] = list(inside.refused())
    train, query, gallery = (_split(inside, FOLDERS[split], bad) for split in SPLITS)
    if not train:
        raise EmptyDataError(
            f"{tree.root}: expected names like 0002_c1s1_000451_03.jpg in {FOLDERS['train']}, found none"
        )
    if bool(query) != bool(gallery):
        missing = FOLDERS["gallery"] if query else FOLDERS["query"]
        raise DataFormatError(f"{tree.root}: expected images in {missing} too (query and gallery go together)")
    return Dataset(name, "market1501", tree.root, train, query, gallery, tuple(bad))


def _split(tree: FileTree, folder: str, bad: list[BadFile]) -> tuple[Image, ...]:
    images: list[Image] = []
    for name in tree.images():
        if not name.startswith(f"{folder}/"):
            continue
        match = _NAME.fullmatch(PurePosixPath(name).stem)
        if match is None:
            bad.append(BadFile(name, "named otherwise than 0002_c1s1_000451_03.jpg"))
            continue
        if int(match["identity"]) != JUNK:
            images.append(_image(tree, name, match))
    return tuple(images)


def _image(tree: FileTree, name: str, match: re.Match[str]) -> Image:
    return Image(
        key=name,
        path=tree.locate(name),
        identity=int(match["identity"]),
        camera=int(match["camera"]),
        tracklet=None if match["sequence"] is None else f"s{match['sequence']}",
        frame=match["frame"],
    )
