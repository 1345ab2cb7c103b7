"""The best guess: components merged as far as the threshold allows, never against an answer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ucal.efficient.components import Components
from ucal.efficient.keys import codes_of, distinct, found_in, pair_keys, pairs_of
from ucal.efficient.linkage import Groups, cut, link
from ucal.efficient.preparation import sums
from ucal.types import BoolArray, FloatArray, IntArray

Double = NDArray[np.float64]
_BLOCK = 1 << 22  # similarities held at once
_LARGE = 8  # rows: two groups of at least this size merge by themselves only when they are very similar


@dataclass(frozen=True, slots=True)
class Frame:
    """The scale on which similarities are compared from plan to plan: z = (S - m) / sd.

    m and sd are the median and the standard deviation, over components, of the similarity to the
    best allowed other component, now; z0 is where the calibrated threshold lay at the model version's first plan.
    Tiles that were judged under other features have their place on the same scale; z0 may differ.
    """

    median: float
    sd: float
    z0: float

    def z(self, similarity: Double) -> Double:
        """Give the similarities on the scale."""
        scaled: Double = (similarity - self.median) / self.sd
        return scaled

    def similarity(self, z: float) -> float:
        """Give the similarity at a place on that scale."""
        return self.median + self.sd * z


def grouped(rows: FloatArray, parts: Components) -> Groups:
    """Give sums and sizes of the components; rows in none are left out."""
    inside = parts.of >= 0
    codes = parts.of[inside]
    return Groups(sums(rows[inside], codes, parts.count), np.bincount(codes, minlength=parts.count))


def near_pairs(neighbours: IntArray, parts: Components) -> IntArray:
    """Give the pairs (e, 2) of different components that a row's list (n, k) brings together, low first, once each."""
    left = np.repeat(parts.of, neighbours.shape[1])
    right = parts.of[neighbours.ravel()]
    kept = (left >= 0) & (right >= 0) & (left != right)
    low, high = np.minimum(left[kept], right[kept]), np.maximum(left[kept], right[kept])
    return pairs_of(distinct(low * np.int64(parts.count) + high), parts.count)


def nearest_components(groups: Groups, parts: Components, k: int) -> IntArray:
    """Give the pairs (e, 2) of each component and the k most similar ones that no answer keeps from it, low first.

    All components are compared, block by block: time m^2 r, memory 2^22 numbers.
    """
    means = (groups.sums / groups.sizes[:, None]).astype(np.float32)
    m = len(means)
    k = min(k, m - 1)
    if k < 1:
        return np.zeros((0, 2), np.int64)
    both = np.concatenate([parts.apart, parts.apart[:, ::-1]])
    both = both[np.argsort(both[:, 0], kind="stable")]
    keys = []
    step = max(1, _BLOCK // m)
    for start in range(0, m, step):
        stop = min(m, start + step)
        similarity = means[start:stop] @ means.T
        similarity[np.arange(stop - start), np.arange(start, stop)] = -np.inf
        first, last = np.searchsorted(both[:, 0], [start, stop])
        similarity[both[first:last, 0] - start, both[first:last, 1]] = -np.inf
        right = np.argpartition(-similarity, k - 1, axis=1)[:, :k]
        free = np.isfinite(np.take_along_axis(similarity, right, axis=1))
        left, right = np.repeat(np.arange(start, stop), k)[free.ravel()], right[free]
        keys.append(np.minimum(left, right) * np.int64(m) + np.maximum(left, right))
    return pairs_of(distinct(np.concatenate(keys)), m)


def allowed(pairs: IntArray, parts: Components) -> BoolArray:
    """Say which pairs (e, 2) no answer keeps apart, (e,)."""
    return ~found_in(pair_keys(pairs, parts.count), pair_keys(parts.apart, parts.count))


def spread_of_best(count: int, pairs: IntArray, similarity: Double) -> tuple[float, float]:
    """Give median and standard deviation, over `count` components, of the best similarity (e,) of allowed pairs."""
    best = np.full(count, -np.inf)
    np.maximum.at(best, pairs[:, 0], similarity)
    np.maximum.at(best, pairs[:, 1], similarity)
    best = best[np.isfinite(best)]
    if not len(best):
        return 0.0, 1.0
    return float(np.median(best)), max(float(best.std()), 1e-6)


def guess(
    groups: Groups, pairs: IntArray, similarity: Double, parts: Components, frame: Frame, lows: Sequence[float]
) -> list[IntArray]:
    """Give each component's cluster (c,), 0.., for each of `lows`: greedy average linkage down to z = low.

    similarity (e,) is that of the pairs (e, 2).
    """
    taus = [frame.similarity(low) for low in lows]
    tree = link(groups, pairs, min(taus), forbidden=parts.apart, guard=(_LARGE, frame.sd), similarity=similarity)
    found = (cut(tree, parts.count, tree.similarity >= tau) for tau in taus)
    return [codes_of(named)[1] for named in found]
