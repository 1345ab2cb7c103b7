"""k-medoids on a given distance, deterministic: exact for two groups of few rows, FasterPAM beyond."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray

from ucal.errors import ConfigError
from ucal.types import IntArray

Distances = NDArray[np.float64]

EXACT_ROWS = 300  # up to this size every pair of rows is tried for k = 2 (m^3 / 2 operations)
_TIE = 1e-12  # costs closer than this (per row) are equal: the sums' rounding must not decide


def k_medoids(
    distance: Distances, k: int, engine: Literal["own", "scikit-learn-extra"] = "own"
) -> tuple[IntArray, IntArray]:
    """Choose k rows so that the sum of distances to the nearest chosen row is small.

    distance (m, m) float64, symmetric. Gives the medoids (k,) rising, and for each row the number
    of its group (m,) in 0..k-1: the nearest medoid, ties to the lower row; a medoid is in its own.
    k = 1, and k = 2 up to `EXACT_ROWS` rows, are optimal, the first optimum by rows; others are local optima.

    Source: Schubert & Rousseeuw 2021 (FasterPAM), Kaufman & Rousseeuw 1990 (BUILD); UCAL 3.2.1 asks for k-medoids.

    Raises:
        ConfigError: k outside 1..m, or an engine that is not installed.
    """
    distance = np.ascontiguousarray(distance, np.float64)
    m = len(distance)
    if not 1 <= k <= m:
        raise ConfigError(f"k_medoids: expected k in 1..{m}, got {k}")
    if engine == "scikit-learn-extra":
        medoids = _extra(distance, k)
    elif k == 1:
        medoids = np.array([_first_least(distance.sum(axis=0), m)])
    elif k == 2 and m <= EXACT_ROWS:
        medoids = _best_pair(distance)
    else:
        medoids = _faster_pam(distance, _build(distance, k))
    medoids = np.sort(medoids).astype(np.int64)
    return medoids, _assign(distance, medoids)


def _assign(distance: Distances, medoids: IntArray) -> IntArray:
    groups: IntArray = np.argmin(distance[:, medoids], axis=1).astype(np.int64)
    groups[medoids] = np.arange(len(medoids))  # equal rows: each medoid keeps its group
    return groups


def _first_least(costs: Distances, m: int) -> int:
    """Give the first index whose cost is least, up to rounding."""
    return int(np.flatnonzero(costs <= costs.min() + _TIE * m)[0])


def _best_pair(distance: Distances) -> IntArray:
    """Try all pairs of rows."""
    from ucal.compiled import medoids as loops

    m = len(distance)
    return np.array(np.divmod(_first_least(loops.pair_costs(distance).ravel(), m), m))


def _build(distance: Distances, k: int) -> IntArray:
    """Start greedily: each medoid lowers the cost most, given those before."""
    from ucal.compiled import medoids as loops

    m = len(distance)
    chosen = [_first_least(distance.sum(axis=0), m)]
    nearest = distance[chosen[0]].copy()
    while len(chosen) < k:
        costs = loops.added_costs(distance, nearest)
        costs[chosen] = np.inf
        chosen.append(_first_least(costs, m))
        nearest = np.minimum(nearest, distance[chosen[-1]])
    return np.array(chosen)


def _faster_pam(distance: Distances, medoids: IntArray) -> IntArray:
    """Swap a row for a medoid as soon as that lowers the cost, until none does for a whole turn."""
    from ucal.compiled import medoids as loops

    return loops.faster_pam(distance, medoids.astype(np.int64), _TIE * len(distance))


def _extra(distance: Distances, k: int) -> IntArray:
    try:
        from sklearn_extra.cluster import KMedoids
    except ImportError as error:
        raise ConfigError(
            "medoids: 'scikit-learn-extra' is not installed; install it or set medoids to 'own'"
        ) from error
    except ValueError as error:  # its wheel was built for numpy 1: "numpy.dtype size changed"
        raise ConfigError(
            f"medoids: 'scikit-learn-extra' is installed and does not load ({error}); build it from source "
            "(pip install --no-binary scikit-learn-extra scikit-learn-extra) or set medoids to 'own'"
        ) from error
    model = KMedoids(n_clusters=k, metric="precomputed", method="pam", init="build", random_state=0)
    return np.asarray(model.fit(distance).medoid_indices_, np.int64)
