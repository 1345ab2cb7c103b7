"""Features made comparable: half whitening without labels, and a metric from what people confirmed."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import linalg, sparse

from ucal.types import FloatArray, IntArray

Double = NDArray[np.float64]
RANK = 128  # singular vectors kept


def whiten(features: FloatArray, rank: int = RANK) -> FloatArray:
    """Give (n, r) float32 rows of length 1, r = min(rank, d, n - 1): half whitened principal coordinates.

    The mean is subtracted, rows are projected on the first r right singular vectors, and coordinate
    k is divided by sqrt(s_k), s_k the singular value: directions of great variance (background,
    light) count less, as those of no variance do not count more. Directions without variance are
    dropped; a row equal to the mean stays zero. Time: n d^2 (or n^2 d where n < d).
    """
    centred = (features - features.mean(axis=0, dtype=np.float64)).astype(np.float32)
    n, d = centred.shape
    values, vectors = _largest(centred.T @ centred if n >= d else centred @ centred.T, max(1, min(rank, d, n - 1)))
    kept = values > 1e-6 * max(float(values.max()), 1e-12)
    if not kept.any():
        return np.zeros((n, 1), np.float32)
    values, vectors = values[kept], vectors[:, kept]
    projected = centred @ vectors if n >= d else vectors * np.sqrt(values)
    return unit(projected / values**0.25)


def _largest(symmetric: NDArray[np.float32], count: int) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Give the largest eigenvalues, falling, and their vectors (columns)."""
    n = len(symmetric)
    values, vectors = linalg.eigh(symmetric, subset_by_index=(n - count, n - 1))
    return np.asarray(values[::-1], np.float32), np.asarray(vectors[:, ::-1], np.float32)


def unit(rows: NDArray[np.floating]) -> FloatArray:
    """Give the rows at length 1 as float32; rows of zeros stay."""
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    return np.asarray(rows / np.where(lengths > 0, lengths, 1.0), dtype=np.float32)


def within_class(rows: FloatArray, components: IntArray, confirmed: IntArray) -> FloatArray:
    """Give rows (n, r) under the metric in which confirmed components are as round as can be.

    components (n,) is each row's component, -1 = none; confirmed (c,) are those with at least one
    human "same". Residuals are divided by sqrt(size), so that each component counts with its mean
    scatter; S, scaled to trace r, is shrunk to the identity with a = N / (N + 2r), N = rows less
    components; x = unit(x0 Sigma^(-1/2)). Below N = 20 the rows come back as they are.
    """
    chosen = np.isin(components, confirmed)
    members = rows[chosen].astype(np.float64)
    if not len(members):
        return rows
    _, codes, sizes = np.unique(components[chosen], return_inverse=True, return_counts=True)
    freedom, r = len(members) - len(sizes), rows.shape[1]
    if freedom < 20:
        return rows
    mean = sums(members, codes, len(sizes)) / sizes[:, None]
    residuals = (members - mean[codes]) / np.sqrt(sizes[codes])[:, None]
    scatter = residuals.T @ residuals
    scatter *= r / max(float(np.trace(scatter)), 1e-12)
    trust = freedom / (freedom + 2.0 * r)
    values, vectors = np.linalg.eigh(trust * scatter + (1.0 - trust) * np.eye(r))
    return unit(rows @ ((vectors / np.sqrt(values)) @ vectors.T).astype(np.float32))


def sums(rows: NDArray[np.floating], codes: IntArray, n_groups: int) -> Double:
    """Sum the rows (n, r) of each group, codes (n,) in 0..n_groups - 1: (n_groups, r) float64."""
    n = len(codes)
    table = sparse.csr_array((np.ones(n), (codes, np.arange(n))), shape=(n_groups, n))
    total: Double = table @ rows.astype(np.float64)
    return total
