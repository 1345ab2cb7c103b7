"""Batches of P identities with K images each, other cameras first.

Source: SpCL and Cluster Contrast, released code, which UCAL 4.2 ("images from all cameras") builds on;
differs: classes follow one another in an endless stream that is cut into batches of P * K rows, so few
classes, or classes of one image, still give full batches.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from ucal.types import OUTLIER, IntArray


def pk_batches(
    labels: IntArray,
    cameras: IntArray | None,
    rng: np.random.Generator,
    identities: int,
    images: int,
    iterations: int,
) -> Iterator[IntArray]:
    """Give `iterations` batches of `identities` * `images` rows; rows labelled -1 are never in one.

    Each pass takes the classes in random order. A class gives a random image and up to K - 1 more
    from other cameras where it has any (each once when there are enough), else from the same camera;
    a class of one image gives that one. `cameras` None = all the same.

    Raises:
        ValueError: no row has a class.
    """
    stream = _stream(labels, cameras, rng, images)
    waiting: list[int] = []
    for _ in range(iterations):
        while len(waiting) < identities * images:
            waiting += next(stream)
        yield np.array(waiting[: identities * images], dtype=np.int64)
        waiting = waiting[identities * images :]


def _stream(labels: IntArray, cameras: IntArray | None, rng: np.random.Generator, images: int) -> Iterator[list[int]]:
    rows = np.flatnonzero(labels != OUTLIER)
    if len(rows) == 0:
        raise ValueError("pk_batches: expected at least one row in a class")
    order = rows[np.argsort(labels[rows], kind="stable")]
    members = np.split(order, np.flatnonzero(np.diff(labels[order])) + 1)
    seen_by = np.zeros(len(labels), dtype=np.int64) if cameras is None else cameras
    while True:
        for index in rng.permutation(len(members)):
            yield _pick(members[index], seen_by, rng, images)


def _pick(members: IntArray, cameras: IntArray, rng: np.random.Generator, images: int) -> list[int]:
    anchor = int(members[rng.integers(len(members))])
    if len(members) == 1 or images == 1:
        return [anchor]
    others = members[cameras[members] != cameras[anchor]]
    pool = others if len(others) else members[members != anchor]
    more = rng.choice(pool, size=images - 1, replace=len(pool) < images - 1)
    return [anchor, *(int(row) for row in more)]
