"""Layouts whose three folders are the splits and whose file names carry identity and camera."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import PurePosixPath

from ucal.datasets.dataset import SPLITS, BadFile, Dataset, Split
from ucal.datasets.tree import FileTree
from ucal.errors import DataFormatError, EmptyDataError
from ucal.types import Image

JUNK = -1  # detections of nobody: dropped


@dataclass(frozen=True, slots=True)
class Layout:
    """Folders and file names of a collection.

    `pattern` is matched against the name without its ending; its groups `identity` and `camera`
    are whole numbers, `frame` is text, and `sequence`, where the layout has it, a number.
    """

    format: str  # as in `--format`
    title: str
    folders: dict[Split, str]
    pattern: re.Pattern[str]
    example: str
    notices: tuple[str, ...] = ()

    def root(self, tree: FileTree) -> str | None:
        """Give the folder of the tree that holds the training folder, the shallowest; None when there is none."""
        folder = self.folders["train"]
        parents = {name.partition(f"{folder}/")[0].rstrip("/") for name in tree.images() if f"/{folder}/" in f"/{name}"}
        return min(parents, key=lambda parent: (parent.count("/"), parent)) if parents else None

    def fits(self, tree: FileTree) -> bool:
        """Say whether the training folder is there and most images in it are named as the layout asks."""
        parent = self.root(tree)
        if parent is None:
            return False
        names = [name for name in tree.below(parent).images() if name.startswith(f"{self.folders['train']}/")]
        return 2 * sum(self.pattern.fullmatch(PurePosixPath(name).stem) is not None for name in names) > len(names)

    def read(self, tree: FileTree, name: str) -> Dataset:
        """Read a tree in this layout, or one that has such a folder below it; identity -1 is dropped.

        Raises:
            DataFormatError: a folder of the layout is missing.
            EmptyDataError: no image of the training folder is named as the layout asks.
        """
        parent = self.root(tree)
        if parent is None:
            raise DataFormatError(
                f"{tree.root}: expected a folder {self.folders['train']} with images ({self.title} layout)"
            )
        inside = tree.below(parent)
        bad: list[BadFile] = list(inside.refused())
        train, query, gallery = (self._split(inside, self.folders[split], bad) for split in SPLITS)
        if not train:
            raise EmptyDataError(
                f"{tree.root}: expected names like {self.example} in {self.folders['train']}, found none"
            )
        if bool(query) != bool(gallery):
            missing = self.folders["gallery"] if query else self.folders["query"]
            raise DataFormatError(f"{tree.root}: expected images in {missing} too (query and gallery go together)")
        return Dataset(name, self.format, tree.root, train, query, gallery, tuple(bad), notices=self.notices)

    def _split(self, tree: FileTree, folder: str, bad: list[BadFile]) -> tuple[Image, ...]:
        images: list[Image] = []
        for name in tree.images():
            if not name.startswith(f"{folder}/"):
                continue
            match = self.pattern.fullmatch(PurePosixPath(name).stem)
            if match is None:
                bad.append(BadFile(name, f"named otherwise than {self.example}"))
            elif int(match["identity"]) != JUNK:
                images.append(_image(tree, name, match))
        return tuple(images)


def _image(tree: FileTree, name: str, match: re.Match[str]) -> Image:
    groups = match.groupdict()
    sequence = groups.get("sequence")
    return Image(
        key=name,
        path=tree.locate(name),
        identity=int(groups["identity"]),
        camera=int(groups["camera"]),
        tracklet=None if sequence is None else f"s{sequence}",
        frame=groups["frame"],
    )
