"""k-medoids' loops over a symmetric distance (m, m), one thread."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ucal.compiled import compiled
from ucal.compiled.top_k import inner
from ucal.types import FloatArray, IntArray

Doubles = NDArray[np.float64]


@compiled
def pair_costs(distance: Doubles) -> Doubles:
    """Give the cost of each pair of medoids a < b, (m, m); inf elsewhere."""
    m = len(distance)
    costs = np.full((m, m), np.inf)
    for a in range(m):
        first = distance[a]
        for b in range(a + 1, m):
            second = distance[b]
            total = 0.0
            for i in range(m):
                total += min(first[i], second[i])
            costs[a, b] = total
    return costs


@compiled
def added_costs(distance: Doubles, nearest: Doubles) -> Doubles:
    """Give the cost with each row as one more medoid, (m,), from the distances to the nearest medoid so far."""
    m = len(distance)
    costs = np.empty(m, np.float64)
    for row in range(m):
        own = distance[row]
        total = 0.0
        for i in range(m):
            total += min(nearest[i], own[i])
        costs[row] = total
    return costs


@compiled
def _two_nearest(distance: Doubles, medoids: IntArray, own: IntArray, first: Doubles, second: Doubles) -> None:
    """Write each row's nearest medoid (the first of equals), its distance, and the second's."""
    for i in range(len(distance)):
        own[i], first[i], second[i] = 0, np.inf, np.inf
        for which in range(len(medoids)):
            value = distance[medoids[which], i]
            if value < first[i]:
                own[i], first[i], second[i] = which, value, first[i]
            elif value < second[i]:
                second[i] = value


@compiled
def faster_pam(distance: Doubles, start: IntArray, tie: float) -> IntArray:
    """Swap a row for a medoid as soon as that lowers the cost by over `tie`, until none does for a whole turn."""
    m, k = len(distance), len(start)
    medoids = start.copy()
    own, first, second = np.empty(m, np.int64), np.empty(m, np.float64), np.empty(m, np.float64)
    moved = np.empty(k, np.float64)
    _two_nearest(distance, medoids, own, first, second)
    row, last = 0, 0
    while True:
        if not (medoids == row).any():
            candidate = distance[row]
            gained = 0.0
            moved[:] = 0.0
            for i in range(m):  # rows that lose their medoid go to the candidate or to their second medoid
                if candidate[i] < first[i]:
                    gained += candidate[i] - first[i]
                else:
                    moved[own[i]] += min(candidate[i], second[i]) - first[i]
            which = np.argmin(gained + moved)
            if gained + moved[which] < -tie:
                medoids[which] = row
                _two_nearest(distance, medoids, own, first, second)
                last = row
        row = (row + 1) % m
        if row == last:
            return medoids


@compiled
def group_bounds(similarities: Doubles, groups: IntArray, k: int) -> tuple[Doubles, Doubles]:
    """Give each group's least similarity inside (1 for one row) and its largest to a row outside (0 at least), (k,)."""
    least, largest = np.ones(k), np.zeros(k)
    for i in range(len(groups)):
        own = groups[i]
        for j in range(i):
            other, value = groups[j], similarities[i, j]
            if own == other:
                least[own] = min(least[own], value)
            else:
                largest[own] = max(largest[own], value)
                largest[other] = max(largest[other], value)
    return least, largest


@compiled
def spread(features: FloatArray, rows: IntArray, first: int, spare: int) -> IntArray:
    """Give `first`, then up to `spare` of rows, each the least similar to those before, ties to the lower row."""
    shown = np.empty(spare + 1, np.int64)
    shown[0] = first
    count = 1
    nearest = np.full(len(rows), -np.inf)
    for i in range(len(rows)):
        if rows[i] == first:
            nearest[i] = np.inf
    while count <= spare:
        pick = -1
        for i in range(len(rows)):
            if nearest[i] == np.inf:
                continue
            nearest[i] = max(nearest[i], inner(features, rows[i], shown[count - 1]))
            if pick < 0 or nearest[i] < nearest[pick]:
                pick = i
        if pick < 0:
            break
        shown[count] = rows[pick]
        nearest[pick] = np.inf
        count += 1
    return shown[:count]
