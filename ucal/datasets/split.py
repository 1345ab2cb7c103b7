"""Hold identities out of a set that has no query and gallery, so that retrieval can be measured on strangers."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import numpy as np

from ucal.datasets.dataset import Dataset
from ucal.errors import ConfigError, EmptyDataError
from ucal.types import Image, IntArray

QUERIES_PER_IDENTITY = 2


def hold_out(dataset: Dataset, share: float, seed: int, *, queries: int = QUERIES_PER_IDENTITY) -> Dataset:
    """Move a random share of the identities from train to query and gallery; train keeps the others.

    Of each held-out identity up to `queries` random images become queries, from different cameras
    where it has them, always leaving at least one image for the gallery; the rest is the gallery.
    An identity of one image gives a gallery image only. Images of unknown identity, or junk (-1),
    stay in train. Features, where given, go with their images.

    Raises:
        ConfigError: the share is not inside (0, 1), or the set has a query and gallery already.
        EmptyDataError: too few identities to have some on both sides.
    """
    if not 0.0 < share < 1.0:
        raise ConfigError(f"share of identities to hold out: expected between 0 and 1, got {share}")
    if dataset.has_evaluation:
        raise ConfigError(f"{dataset.name}: has a query and a gallery of its own, nothing to hold out")
    identities = dataset.identities("train")
    known = np.unique(identities[identities >= 0])
    if known.size < 2:
        raise EmptyDataError(f"{dataset.name}: expected at least 2 known identities to hold some out, got {known.size}")
    rng = np.random.default_rng([seed, 0x5E1])
    n_held = min(known.size - 1, max(1, round(share * known.size)))
    held = rng.permutation(known)[:n_held]
    query, gallery = _query_and_gallery(dataset, np.sort(held), queries, rng)
    train = np.flatnonzero(~np.isin(identities, held))
    return _divided(dataset, train, query, gallery)


def _query_and_gallery(
    dataset: Dataset, held: IntArray, queries: int, rng: np.random.Generator
) -> tuple[IntArray, IntArray]:
    identities, cameras = dataset.identities("train"), dataset.cameras("train")
    query: list[int] = []
    gallery: list[int] = []
    for identity in held:
        rows = rng.permutation(np.flatnonzero(identities == identity))
        chosen = _different_cameras(rows, cameras, min(queries, rows.size - 1))
        query += chosen
        gallery += [int(row) for row in rows if row not in chosen]
    return np.array(sorted(query), dtype=np.int64), np.array(sorted(gallery), dtype=np.int64)


def _different_cameras(rows: IntArray, cameras: IntArray, wanted: int) -> list[int]:
    """Take `wanted` rows in the order given, cameras not yet seen first."""
    _, first = np.unique(cameras[rows], return_index=True)
    fresh = [int(row) for row in rows[np.sort(first)]]
    others = [int(row) for row in rows if int(row) not in fresh]
    return (fresh + others)[:wanted]


def _divided(dataset: Dataset, train: IntArray, query: IntArray, gallery: IntArray) -> Dataset:
    def images(rows: Iterable[int]) -> tuple[Image, ...]:
        return tuple(dataset.train[row] for row in rows)

    features = dataset.features
    return replace(
        dataset,
        train=images(train),
        query=images(query),
        gallery=images(gallery),
        features=None if features is None else features[train],
        query_features=None if features is None else features[query],
        gallery_features=None if features is None else features[gallery],
    )
