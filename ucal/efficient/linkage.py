"""Average linkage over neighbour lists: the greedy tree, found by merging all mutually nearest pairs at once.

The similarity of two groups is the mean over their pairs of rows = the dot product of their means.
A merged group is never more similar to a third than the more similar of its two parts was (the
linkage is *reducible*), so pairs that are each other's best may all be merged at once: the tree is
the greedy one. For the same reason a pair under the threshold may be forgotten. Groups that no list
brings together count as being under it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ucal.efficient.keys import distinct, found_in, pair_keys
from ucal.types import IntArray

Double = NDArray[np.float64]
_CHUNK = 1 << 11  # pairs multiplied at once: what is gathered stays in the cache


@dataclass(frozen=True, slots=True)
class Tree:
    """Merges, in an order in which parts come before the wholes they make.

    left, right  (m,) the first group of each side: the merged group goes on under `left`'s name
    similarity   (m,) float64
    sizes        (m, 2) rows on each side
    """

    left: IntArray
    right: IntArray
    similarity: Double
    sizes: IntArray


@dataclass(frozen=True, slots=True)
class Groups:
    """What is merged: sums (m, r) of the rows of each group, and how many rows it has (m,)."""

    sums: Double
    sizes: IntArray


def link(
    groups: Groups,
    pairs: IntArray,
    floor: float,
    *,
    forbidden: IntArray | None = None,
    guard: tuple[int, float] | None = None,
    similarity: Double | None = None,
) -> Tree:
    """Merge while a pair is at least `floor` similar.

    pairs (e, 2): which groups may meet. forbidden (f, 2): pairs that never become one group, nor do
    groups that hold them. guard (size, extra): two groups of at least this size each need a
    similarity of floor + extra. similarity (e,): that of the pairs where it is known, as `dots` gives it;
    the pairs must then be low first, rising and once each. The arguments stay as they are. Time: a few
    passes over the pairs.
    """
    work = _Work(groups, pairs, floor, forbidden, guard, similarity)
    merges: list[tuple[IntArray, IntArray, Double, IntArray]] = []
    while True:
        chosen = work.mutual()
        if not len(chosen):
            break
        left, right = work.left[chosen], work.right[chosen]
        sizes = np.stack([work.sizes[left], work.sizes[right]], axis=1)
        merges.append((left, right, work.similarity[chosen], sizes))
        work.merge(left, right)
    if not merges:
        none = np.zeros(0, np.int64)
        return Tree(none, none, np.zeros(0), np.zeros((0, 2), np.int64))
    parts = [np.concatenate(column) for column in zip(*merges, strict=True)]
    return Tree(parts[0], parts[1], parts[2], parts[3])


def cut(tree: Tree, n: int, kept: NDArray[np.bool_]) -> IntArray:
    """Give each of n groups the smallest group it is joined with by the kept merges (m,) bool, (n,)."""
    from scipy import sparse
    from scipy.sparse.csgraph import connected_components

    left, right = tree.left[kept], tree.right[kept]
    graph = sparse.csr_array((np.ones(len(left), bool), (left, right)), shape=(n, n))
    codes = connected_components(graph, directed=False)[1]
    first = np.full(int(codes.max(initial=-1)) + 1, n, np.int64)
    np.minimum.at(first, codes, np.arange(n))
    named: IntArray = first[codes]
    return named


def dots(sums: Double, sizes: IntArray, left: IntArray, right: IntArray) -> Double:
    """Give the mean similarity of each pair of groups (e,)."""
    out = np.empty(len(left))
    for start in range(0, len(left), _CHUNK):
        part = slice(start, start + _CHUNK)
        out[part] = np.vecdot(sums[left[part]], sums[right[part]])
    similarity: Double = out / (sizes[left].astype(np.float64) * sizes[right])
    return similarity


class _Work:
    """The groups that are left, and the pairs of them that may still meet."""

    def __init__(
        self,
        groups: Groups,
        pairs: IntArray,
        floor: float,
        forbidden: IntArray | None,
        guard: tuple[int, float] | None,
        similarity: Double | None,
    ) -> None:
        self.sums, self.sizes = groups.sums.copy(), groups.sizes.copy()
        self.n, self.floor, self.guard = len(groups.sizes), floor, guard
        self.forbidden = self._keys(forbidden) if forbidden is not None else np.zeros(0, np.int64)
        keys = self._keys(pairs) if similarity is None else pair_keys(pairs, self.n)
        self.left, self.right, self.similarity = self._pairs(keys, similarity)

    def _keys(self, pairs: IntArray) -> IntArray:
        low, high = np.minimum(pairs[:, 0], pairs[:, 1]), np.maximum(pairs[:, 0], pairs[:, 1])
        return distinct(low[low != high] * self.n + high[low != high])

    def _pairs(self, keys: IntArray, similarity: Double | None = None) -> tuple[IntArray, IntArray, Double]:
        """Give the allowed pairs among these with their similarity, which is worked out where it is not given."""
        if similarity is not None:
            near = similarity >= self.floor  # a guard only asks for more
            keys, similarity = keys[near], similarity[near]
        if len(self.forbidden):
            free = ~found_in(keys, self.forbidden)
            keys, similarity = keys[free], None if similarity is None else similarity[free]
        left, right = keys // self.n, keys % self.n
        if similarity is None:
            similarity = dots(self.sums, self.sizes, left, right)
        if self.guard is not None:
            both = (self.sizes[left] >= self.guard[0]) & (self.sizes[right] >= self.guard[0])
            similarity = similarity - np.where(both, self.guard[1], 0.0)
        near = similarity >= self.floor
        return left[near], right[near], similarity[near]

    def mutual(self) -> IntArray:
        """Give the pairs that are the best of both their groups, no group twice."""
        best = np.full(self.n, -np.inf)
        np.maximum.at(best, self.left, self.similarity)
        np.maximum.at(best, self.right, self.similarity)
        found = np.flatnonzero((self.similarity == best[self.left]) & (self.similarity == best[self.right]))
        first = np.full(self.n, len(self.left), np.int64)
        np.minimum.at(first, self.left[found], found)
        np.minimum.at(first, self.right[found], found)
        chosen: IntArray = found[(first[self.left[found]] == found) & (first[self.right[found]] == found)]
        return chosen

    def merge(self, left: IntArray, right: IntArray) -> None:
        """Make one group of each pair, under the name of the left one."""
        self.sums[left] += self.sums[right]
        self.sizes[left] += self.sizes[right]
        name = np.arange(self.n)
        name[right] = left
        changed = np.zeros(self.n, bool)
        changed[left] = changed[right] = True
        if len(self.forbidden):
            self.forbidden = self._keys(np.stack([name[self.forbidden // self.n], name[self.forbidden % self.n]], 1))
        touched = changed[self.left] | changed[self.right]
        keys = self._keys(np.stack([name[self.left[touched]], name[self.right[touched]]], axis=1))
        fresh = self._pairs(keys)
        old = (self.left[~touched], self.right[~touched], self.similarity[~touched])
        self.left, self.right, self.similarity = (np.concatenate(both) for both in zip(old, fresh, strict=True))
