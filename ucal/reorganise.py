"""Labels that break no answer: join what is the same, part what is different, move as little else as can be.

Source: UCAL 3.2 ("clustering reorganization"); differs: links hold between images for ever, so this
is done anew from the base labels and all answers, and the order of answers does not matter.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.sparse.csgraph import connected_components

from ucal.labels import renumber
from ucal.memory import LabelMemory
from ucal.types import OUTLIER, BoolArray, FloatArray, IntArray

Double = NDArray[np.float64]


def reorganise(labels: IntArray, features: FloatArray, memory: LabelMemory) -> IntArray:
    """Give labels (n,) int64, numbered by smallest row, that break no answer outside conflicts.

    1. Rows called bad images leave their clusters (-1); what follows from their links for others holds.
    2. Clusters that a "same" group joins become one; an outlier that is the same as a row of a cluster
       joins it; outliers that are the same make a new cluster.
    3. In a cluster with a "different" inside, the groups it holds between are seeds. By falling size,
       then smallest row, each joins the most similar part that it differs from nowhere, or opens a part.
       Every other row, its group as one, goes to the part with the seed row most similar to it.
    4. What a person locked is a cluster of its own (`keep_locked`).
    Similarity is the largest cosine of two rows, ties to the part opened first.

    Links inside or to a group in conflict do not count. The arguments stay as they are.
    """
    bad = np.zeros(len(labels), bool)
    bad[memory.bad_rows()] = True
    groups = _groups(memory, bad)
    joined = _join(renumber(labels), groups, bad)
    cannot = _cannot(memory, groups)
    inside = (joined[cannot[:, 0]] == joined[cannot[:, 1]]) & (joined[cannot[:, 0]] != OUTLIER)
    fresh = int(joined.max(initial=OUTLIER)) + 1
    for rows, links in _broken_clusters(joined, cannot[inside]):
        parts = _part(features[rows].astype(np.float64), groups[rows], links)
        joined[rows] = fresh + parts
        fresh += int(parts.max()) + 1
    return keep_locked(renumber(joined), memory)


def keep_locked(labels: IntArray, memory: LabelMemory) -> IntArray:
    """Give labels (n,) in which every locked cluster is one cluster and holds nothing else.

    What was in its cluster besides stays together. Two locks that answers join are one cluster; a lock
    in conflict does not count, bad images are in no cluster.
    """
    locked = memory.locked_rows()
    if not len(locked):
        return labels
    bad = np.zeros(len(labels), bool)
    bad[memory.bad_rows()] = True
    frozen = np.setdiff1d(memory.excluded_rows(), memory.bad_rows())
    groups = _groups(memory, bad)
    names = np.unique(groups[np.setdiff1d(locked, frozen)])
    kept = np.isin(groups, names) & ~bad
    out = labels.copy()
    out[kept] = labels.max(initial=OUTLIER) + 1 + groups[kept]
    return renumber(out)


def _groups(memory: LabelMemory, bad: BoolArray) -> IntArray:
    """Name each row's "same" group by its smallest row, a good one if there is one, (n,)."""
    groups = np.arange(len(bad))
    for members in memory.groups():
        rows = np.array(members)
        groups[rows] = rows[np.lexsort((rows, bad[rows]))[0]]
    return groups


def _join(labels: IntArray, groups: IntArray, bad: BoolArray) -> IntArray:
    """Make one cluster of all that a group touches; bad rows, and outliers in no group of two, are -1."""
    n = len(labels)
    nodes = labels.copy()
    nodes[bad] = OUTLIER
    outside = nodes == OUTLIER
    first = int(nodes.max(initial=OUTLIER)) + 1
    nodes[outside] = first + np.flatnonzero(outside)
    tied = np.flatnonzero((groups != np.arange(n)) & ~bad)
    links = (np.ones(len(tied), bool), (nodes[tied], nodes[groups[tied]]))
    merged = connected_components(sparse.csr_array(links, shape=(first + n, first + n)), directed=False)[1][nodes]
    alone = outside & (np.bincount(groups[~bad], minlength=n)[groups] == 1)
    joined: IntArray = np.where(alone | bad, OUTLIER, merged).astype(np.int64)
    return joined


def _cannot(memory: LabelMemory, groups: IntArray) -> IntArray:
    """Give the "different" pairs (m, 2) as pairs of groups."""
    pairs: IntArray = groups[memory.cannot_rows()]
    apart: IntArray = pairs[pairs[:, 0] != pairs[:, 1]]
    return apart


