"""k-reciprocal Jaccard distance, sparse from end to end: memory grows with n, never with n x n.

Source: Zhong et al., CVPR 2017 (k-reciprocal encoding), as Self-paced Contrastive Learning and
Cluster Contrast compute it; differs: only pairs within `loosest` are kept, all sums are float64
and the result is rounded to float32, so that equal distances compare equal.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from ucal.events import Event, Sink, silent
from ucal.neighbours import DEFAULT, Effort, Engine, checked_features, nearest_ids
from ucal.seams import Check, never
from ucal.types import FloatArray, IntArray

Sparse = sparse.csr_array

_ROWS = 4096  # rows between two looks at whether to stop


def jaccard_distance(  # noqa: PLR0913 - the one door to the distance: what, how, and who watches
    features: FloatArray,
    *,
    k1: int = 30,
    k2: int = 6,
    loosest: float = 0.6,
    engine: Engine = "torch",
    block_rows: int = 2048,
    device: str = "cpu",
    effort: Effort = DEFAULT,
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
        features,
        max(k1, k2),
        engine=engine,
        block_rows=block_rows,
        device=device,
        effort=effort,
        check=check,
        sink=sink,
    )
    return distance_of_ranks(features, ranks, k1=k1, k2=k2, loosest=loosest, device=device, check=check, sink=sink)


def distance_of_ranks(  # noqa: PLR0913 - as `jaccard_distance`
    features: FloatArray,
    ranks: IntArray,
    *,
    k1: int = 30,
    k2: int = 6,
    loosest: float = 0.6,
    device: str = "cpu",
    check: Check = never,
    sink: Sink = silent,
) -> Sparse:
    """Give `jaccard_distance` for given neighbour lists (n, at least max(k1, k2)), nearest first."""
    features = checked_features(features)
    if device != "cpu" and len(features):
        return _on_device(device, features, ranks, k1=k1, k2=k2, loosest=loosest, check=check, sink=sink)
    weights = _weights(features, expanded_neighbours(ranks, k1))
    return _distances(_averaged(weights, ranks[:, :k2]), loosest, check, sink)


def _on_device(device: str, features: FloatArray, ranks: IntArray, **how: Any) -> Sparse:
    import torch

    from ucal.on_device.jaccard import distance_on
    from ucal.on_device.ragged import starts_of

    found = distance_on(torch.device(device), features, ranks, **how)
    indptr, indices, data = (part.cpu().numpy() for part in (starts_of(found.counts), found.ids, found.values))
    return sparse.csr_array((data, indices, indptr), shape=(len(features), len(features)))


def expanded_neighbours(ranks: IntArray, k1: int) -> Sparse:
    """Give E (n, n) of int32 ones: each row's reciprocal neighbours, and those of neighbours that share most of theirs.

    The half set of a neighbour c joins when more than two thirds of it are neighbours already.
    """
    from ucal.compiled import reciprocal as loops

    n = len(ranks)
    lists = np.ascontiguousarray(ranks, np.int32)
    full = _reciprocal(lists, min(k1, lists.shape[1]))
    half = _reciprocal(lists, min(int(np.around(k1 / 2)) + 1, k1, lists.shape[1]))
    indptr, indices, ones = _joined(_threaded(lambda a, b: loops.expanded(full, half, (a, b)), n), np.int32)
    return sparse.csr_array((ones, indices, indptr), shape=(n, n))


def _reciprocal(lists: NDArray[np.int32], width: int) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Give (ids (n, width), counts (n,)): j is in i's list and i is in j's."""
    from ucal.compiled import reciprocal as loops

    ids, counts = np.empty((len(lists), width), np.int32), np.empty(len(lists), np.int32)
    _threaded(lambda a, b: loops.reciprocal(lists, width, a, b, ids, counts), len(lists))
    return ids, counts


def _weights(features: FloatArray, neighbours: Sparse) -> Sparse:
    """Give V (n, n) float64: over each row's neighbours, the softmax of minus the squared distance."""
    from ucal.compiled import reciprocal as loops

    indptr, indices = neighbours.indptr.astype(np.int64), neighbours.indices.astype(np.int32)
    values = np.empty(len(indices), np.float64)
    _threaded(lambda a, b: loops.softmax_weights(features, indptr, indices, (a, b), values), len(features))
    return sparse.csr_array((values, indices, indptr), shape=neighbours.shape)


def _averaged(weights: Sparse, ranks: IntArray) -> Sparse:
    """Replace each row of V by the mean over its nearest rows (local query expansion)."""
    from ucal.compiled import reciprocal as loops

    arrays = _arrays(weights)
    nearest = np.ascontiguousarray(ranks, np.int32)
    indptr, indices, values = _joined(_threaded(lambda a, b: loops.averaged(*arrays, nearest, (a, b)), len(ranks)))
    return sparse.csr_array((values, indices, indptr), shape=weights.shape)


def _distances(weights: Sparse, loosest: float, check: Check, sink: Sink) -> Sparse:
    """Give D = 1 - m / (2 - m) for m(i, j) = sum_k min(V_ik, V_jk), where D <= loosest."""
    from ucal.compiled import reciprocal as loops

    n = weights.shape[0]
    arrays = _arrays(weights)
    inverted = loops.transposed(*arrays)
    parts = []
    for start in range(0, n, _ROWS):
        check()
        stop = min(start + _ROWS, n)

        def near(a: int, b: int, start: int = start) -> tuple[Any, ...]:
            return loops.near_pairs(arrays, inverted, (start + a, start + b), np.float32(loosest))

        parts += _threaded(near, stop - start)
        sink(Event("progress", {"done": stop, "total": n, "what": "cluster"}))
    indptr, indices, values = loops.mirrored(*_joined(parts, np.float32))
    return sparse.csr_array((values, indices, indptr), shape=(n, n))


def _arrays(matrix: Sparse) -> tuple[IntArray, NDArray[np.int32], NDArray[np.float64]]:
    """Give a matrix's arrays in the types that the compiled loops take."""
    return matrix.indptr.astype(np.int64), matrix.indices.astype(np.int32, copy=False), matrix.data


def _threaded(work: Callable[[int, int], Any], n: int) -> list[Any]:
    """Divide rows among torch's threads."""
    import torch

    from ucal.compiled import in_threads

    return in_threads(work, n, torch.get_num_threads(), 256) if n else []


def _joined(parts: list[tuple[Any, ...]], dtype: type = np.float64) -> tuple[Any, ...]:
    """Put (ends, ids, values) of consecutive rows together: (indptr, indices, values)."""
    if not parts:
        return np.zeros(1, np.int64), np.empty(0, np.int32), np.empty(0, dtype)
    sizes = np.cumsum([0] + [len(part[1]) for part in parts])
    ends = [part[0] + size for part, size in zip(parts, sizes[:-1], strict=True)]
    indptr = np.concatenate([[0], *ends]).astype(np.int64)
    return indptr, np.concatenate([part[1] for part in parts]), np.concatenate([part[2] for part in parts])
