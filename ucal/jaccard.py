"""k-reciprocal Jaccard distance, sparse from end to end: memory grows with n, never with n x n.

Source: Zhong et al., CVPR 2017 (k-reciprocal encoding), as Self-paced Contrastive Learning and
Cluster Contrast compute it; differs: only pairs within `loosest` are kept, all sums are float64
and the result is rounded to float32, so that equal distances compare equal.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from ucal.events import Event, Sink, silent
from ucal.neighbours import Engine, Index, nearest_ids, pair_similarities
from ucal.seams import Check, never
from ucal.types import FloatArray, IntArray

Sparse = sparse.csr_array

_BINS = 1 << 20  # (row, row) sums held at once
_TRIPLES = 1 << 21  # (row, row, common neighbour) terms held at once


def jaccard_distance(  # noqa: PLR0913 - the one door to the distance: what, how, and who watches
    features: FloatArray,
    *,
    k1: int = 30,
    k2: int = 6,
    loosest: float = 0.6,
    engine: Engine = "torch",
    block_rows: int = 2048,
    device: str = "cpu",
    check: Check = never,
    sink: Sink = silent,
) -> Sparse:
    """Give the pairs with distance D <= loosest as a symmetric (n, n) float32 csr_array.

    features (n, d), rows of length 1. Stored zeros are distances of 0; absent means D > loosest,
    or no common neighbour (D = 1). k1 and k2 count the row itself.
    Time: n^2 d for the neighbours, then about n x 50 x 50.

    Raises:
        FeaturesError: not two-dimensional, or not finite.
    """
    ranks = nearest_ids(
        features, max(k1, k2), engine=engine, block_rows=block_rows, device=device, check=check, sink=sink
    )
    weights = _weights(features, expanded_neighbours(ranks, k1))
    return _distances(_averaged(weights, ranks[:, :k2]), loosest, check, sink)


def expanded_neighbours(ranks: IntArray, k1: int) -> Sparse:
    """Give E (n, n): each row's reciprocal neighbours, and those of neighbours that share most of theirs.

    The half set of a neighbour c joins when more than two thirds of it are neighbours already.
    """
    full = _reciprocal(ranks[:, :k1])
    half = _reciprocal(ranks[:, : int(np.around(k1 / 2)) + 1])
    shared = sparse.csr_array(full @ half.T).multiply(full).tocsr()  # |Rh(c) & R(i)| at (i, c) of R
    half_sizes = np.diff(half.indptr)
    shared.data = (3 * shared.data > 2 * half_sizes[shared.indices]).astype(np.int32)
    shared.eliminate_zeros()
    expanded: Sparse = (full + shared @ half).tocsr()
    expanded.sort_indices()
    return expanded


def _reciprocal(ranks: IntArray) -> Sparse:
    """Give R (n, n) of int32 ones: j is in i's list and i is in j's."""
    n, width = ranks.shape
    ones = np.ones(n * width, np.int32)
    listed = sparse.csr_array((ones, ranks.ravel(), np.arange(0, n * width + 1, max(width, 1))), shape=(n, n))
    both: Sparse = listed.multiply(listed.T).tocsr()
    return both


def _weights(features: FloatArray, neighbours: Sparse) -> Sparse:
    """Give V (n, n) float64: over each row's neighbours, the softmax of minus the squared distance."""
    n = len(features)
    rows = np.repeat(np.arange(n), np.diff(neighbours.indptr))
    closeness = np.exp(2.0 * pair_similarities(features, rows, neighbours.indices) - 2.0)
    totals = np.bincount(rows, weights=closeness, minlength=n)
    return sparse.csr_array((closeness / totals[rows], neighbours.indices, neighbours.indptr), shape=(n, n))


def _averaged(weights: Sparse, ranks: IntArray) -> Sparse:
    """Replace each row of V by the mean over its nearest rows (local query expansion)."""
    n, width = ranks.shape
    ones = np.ones(n * width)
    chosen = sparse.csr_array((ones, ranks.ravel(), np.arange(0, n * width + 1, max(width, 1))), shape=(n, n))
    averaged: Sparse = (chosen @ weights).tocsr()
    averaged.data /= max(width, 1)
    averaged.sort_indices()
    return averaged


