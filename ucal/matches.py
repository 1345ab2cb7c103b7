"""Ranks of the relevant gallery rows of each query, by blocks of float32 products settled in float64."""

from __future__ import annotations

from functools import partial

import numpy as np

from ucal.candidates import float32_slack
from ucal.types import FloatArray, IntArray

_BLOCK_BYTES = 32 * 2**20  # of similarities in memory at once
_ROUNDING = 5e-7  # distances this near may round to one float32

Who = tuple[IntArray, IntArray, IntArray, IntArray]
"""Identities of queries (q,) and gallery (g,), then their cameras."""


def matches(
    query: FloatArray, gallery: FloatArray, who: Who, queries: IntArray, block: int | None, device: str
) -> list[IntArray]:
    """Give the 1-based ranks, rising, of the relevant rows of each of `queries` that has any.

    The order is (float32 of 2 - 2 cos in float64, gallery row), rows of identity below 0 and rows of the
    query's identity and camera left out. Memory: `block` x g floats.
    """
    if device != "cpu":
        import torch

        from ucal.on_device.matches import matches_on

        sides = np.require(query, np.float32, ["C", "W"]), np.require(gallery, np.float32, ["C", "W"])
        return matches_on(torch.device(device), *sides, who, queries, block)
    from ucal.compiled import in_threads, n_threads

    query, gallery = np.require(query, np.float32, ["C"]), np.require(gallery, np.float32, ["C"])
    query_ids, gallery_ids, query_cams, gallery_cams = (np.ascontiguousarray(array, np.int64) for array in who)
    slack = float32_slack(query) + float32_slack(gallery) + _ROUNDING
    by_identity = np.argsort(gallery_ids, kind="stable")
    size = block or max(1, _BLOCK_BYTES // (4 * max(1, len(gallery))))
    found: list[IntArray] = []
    for start in range(0, len(queries), size):
        rows = queries[start : start + size]
        sides = query[rows], gallery
        tile = sides[0] @ gallery.T
        ends = [np.searchsorted(gallery_ids[by_identity], query_ids[rows], side=side) for side in ("left", "right")]
        known = query_ids[rows], query_cams[rows], gallery_ids, gallery_cams
        index = by_identity, np.stack(ends, axis=1).ravel()

        ranks = partial(_ranks, tile, sides, known, index, slack)
        for counts, positions in in_threads(ranks, len(rows), n_threads(), 16):
            found += np.split(positions, np.cumsum(counts))[:-1]
    return [positions for positions in found if len(positions)]


def _ranks(  # noqa: PLR0913 - what the compiled loop takes, the rows last
    tile: FloatArray,
    sides: tuple[FloatArray, FloatArray],
    known: Who,
    index: tuple[IntArray, IntArray],
    slack: float,
    start: int,
    stop: int,
) -> tuple[IntArray, IntArray]:
    from ucal.compiled import matches as loops

    return loops.ranks(tile, sides, known, index, (start, stop), slack)
