"""DBSCAN that keeps answers: must-links are absorbed, a cannot-link keeps a row out of a cluster.

Source: SPAL ("Support Pair Active Learning", arXiv 2204.10008), constrained clustering.
"""

from __future__ import annotations

from collections import deque

import numpy as np

from ucal.clustering import dbscan
from ucal.jaccard import Sparse
from ucal.memory import LabelMemory
from ucal.types import OUTLIER, IntArray


def constrained_dbscan(distance: Sparse, eps: float, min_samples: int, memory: LabelMemory) -> IntArray:
    """Give labels (n,) int64, clusters numbered as they are found, -1 = in no cluster.

    Clusters grow one after another from their smallest core row, a neighbour at a time, in row order.
    A row comes with all rows that are the same (`memory.groups`); it joins only where none of them has a
    "different" to a member. Without answers this is `dbscan`. Rows that are the same and near no core
    row stay outliers here. distance (n, n): as `dbscan`; eps of 1 or more: as `dbscan`, without constraints.
    """
    n = distance.shape[0]
    if np.float32(eps) >= 1.0:
        return dbscan(distance, eps, min_samples)
    near = distance.data <= np.float32(eps)
    sizes = np.bincount(np.repeat(np.arange(n), np.diff(distance.indptr))[near], minlength=n)
    neighbours = np.split(distance.indices[near], np.cumsum(sizes)[:-1])
    core = sizes >= min_samples
    links = _Links(n, memory)
    labels = np.full(n, OUTLIER, np.int64)
    label = 0
    for seed in np.flatnonzero(core).tolist():
        if labels[seed] != OUTLIER:
            continue
        members: set[int] = set()  # groups in this cluster
        queue = deque(links.join(seed, members))
        labels[list(queue)] = label
        while queue:
            row = queue.popleft()
            if not core[row]:
                continue
            for other in neighbours[row].tolist():
                if labels[other] == OUTLIER and not links.apart(other, members):
                    joined = links.join(other, members)
                    labels[joined] = label
                    queue.extend(joined)
        label += 1
    return labels


class _Links:
    """Which rows come together and which groups of rows keep apart."""

    def __init__(self, n: int, memory: LabelMemory) -> None:
        self.group = np.arange(n)
        self.rows: dict[int, list[int]] = {}
        for rows in memory.groups():
            self.group[list(rows)] = rows[0]
            self.rows[rows[0]] = list(rows)
        self.differs: dict[int, set[int]] = {}
        for left, right in memory.cannot_pairs():
            a, b = int(self.group[left]), int(self.group[right])
            self.differs.setdefault(a, set()).add(b)
            self.differs.setdefault(b, set()).add(a)

    def join(self, row: int, members: set[int]) -> list[int]:
        """Add the row's group to the cluster's (changes `members`) and give its rows."""
        group = int(self.group[row])
        members.add(group)
        return self.rows.get(group, [row])

    def apart(self, row: int, members: set[int]) -> bool:
        """Say whether the row's group differs from one of the cluster's."""
        differs = self.differs.get(int(self.group[row]))
        return differs is not None and not differs.isdisjoint(members)
