"""Labels as numbers: in which order clusters are counted."""

from __future__ import annotations

import numpy as np

from ucal.types import OUTLIER, IntArray


def renumber(labels: IntArray) -> IntArray:
    """Number clusters by their smallest row: 0, 1, 2, ...; outliers stay -1."""
    out = np.full(len(labels), OUTLIER, np.int64)
    inside = labels != OUTLIER
    out[inside] = by_first(labels[inside])
    return out


def by_first(values: IntArray) -> IntArray:
    """Renumber values by where each first appears."""
    _, first, codes = np.unique(values, return_index=True, return_inverse=True)
    rank = np.empty(len(first), np.int64)
    rank[np.argsort(first)] = np.arange(len(first))
    return rank[codes]
