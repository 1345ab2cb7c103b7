"""Loops of the k-reciprocal Jaccard distance over CSR arrays (indptr, indices, data) of int32 / int64 / float64.

Each function does the rows start..stop and gives arrays of its own; `scratch` rows are as long as n.
"""

from __future__ import annotations

from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from ucal.compiled import compiled
from ucal.compiled.top_k import inner
from ucal.types import FloatArray, IntArray

Ids = NDArray[np.int32]
Doubles = NDArray[np.float64]
Number = TypeVar("Number", bound=np.generic)


@compiled
def reciprocal(ranks: Ids, width: int, start: int, stop: int, out: Ids, counts: Ids) -> None:
    """Write to out[i, :counts[i]] the j, rising, that are in i's list and have i in theirs."""
    for i in range(start, stop):
        count = 0
        for a in range(width):
            j = ranks[i, a]
            for b in range(width):
                if ranks[j, b] == i:
                    spot = count
                    while spot > 0 and out[i, spot - 1] > j:
                        out[i, spot] = out[i, spot - 1]
                        spot -= 1
                    out[i, spot] = j
                    count += 1
                    break
        counts[i] = count


@compiled
def _grown(values: NDArray[Number], needed: int) -> NDArray[Number]:
    if needed <= len(values):
        return values
    larger = np.empty(max(needed, 2 * len(values)), values.dtype)
    larger[: len(values)] = values
    return larger


@compiled
def expanded(full: tuple[Ids, Ids], half: tuple[Ids, Ids], span: tuple[int, int]) -> tuple[IntArray, Ids, Ids]:
    """Give (ends (rows,), ids rising, ones) of E: R(i) and each Rh(c), c in R(i), over two thirds of it in R(i).

    full, half: (ids (n, width), counts (n,)) of `reciprocal`.
    """
    n = len(full[1])
    seen = np.full(n, -1, np.int32)  # == i: a member of R(i)
    added = np.full(n, -1, np.int32)  # == i: a member of E(i)
    ends = np.empty(span[1] - span[0], np.int64)
    ids = np.empty(64 * (span[1] - span[0]) + 64, np.int32)
    size = 0
    for i in range(span[0], span[1]):
        began = size
        ids = _grown(ids, size + full[1][i])
        for a in range(full[1][i]):
            j = full[0][i, a]
            seen[j] = i
            added[j] = i
            ids[size] = j
            size += 1
        for a in range(full[1][i]):
            c = full[0][i, a]
            members = half[1][c]
            shared = 0
            for b in range(members):
                shared += seen[half[0][c, b]] == i
            if 3 * shared <= 2 * members:
                continue
            ids = _grown(ids, size + members)
            for b in range(members):
                j = half[0][c, b]
                if added[j] != i:
                    added[j] = i
                    ids[size] = j
                    size += 1
        ids[began:size] = np.sort(ids[began:size])
        ends[i - span[0]] = size
    return ends, ids[:size].copy(), np.ones(size, np.int32)


@compiled
def softmax_weights(features: FloatArray, indptr: IntArray, indices: Ids, span: tuple[int, int], out: Doubles) -> None:
    """Write to out, for each entry (i, j), exp(-(2 - 2 x_i.x_j)) over its row's sum."""
    for i in range(span[0], span[1]):
        total = 0.0
        for entry in range(indptr[i], indptr[i + 1]):
            out[entry] = np.exp(2.0 * inner(features, i, indices[entry]) - 2.0)
            total += out[entry]
        for entry in range(indptr[i], indptr[i + 1]):
            out[entry] /= total


@compiled
def averaged(
    indptr: IntArray, indices: Ids, data: Doubles, nearest: Ids, span: tuple[int, int]
) -> tuple[IntArray, Ids, Doubles]:
    """Give (ends (rows,), ids rising, values) of the mean of V over each row's nearest rows."""
    width = nearest.shape[1]
    sums = np.zeros(len(indptr) - 1, np.float64)
    seen = np.full(len(indptr) - 1, -1, np.int32)
    ends = np.empty(span[1] - span[0], np.int64)
    most = 0
    for i in range(span[0], span[1]):
        for a in range(width):
            most += indptr[nearest[i, a] + 1] - indptr[nearest[i, a]]
    ids, values = np.empty(most, np.int32), np.empty(most, np.float64)
    size = 0
    for i in range(span[0], span[1]):
        began = size
        for a in range(width):
            row = nearest[i, a]
            for entry in range(indptr[row], indptr[row + 1]):
                j = indices[entry]
                if seen[j] != i:
                    seen[j] = i
                    sums[j] = 0.0
                    ids[size] = j
                    size += 1
                sums[j] += data[entry]
        ids[began:size] = np.sort(ids[began:size])
        for entry in range(began, size):
            values[entry] = sums[ids[entry]] / width
        ends[i - span[0]] = size
    return ends, ids[:size].copy(), values[:size].copy()


