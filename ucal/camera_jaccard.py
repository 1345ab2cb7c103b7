"""Camera-aware neighbour lists for the Jaccard distance: so many from a row's own camera, so many from the others.

Source: CA-Jaccard (CVPR 2024), camera-aware k-reciprocal neighbours and local query expansion; differs: one
list per row holds both kinds (a pair has one kind seen from either side, so reciprocity is the same), and
rows short of one kind take more of the other.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ucal.jaccard import Sparse, distance_of_ranks
from ucal.neighbours import checked_features
from ucal.seams import Check, never
from ucal.types import BoolArray, FloatArray, IntArray


@dataclass(frozen=True, slots=True)
class Shares:
    """How many neighbours come from the row's own camera (itself included) and from the others.

    k1 for the reciprocal sets, k2 for the query expansion. Defaults: the released code's.
    """

    k1_intra: int = 5
    k1_inter: int = 20
    k2_intra: int = 2
    k2_inter: int = 4

    @property
    def k1(self) -> int:
        """Give the length of a whole list."""
        return self.k1_intra + self.k1_inter

    @property
    def k2(self) -> int:
        """Give the length of the part that the expansion averages."""
        return min(self.k1, self.k2_intra + self.k2_inter)

    def steps(self) -> tuple[tuple[int, int], ...]:
        """Give (columns so far, of them from the own camera) at the ends of the expansion, the half set, the list."""
        half = min(self.k1, max(self.k2, int(np.around(self.k1 / 2)) + 1))
        own = max(self.k2_intra, min(self.k1_intra, int(np.around(self.k1_intra / 2)) + 1))
        return (self.k2, self.k2_intra), (half, own), (self.k1, self.k1_intra)


def camera_aware_distance(
    features: FloatArray,
    cameras: Sequence[int | None],
    shares: Shares,
    loosest: float,
    *,
    block_rows: int = 2048,
    check: Check = never,
) -> Sparse:
    """Give the Jaccard distance of camera-aware lists, as `jaccard_distance` does of plain ones.

    features (n, d), rows of length 1; cameras (n,): None counts as one camera.
    Time: n^2 d for the neighbours. Memory: block_rows x n floats.
    """
    ranks = camera_ranks(features, cameras, shares, block_rows=block_rows, check=check)
    return distance_of_ranks(features, ranks, k1=shares.k1, k2=shares.k2, loosest=loosest, check=check)


def camera_ranks(
    features: FloatArray,
    cameras: Sequence[int | None],
    shares: Shares,
    *,
    block_rows: int = 2048,
    check: Check = never,
) -> IntArray:
    """Give each row's list (n, min(k1, n)): itself first, then balanced over its camera and the others.

    Within each kind by falling float32 similarity, ties by row; the columns are ordered so that the first k2,
    and the first half, hold their own shares of both kinds.
    """
    rows = checked_features(features)
    codes = np.unique([-1 if camera is None else camera for camera in cameras], return_inverse=True)[1]
    ranks = np.empty((len(rows), min(shares.k1, len(rows))), np.int64)
    for start in range(0, len(rows), block_rows):
        check()
        stop = min(start + block_rows, len(rows))
        similarities = rows[start:stop] @ rows.T
        similarities[np.arange(stop - start), np.arange(start, stop)] = np.inf  # itself before equal rows
        same = codes[start:stop, None] == codes[None, :]
        intra = _nearest(similarities, same, ranks.shape[1])
        inter = _nearest(similarities, ~same, ranks.shape[1])
        ranks[start:stop] = _balanced(intra, inter, shares)
    return ranks


def _nearest(similarities: FloatArray, allowed: BoolArray, k: int) -> IntArray:
    """Give the k allowed columns of largest similarity, ties by column, (b, k); -1 where there are no more."""
    scores = np.where(allowed, similarities, -np.inf)
    last = np.partition(scores, -k, axis=1)[:, -k, None]
    out = np.empty((len(scores), k), np.int64)
    for row, (values, least) in enumerate(zip(scores, last, strict=True)):
        near = np.flatnonzero(values >= least[0])
        out[row] = near[np.lexsort((near, -values[near]))[:k]]
    out[~np.take_along_axis(allowed, out, axis=1)] = -1
    return out


def _balanced(intra: IntArray, inter: IntArray, shares: Shares) -> IntArray:
    """Merge the two kinds of lists (b, k), padded with -1, into one (b, k)."""
    merged = np.empty_like(intra)
    k = intra.shape[1]
    counts = np.stack([(intra >= 0).sum(axis=1), (inter >= 0).sum(axis=1)], axis=1)
    for n_intra, n_inter in np.unique(counts, axis=0).tolist():
        rows = np.flatnonzero((counts == (n_intra, n_inter)).all(axis=1))
        column, own, others = 0, 0, 0
        for total, wanted in shares.steps():
            total = min(total, k)
            upto = min(max(min(wanted, n_intra), total - n_inter, own), total - others)
            beyond = total - upto
            part = [intra[rows, own:upto], inter[rows, others:beyond]]
            merged[rows, column:total] = np.concatenate(part, axis=1)
            column, own, others = total, upto, beyond
    return merged