def _distances(weights: Sparse, loosest: float, check: Check, sink: Sink) -> Sparse:
    """Give D = 1 - m / (2 - m) for m(i, j) = sum_k min(V_ik, V_jk), where D <= loosest."""
    n = weights.shape[0]
    limit = np.float32(loosest)
    parts: list[tuple[Index, Index, FloatArray]] = []
    for stop, rows, columns, shared in _shared_weights(weights, loosest):
        check()
        distances = np.clip(1.0 - shared / (2.0 - shared), 0.0, 1.0).astype(np.float32)
        kept = distances <= limit
        parts.append((rows[kept], columns[kept], distances[kept]))
        sink(Event("progress", {"done": stop, "total": n, "what": "cluster"}))
    return _mirrored(parts, n)


def _shared_weights(weights: Sparse, loosest: float) -> Iterator[tuple[int, Index, Index, NDArray[np.float64]]]:
    """Yield (last row + 1, i, j, m(i, j)) with j >= i block by block, where D may be within `loosest`.

    The inverted index lists for each k the rows that have it, rising; an entry (i, k) meets the
    rows from i on. Sums go into a small dense block (rows of the block x n).
    """
    n = weights.shape[0]
    columns = sparse.csc_array(weights)
    columns.sort_indices()
    place = np.empty(weights.nnz, np.int64)  # of each entry of V in the inverted index
    order = sparse.csr_array((np.arange(weights.nnz), weights.indices, weights.indptr), shape=(n, n)).tocsc()
    order.sort_indices()
    place[order.data] = np.arange(weights.nnz)
    meets = columns.indptr[weights.indices + 1].astype(np.int64) - place
    enough = 2.0 * (1.0 - loosest) / (2.0 - loosest) - 1e-6 if loosest < 1.0 else 0.0
    for start, stop in _blocks(weights.indptr, meets, n):
        entries = slice(weights.indptr[start], weights.indptr[stop])
        counts = meets[entries]
        ends = np.cumsum(counts)
        local = np.repeat(np.arange(stop - start), np.diff(weights.indptr[start : stop + 1]))
        width = n - start
        met = np.arange(ends[-1] if len(ends) else 0) + np.repeat(place[entries] - (ends - counts), counts)
        bins = columns.indices[met] + np.repeat(local * width - start, counts)
        terms = np.minimum(np.repeat(weights.data[entries], counts), columns.data[met])
        sums = np.asarray(np.bincount(bins, weights=terms, minlength=(stop - start) * width), np.float64)
        hits = np.flatnonzero(sums > max(enough, 0.0))
        yield stop, hits // width + start, hits % width + start, sums[hits]


def _blocks(indptr: Index, meets: IntArray, n: int) -> Iterator[tuple[int, int]]:
    """Yield runs of rows whose sums and terms stay within bounds (one row at least)."""
    terms = np.concatenate([[0], np.cumsum(meets)])[indptr]  # before each row
    start = 0
    while start < n:
        by_terms = int(np.searchsorted(terms, terms[start] + _TRIPLES, side="right")) - 1
        stop = min(n, max(start + 1, min(by_terms, start + _BINS // (n - start))))
        yield start, stop
        start = stop


def _mirrored(parts: list[tuple[Index, Index, FloatArray]], n: int) -> Sparse:
    """Build the symmetric matrix from its upper triangle, explicit zeros kept."""
    rows, columns, values = (
        np.concatenate([part[which] for part in parts]) if parts else np.empty(0, np.int64) for which in range(3)
    )
    off = rows != columns
    indices = (np.concatenate([rows, columns[off]]), np.concatenate([columns, rows[off]]))
    data = np.concatenate([values, values[off]]).astype(np.float32)
    matrix = sparse.coo_array((data, indices), shape=(n, n)).tocsr()
    matrix.sort_indices()
    return matrix