@compiled
def transposed(indptr: IntArray, indices: Ids, data: Doubles) -> tuple[IntArray, Ids, Doubles]:
    """Give the inverted index: for each k the rows i, rising, that have an entry (i, k), and its value."""
    n = len(indptr) - 1
    starts = np.zeros(n + 1, np.int64)
    for entry in range(len(indices)):
        starts[indices[entry] + 1] += 1
    for k in range(n):
        starts[k + 1] += starts[k]
    place = starts[:-1].copy()
    rows, values = np.empty(len(indices), np.int32), np.empty(len(indices), np.float64)
    for i in range(n):
        for entry in range(indptr[i], indptr[i + 1]):
            k = indices[entry]
            rows[place[k]] = i
            values[place[k]] = data[entry]
            place[k] += 1
    return starts, rows, values


@compiled
def _distance(shared: float) -> np.float32:
    return np.float32(min(max(1.0 - shared / (2.0 - shared), 0.0), 1.0))


@compiled
def _meet(
    i: int,
    weights: tuple[IntArray, Ids, Doubles],
    inverted: tuple[IntArray, Ids, Doubles],
    sums: Doubles,
    seen: Ids,
    met: Ids,
) -> int:
    """Sum min(V_ik, V_jk) over k, rising, for every j >= i that shares a k with i; give how many j there are."""
    n_met = 0
    for entry in range(weights[0][i], weights[0][i + 1]):
        k, own = weights[1][entry], weights[2][entry]
        first, last = inverted[0][k], inverted[0][k + 1]
        first += np.searchsorted(inverted[1][first:last], i)  # the rows of k's list rise
        for other in range(first, last):
            j = inverted[1][other]
            if seen[j] != i:
                seen[j] = i
                sums[j] = 0.0
                met[n_met] = j
                n_met += 1
            sums[j] += min(own, inverted[2][other])
    return n_met


@compiled
def near_pairs(
    weights: tuple[IntArray, Ids, Doubles],
    inverted: tuple[IntArray, Ids, Doubles],
    span: tuple[int, int],
    loosest: np.float32,
) -> tuple[IntArray, Ids, FloatArray]:
    """Give (ends (rows,), j rising, D) of the pairs (i, j), j >= i, with D = 1 - m / (2 - m) <= loosest."""
    n = len(weights[0]) - 1
    sums, seen, met = np.zeros(n, np.float64), np.full(n, -1, np.int32), np.empty(n, np.int32)
    ends = np.empty(span[1] - span[0], np.int64)
    ids, values = np.empty(1024, np.int32), np.empty(1024, np.float32)
    size = 0
    for i in range(span[0], span[1]):
        n_met = _meet(i, weights, inverted, sums, seen, met)
        began = size
        if size + n_met > len(ids):
            ids, values = _grown(ids, 2 * (size + n_met)), _grown(values, 2 * (size + n_met))
        for a in range(n_met):
            if _distance(sums[met[a]]) <= loosest:
                ids[size] = met[a]
                size += 1
        ids[began:size] = np.sort(ids[began:size])
        for entry in range(began, size):
            values[entry] = _distance(sums[ids[entry]])
        ends[i - span[0]] = size
    return ends, ids[:size].copy(), values[:size].copy()


@compiled
def mirrored(indptr: IntArray, indices: Ids, data: FloatArray) -> tuple[IntArray, Ids, FloatArray]:
    """Give the symmetric CSR arrays of an upper triangle's, ids rising."""
    n = len(indptr) - 1
    starts = np.zeros(n + 1, np.int64)
    for i in range(n):
        for entry in range(indptr[i], indptr[i + 1]):
            starts[i + 1] += 1
            if indices[entry] != i:
                starts[indices[entry] + 1] += 1
    for i in range(n):
        starts[i + 1] += starts[i]
    place = starts[:-1].copy()
    ids, values = np.empty(starts[n], np.int32), np.empty(starts[n], np.float32)
    for i in range(n):  # all rows before i have written to row i already: ids come out rising
        for entry in range(indptr[i], indptr[i + 1]):
            j = indices[entry]
            ids[place[i]], values[place[i]] = j, data[entry]
            place[i] += 1
            if j != i:
                ids[place[j]], values[place[j]] = i, data[entry]
                place[j] += 1
    return starts, ids, values
