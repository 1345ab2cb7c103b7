"""Slow literal formulas: loops and dense matrices, written from the papers to be read beside the fast code."""

from __future__ import annotations

from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from ucal.memory import LabelMemory
from ucal.types import OUTLIER, FloatArray, IntArray

Dense = NDArray[np.float64]


def nearest(features: FloatArray, k: int) -> tuple[IntArray, FloatArray]:
    """Sort every row's inner products, rounded to float32, ties by index."""
    n = len(features)
    double = features.astype(np.float64)
    similarities = np.array([[np.float32(np.dot(a, b)) for b in double] for a in double], np.float32).reshape(n, n)
    ids = np.array([sorted(range(n), key=lambda j, row=row: (-row[j], j))[:k] for row in similarities], np.int64)
    return ids.reshape(n, min(k, n)), np.take_along_axis(similarities, ids.reshape(n, min(k, n)), axis=1)


def jaccard(features: FloatArray, k1: int, k2: int) -> Dense:
    """Give the whole k-reciprocal Jaccard distance (n, n), step by step as docs/methods.md counts them."""
    n = len(features)
    ranks = nearest(features, max(k1, k2))[0].tolist()  # 1
    full = [_reciprocal(ranks, i, k1) for i in range(n)]  # 2
    half = [_reciprocal(ranks, i, int(np.around(k1 / 2)) + 1) for i in range(n)]
    weights = np.zeros((n, n))
    for i in range(n):
        expanded = set(full[i])  # 3
        for c in full[i]:
            if len(half[c] & full[i]) > 2 / 3 * len(half[c]):
                expanded |= half[c]
        for j in expanded:  # 4
            weights[i, j] = np.exp(-(2.0 - 2.0 * np.dot(features[i].astype(float), features[j].astype(float))))
        if expanded:
            weights[i] /= weights[i].sum()
    weights = np.stack([weights[row[:k2]].mean(axis=0) for row in ranks]) if n else weights  # 5
    distance = np.ones((n, n))
    for i in range(n):  # 6
        for j in range(n):
            shared = np.minimum(weights[i], weights[j]).sum()
            distance[i, j] = max(0.0, 1.0 - shared / (2.0 - shared))
    return distance


def _reciprocal(ranks: list[list[int]], i: int, width: int) -> set[int]:
    return {j for j in ranks[i][:width] if i in ranks[j][:width]}


def self_paced(
    base: IntArray, tight: IntArray, loose: IntArray, threshold: float | None
) -> tuple[IntArray, float | None]:
    """Compare the sets of rows themselves."""
    n = len(base)
    a, b, c = (_members(labels) for labels in (base, tight, loose))
    comp = [1 - len(a[i] & b[i]) / len(a[i] | b[i]) for i in range(n)]
    indep = [1 - len(a[i] & c[i]) / len(a[i] | c[i]) for i in range(n)]
    cluster_comp = [min(comp[j] for j in a[i]) for i in range(n)]
    cluster_indep = [min(indep[j] for j in a[i]) for i in range(n)]
    if threshold is None:
        known = sorted(cluster_indep[min(rows)] for rows in {frozenset(rows) for rows in a} if len(rows) > 1)
        if not known:
            return base, None
        threshold = known[min(len(known) - 1, round(0.9 * len(known)))]
    kept = [cluster_indep[i] <= threshold and comp[i] <= cluster_comp[i] for i in range(n)]
    return np.where(kept, base, OUTLIER), threshold


def _members(labels: IntArray) -> list[set[int]]:
    """Give the rows of each row's cluster; an outlier's cluster is itself."""
    n = len(labels)
    return [{j for j in range(n) if j == i or (labels[j] == labels[i] != OUTLIER)} for i in range(n)]


def medoid_cost(distance: Dense, medoids: IntArray) -> float:
    """Give the sum of distances to the nearest medoid."""
    return float(distance[:, medoids].min(axis=1).sum())


def best_medoids(distance: Dense, k: int) -> tuple[float, tuple[int, ...]]:
    """Try every choice of k rows: the least cost, and the first choice that has it (up to rounding)."""
    choices = list(combinations(range(len(distance)), k))
    costs = [medoid_cost(distance, np.array(choice)) for choice in choices]
    least = min(costs)
    return least, next(c for c, cost in zip(choices, costs, strict=True) if cost <= least + 1e-9)


