"""Overview: a run's clusters as they stand, to be listed and sorted: sizes, doubt, what people confirmed.

Everything is derived from labels, features and the label memory; nothing is asked or changed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from ucal.memory import LabelMemory
from ucal.types import OUTLIER, BoolArray, FloatArray, IntArray

_BLOCK = 4096  # rows of features in memory at once

Fits = NDArray[np.float32]


@dataclass(frozen=True)
class Overview:
    """Clusters of n rows, numbered 0..k-1.

    labels    (n,) int64; -1 = in no cluster
    fits      (n,) float32: cosine of each row with the mean of its cluster; nan in no cluster
    groups    (n,) int64: the smallest row of the "same" group that people's answers made; the row itself
              where there is none, or where its answers contradict each other
    frozen    (n,) bool: in a group whose answers contradict each other
    bad       (n,) bool: called a bad image
    locked    (n,) bool: in a locked cluster
    """

    labels: IntArray
    fits: Fits
    groups: IntArray
    frozen: BoolArray
    bad: BoolArray
    locked: BoolArray

    @cached_property
    def _ordered(self) -> tuple[IntArray, IntArray]:
        rows = np.flatnonzero(self.labels != OUTLIER)
        rows = rows[np.argsort(self.labels[rows], kind="stable")]
        return rows, np.append(np.flatnonzero(np.diff(self.labels[rows], prepend=-2)), len(rows))

    @property
    def n_clusters(self) -> int:
        """Count the clusters."""
        return len(self._ordered[1]) - 1

    @cached_property
    def sizes(self) -> IntArray:
        """Give the rows of each cluster, (k,)."""
        return np.diff(self._ordered[1])

    @cached_property
    def confirmed(self) -> IntArray:
        """Give the rows of each cluster that lie in its largest "same" group of two or more, (k,); 0 = none."""
        rows, starts = self._ordered
        counts = np.zeros(self.n_clusters, np.int64)
        for cluster in range(self.n_clusters):
            _, sizes = np.unique(self.groups[rows[starts[cluster] : starts[cluster + 1]]], return_counts=True)
            counts[cluster] = sizes.max() if sizes.max() > 1 else 0
        return counts

    @cached_property
    def lowest(self) -> Fits:
        """Give the lowest fit of each cluster's rows that no answer ties to its largest group, (k,); nan = none."""
        rows, starts = self._ordered
        found = np.full(self.n_clusters, np.nan, np.float32)
        for cluster in range(self.n_clusters):
            members = rows[starts[cluster] : starts[cluster + 1]]
            guessed = members[self.groups[members] != self._largest(members)]
            if len(guessed) and len(members) > 1:
                found[cluster] = self.fits[guessed].min()
        return found

    def rows_of(self, cluster: int) -> IntArray:
        """Give a cluster's rows, rising."""
        rows, starts = self._ordered
        return rows[starts[cluster] : starts[cluster + 1]]

    def with_row(self, row: int) -> IntArray:
        """Give the rows of the cluster that holds a row; the row alone where it is in none."""
        label = int(self.labels[row])
        return np.array([row]) if label == OUTLIER else self.rows_of(label)

    def alone(self) -> IntArray:
        """Give the rows that are in no cluster, or a cluster by themselves."""
        single = np.zeros(self.n_clusters + 1, bool)  # the last is for -1
        single[-1], single[:-1] = True, self.sizes == 1
        return np.flatnonzero(single[self.labels])

    def by_size(self) -> IntArray:
        """Give the clusters of two or more rows, the largest first."""
        order = np.argsort(-self.sizes, kind="stable")
        return order[self.sizes[order] > 1]

    def by_doubt(self) -> IntArray:
        """Give the clusters that hold a guess, the one with the least fitting guess first."""
        order = np.argsort(self.lowest, kind="stable")  # nan last
        return order[~np.isnan(self.lowest[order])]

    def in_groups(self, rows: IntArray) -> list[IntArray]:
        """Divide rows by "same" group: those of two or more, the largest first, then the single rows as one part."""
        names, counts = np.unique(self.groups[rows], return_counts=True)
        order = np.lexsort((names, -counts))
        parts = [rows[self.groups[rows] == names[i]] for i in order if counts[i] > 1]
        return [*parts, rows[np.isin(self.groups[rows], names[counts == 1])]]

    def tied(self, rows: IntArray) -> IntArray:
        """Give the rows in no cluster (bad images) that are the same as one of these by people's answers."""
        outside = (self.labels == OUTLIER) & np.isin(self.groups, np.unique(self.groups[rows]))
        return np.setdiff1d(np.flatnonzero(outside), rows)

    def _largest(self, members: IntArray) -> int:
        names, counts = np.unique(self.groups[members], return_counts=True)
        return int(names[counts.argmax()]) if counts.max() > 1 else -1


def overview(labels: IntArray, features: FloatArray, memory: LabelMemory) -> Overview:
    """Look at labels (n,) that break no answer, with features (n, d) of length 1 (they may be mapped from disk).

    O(n d), reading the features twice, in blocks.
    """
    n = len(labels)
    groups = np.arange(n)
    for members in memory.groups():
        groups[list(members)] = members[0]
    bad = _mask(n, memory.bad_rows().tolist())
    frozen = _mask(n, memory.excluded_rows().tolist()) & ~bad
    return Overview(labels, _fits(labels, features), groups, frozen, bad, _mask(n, memory.locked_rows().tolist()))


def _mask(n: int, rows: Sequence[int]) -> BoolArray:
    mask = np.zeros(n, bool)
    mask[list(rows)] = True
    return mask


def _fits(labels: IntArray, features: FloatArray) -> Fits:
    n, k = len(labels), int(labels.max(initial=OUTLIER)) + 1
    fits = np.full(n, np.nan, np.float32)
    sums = np.zeros((k, features.shape[1]), np.float32)
    blocks = [(start, labels[start : start + _BLOCK]) for start in range(0, n, _BLOCK)]
    for start, part in blocks:
        inside = np.flatnonzero(part != OUTLIER)
        ones = np.ones(len(inside), np.float32)
        gather = sparse.csr_array((ones, (part[inside], inside)), shape=(k, len(part)))
        sums += gather @ np.asarray(features[start : start + len(part)], np.float32)
    lengths = np.linalg.norm(sums, axis=1, keepdims=True)
    np.divide(sums, lengths, out=sums, where=lengths > 0)
    for start, part in blocks:
        inside = np.flatnonzero(part != OUTLIER)
        block = np.asarray(features[start : start + len(part)], np.float32)[inside]
        fits[start + inside] = np.einsum("ij,ij->i", block, sums[part[inside]])
    return fits
