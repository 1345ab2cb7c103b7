"""A data set: numbered images in three splits, and what could not be used of it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

import numpy as np

from ucal.types import FloatArray, Image, IntArray

Split = Literal["train", "query", "gallery"]
SPLITS: tuple[Split, ...] = ("train", "query", "gallery")

UNKNOWN = -2
"""In arrays of identities or cameras: not known. (-1 is another thing: known to be junk.)"""


@dataclass(frozen=True, slots=True)
class BadFile:
    """A file that is not used, and why, in words for its owner."""

    path: str
    reason: str


@dataclass(frozen=True, slots=True)
class Dataset:
    """Images of one collection. An image's row is its position in its split and never changes.

    Images are sorted by key, except those of a features file, which keep the order of its arrays.
    `identity_names[i - 1]` is the name of identity i where names were numbered (folders, manifests,
    Omniglot); empty where the identities are the collection's own numbers. Features, where given,
    are (n, d) float32 rows of length 1, one per image of their split.
    """

    name: str
    format: str
    root: Path
    train: tuple[Image, ...]
    query: tuple[Image, ...] = ()
    gallery: tuple[Image, ...] = ()
    bad: tuple[BadFile, ...] = ()
    identity_names: tuple[str, ...] = ()
    notices: tuple[str, ...] = ()  # what whoever uses this collection must know
    features: FloatArray | None = field(default=None, compare=False)
    query_features: FloatArray | None = field(default=None, compare=False)
    gallery_features: FloatArray | None = field(default=None, compare=False)

    def images(self, split: Split = "train") -> tuple[Image, ...]:
        """Give the images of a split, in row order."""
        return {"train": self.train, "query": self.query, "gallery": self.gallery}[split]

    def features_of(self, split: Split) -> FloatArray | None:
        """Give the features that came with a split, if any did."""
        return {"train": self.features, "query": self.query_features, "gallery": self.gallery_features}[split]

    def identities(self, split: Split = "train") -> IntArray:
        """Give (n,) int64 identities; `UNKNOWN` (-2) where there is none."""
        return _column(image.identity for image in self.images(split))

    def cameras(self, split: Split = "train") -> IntArray:
        """Give (n,) int64 cameras; `UNKNOWN` (-2) where there is none."""
        return _column(image.camera for image in self.images(split))

    @property
    def has_truth(self) -> bool:
        """Say whether every training image's identity is known."""
        return bool(self.train) and all(image.identity is not None for image in self.train)

    @property
    def has_evaluation(self) -> bool:
        """Say whether there is a query and a gallery to measure retrieval with."""
        return bool(self.query) and bool(self.gallery)

    def without(self, bad: Iterable[BadFile]) -> Dataset:
        """Give the data set less the images whose keys are named, which join `bad`.

        Rows after a removed image move up: for use before rows have a meaning to anybody.
        """
        more = tuple(bad)
        gone = {file.path for file in more}
        kept = {split: np.array([image.key not in gone for image in self.images(split)], bool) for split in SPLITS}
        chosen = {split: np.flatnonzero(mask) for split, mask in kept.items()}
        return replace(take(self, chosen), bad=self.bad + more)


def take(dataset: Dataset, rows: dict[Split, IntArray]) -> Dataset:
    """Give the data set with only these rows of each split, features included."""
    train, query, gallery = (tuple(dataset.images(split)[row] for row in rows[split]) for split in SPLITS)
    return replace(
        dataset,
        train=train,
        query=query,
        gallery=gallery,
        features=_rows(dataset.features, rows["train"]),
        query_features=_rows(dataset.query_features, rows["query"]),
        gallery_features=_rows(dataset.gallery_features, rows["gallery"]),
    )


def numbered(names: Iterable[str]) -> dict[str, int]:
    """Number names from 1 (0 means distractor in Market-1501's rules): whole numbers first by value, then by text."""

    def order(name: str) -> tuple[bool, int, str]:
        is_number = name.isascii() and name.isdigit()
        return (not is_number, int(name) if is_number else 0, name)

    return {name: number for number, name in enumerate(sorted(set(names), key=order), start=1)}


def _column(values: Iterable[int | None]) -> IntArray:
    return np.array([UNKNOWN if value is None else value for value in values], dtype=np.int64)


def _rows(features: FloatArray | None, rows: IntArray) -> FloatArray | None:
    return None if features is None else features[rows]