def split_score(similarities: Dense, groups: IntArray) -> float:
    """Give Eq. 4's sum, group by group (Eqs. 2-3)."""
    score = 0.0
    for group in set(groups.tolist()):
        inside = [i for i, g in enumerate(groups) if g == group]
        outside = [i for i, g in enumerate(groups) if g != group]
        comp = min([1.0] + [similarities[i, j] for i, j in combinations(inside, 2)])
        score += comp * (1.0 - max(similarities[i, j] for i in inside for j in outside))
    return score


def merge_ranks(ranked: list[float], delta: float, crossing: str) -> int:
    """Give how many ranks Eqs. 5-6 ask about, counting l from 1 as the paper does."""
    if len(ranked) < 2:
        return len(ranked)
    d = {rank: ranked[rank - 1] - ranked[rank] for rank in range(1, len(ranked))}
    low, high = min(d.values()), max(d.values())
    if high - low <= 1e-6:
        return 1
    over = [rank for rank in d if (d[rank] - low) / (high - low) > delta]
    if not over:
        return len(ranked)
    return (over[0] if crossing == "first" else over[-1]) + 1


def reorganise(labels: IntArray, features: FloatArray, memory: LabelMemory) -> IntArray:
    """Follow the three rules of `ucal.reorganise` with sets and loops."""
    bad = set(memory.bad_rows().tolist())
    groups = [frozenset(group) for group in memory.groups()]
    groups += [frozenset([i]) for i in range(len(labels)) if not any(i in group for group in groups)]
    apart = set()  # pairs of good rows whose groups differ somewhere, if only at a bad row
    for a, b in memory.cannot_pairs():
        sides = [next(group for group in groups if row in group) for row in (a, b)]
        apart |= {frozenset((i, j)) for i in sides[0] for j in sides[1]}
    out = np.full(len(labels), OUTLIER, np.int64)
    for cluster in _joined(labels, [group - bad for group in groups if group - bad]):
        for part in _parted(cluster, features.astype(np.float64), apart):
            out[list(part)] = min(part)  # a name; numbered below
    for number, name in enumerate(sorted(set(out.tolist()) - {OUTLIER})):
        out[out == name] = number
    return out


Unit = frozenset[int]


def _joined(labels: IntArray, units: list[Unit]) -> list[list[Unit]]:
    """Give the clusters as lists of units, lone outliers left out."""
    clusters = [([unit], {int(labels[i]) for i in unit} - {OUTLIER}) for unit in units]
    changed = True
    while changed:
        changed = False
        for a, b in combinations(range(len(clusters)), 2):
            if clusters[a][1] & clusters[b][1]:
                clusters[a] = (clusters[a][0] + clusters[b][0], clusters[a][1] | clusters[b][1])
                del clusters[b]
                changed = True
                break
    return [held for held, numbers in clusters if numbers or len(held[0]) > 1]


def _parted(cluster: list[Unit], features: Dense, apart: set[frozenset[int]]) -> list[set[int]]:
    def differ(a: Unit, b: Unit) -> bool:
        return a != b and any(frozenset((i, j)) in apart for i in a for j in b)

    def closeness(a: Unit, b: Unit) -> np.float32:
        return np.float32(max(features[i] @ features[j] for i in a for j in b))

    seeds = [unit for unit in cluster if any(differ(unit, other) for other in cluster)]
    if not seeds:
        return [set().union(*cluster)]
    parts: list[list[Unit]] = []
    for seed in sorted(seeds, key=lambda unit: (-len(unit), min(unit))):
        free = [part for part in parts if not any(differ(seed, other) for other in part)]
        if free:
            scores = [max(closeness(seed, other) for other in part) for part in free]
            free[scores.index(max(scores))].append(seed)
        else:
            parts.append([seed])
    rows = [set().union(*part) for part in parts]
    for unit in cluster:
        if unit not in seeds:
            scores = [max(closeness(unit, other) for other in part) for part in parts]
            rows[scores.index(max(scores))] |= unit
    return rows