def _broken_clusters(labels: IntArray, cannot: IntArray) -> Iterable[tuple[IntArray, IntArray]]:
    """Give (rows rising, "different" pairs inside) of each cluster that holds such a pair."""
    broken = np.unique(labels[cannot[:, 0]])
    rows = np.flatnonzero(np.isin(labels, broken))
    rows = rows[np.argsort(labels[rows], kind="stable")]
    links = cannot[np.argsort(labels[cannot[:, 0]], kind="stable")]
    row_ends = np.searchsorted(labels[rows], broken, side="right")[:-1]
    link_ends = np.searchsorted(labels[links[:, 0]], broken, side="right")[:-1]
    return zip(np.split(rows, row_ends), np.split(links, link_ends), strict=True) if len(broken) else ()


def _part(features: Double, groups: IntArray, links: IntArray) -> IntArray:
    """Divide one cluster: features (m, d), groups (m,), links (l, 2) of groups -> part of each row (m,)."""
    names, units, sizes = np.unique(groups, return_inverse=True, return_counts=True)
    differs = _sets(np.searchsorted(names, links))
    seeds = sorted(differs, key=lambda unit: (-sizes[unit], names[unit]))
    turn = np.full(len(names), len(seeds))  # of each unit; units that are no seed come last
    turn[seeds] = np.arange(len(seeds))
    order = np.argsort(turn[units], kind="stable")
    ends = np.cumsum(sizes[seeds])
    placed, free = order[: ends[-1]], order[ends[-1] :]
    before = [{int(turn[other]) for other in differs[unit]} for unit in seeds]
    part_of = np.zeros(len(names), np.int64)
    part_of[seeds] = _seed_parts(features[placed], ends, before)
    if len(free):
        scores, parts = _nearest_parts(features[free], features[placed], part_of[units[placed]])
        best = np.lexsort((parts, -scores, units[free]))
        unit, first = np.unique(units[free][best], return_index=True)
        part_of[unit] = parts[best][first]
    return part_of[units]


def _sets(links: IntArray) -> dict[int, set[int]]:
    differs: dict[int, set[int]] = {}
    for a, b in links.tolist():
        differs.setdefault(a, set()).add(b)
        differs.setdefault(b, set()).add(a)
    return differs


def _seed_parts(seeds: Double, ends: IntArray, differs: list[set[int]]) -> list[int]:
    """Place seeds one after another: seed t has the rows ends[t-1]..ends[t] and differs from `differs[t]`."""
    parts: list[int] = []
    row_parts = np.empty(len(seeds), np.int64)
    similarities, first, last = np.empty((0, 0), np.float32), 0, 0
    start = n_parts = 0
    for turn, stop in enumerate(ends.tolist()):
        closed = {parts[other] for other in differs[turn] if other < turn}
        part = n_parts
        if len(closed) < n_parts:
            if stop > last:  # a block of seeds at once: one product instead of many
                first, last = start, max(stop, min(len(seeds), start + _step(len(seeds))))
                similarities = (seeds[first:last] @ seeds[:last].T).astype(np.float32)
            scores = np.full(n_parts, -np.inf, np.float32)
            near = similarities[start - first : stop - first, :start].max(axis=0)
            np.maximum.at(scores, row_parts[:start], near)
            scores[list(closed)] = -np.inf
            part = int(np.argmax(scores))
        parts.append(part)
        row_parts[start:stop] = part
        n_parts = max(n_parts, part + 1)
        start = stop
    return parts


def _nearest_parts(rows: Double, seeds: Double, parts: IntArray) -> tuple[NDArray[np.float32], IntArray]:
    """Give each row's largest cosine with a seed row, (m,) float32, and that seed row's part, (m,).

    Rounded to float32, so that equal features tie whatever the order of the float64 sums.
    """
    order = np.argsort(parts, kind="stable")
    ordered = seeds[order]
    scores, places = np.empty(len(rows), np.float32), np.empty(len(rows), np.int64)
    step = _step(len(seeds))
    for start in range(0, len(rows), step):
        similarities = (rows[start : start + step] @ ordered.T).astype(np.float32)
        places[start : start + step] = similarities.argmax(axis=1)  # the first of equals: the lowest part
        scores[start : start + step] = similarities.max(axis=1)
    return scores, parts[order][places]


def _step(width: int) -> int:
    return max(1, (1 << 22) // width)
