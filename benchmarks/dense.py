"""The usual dense computation, written from the formulas: n x n arrays and a loop over rows. For comparison only."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from sklearn.cluster import DBSCAN


def dense_distance(features: np.ndarray, k1: int = 30, k2: int = 6) -> np.ndarray:
    """Give the k-reciprocal Jaccard distance (n, n) float32 of rows (n, d), three such arrays at once."""
    n = len(features)
    squared = 2.0 - 2.0 * (features @ features.T)
    ranks = np.argpartition(squared, np.arange(1, k1 + 1), axis=1)[:, :k1] if n > k1 else np.argsort(squared)
    half = int(np.around(k1 / 2)) + 1
    weights = np.zeros((n, n), np.float32)
    for i in range(n):
        own = _reciprocal(ranks, i, k1)
        expanded = own
        for c in own:
            other = _reciprocal(ranks, c, half)
            if len(np.intersect1d(other, own)) > 2 / 3 * len(other):
                expanded = np.append(expanded, other)
        expanded = np.unique(expanded)
        closeness = np.exp(-squared[i, expanded])
        weights[i, expanded] = closeness / closeness.sum()
    del squared
    weights = np.stack([weights[ranks[i, :k2]].mean(axis=0) for i in range(n)])
    holders = [np.flatnonzero(weights[:, k]) for k in range(n)]
    distance = np.empty((n, n), np.float32)
    for i in range(n):
        shared = np.zeros(n, np.float32)
        for k in np.flatnonzero(weights[i]):
            shared[holders[k]] += np.minimum(weights[i, k], weights[holders[k], k])
        distance[i] = 1.0 - shared / (2.0 - shared)
    return np.clip(distance, 0.0, 1.0)


def _reciprocal(ranks: np.ndarray, i: int, width: int) -> np.ndarray:
    forward = ranks[i, :width]
    return forward[(ranks[forward, :width] == i).any(axis=1)]


def dense_labels(features: np.ndarray, radii: Sequence[float], min_samples: int = 4) -> list[np.ndarray]:
    """Give scikit-learn's DBSCAN labels at each radius."""
    distance = dense_distance(features)
    return [
        DBSCAN(eps=eps, min_samples=min_samples, metric="precomputed", n_jobs=-1).fit_predict(distance) for eps in radii
    ]
