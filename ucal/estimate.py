"""How long clustering will take, from a pilot on some of the rows."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from ucal.jaccard import distance_of_ranks
from ucal.neighbours import DEFAULT, Effort, Engine, nearest_ids
from ucal.types import FloatArray

GROWTH = {"torch": 2.0, "faiss": 2.0, "screened": 2.0, "faiss-ivf": 1.5, "faiss-hnsw": 1.15}
"""The power of n that each search's time grows with."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """Wall seconds on this machine as busy as it is now, from `pilot` rows."""

    neighbours: float
    distance: float
    pilot: int

    @property
    def seconds(self) -> float:
        """Both together."""
        return self.neighbours + self.distance


def estimate(  # noqa: PLR0913 - as the search it stands for
    features: FloatArray,
    *,
    k1: int = 30,
    k2: int = 6,
    loosest: float = 0.6,
    engine: Engine = "torch",
    block_rows: int = 2048,
    device: str = "cpu",
    effort: Effort = DEFAULT,
    rows: int = 8192,
    clock: Callable[[], float] = time.perf_counter,
) -> Estimate:
    """Cluster `rows` rows, evenly spread, and scale: the search by n to its power (`GROWTH`), the distance by n.

    A pilot of the largest size that would be whole gives its own time. The first use of compiled loops is not
    counted: a few rows go first. The sampled check of approximate searches is left out (it grows with n, not n^2).
    """
    n = len(features)
    effort = Effort(effort.candidates, effort.length, effort.probes, effort.links, 0)
    pilot = np.ascontiguousarray(features[np.unique(np.linspace(0, n - 1, min(rows, n)).astype(np.int64))])
    spent = [0.0, 0.0]
    for part in (pilot[:512], pilot):
        began = clock()
        ranks = nearest_ids(part, max(k1, k2), engine=engine, block_rows=block_rows, device=device, effort=effort)
        middle = clock()
        distance_of_ranks(part, ranks, k1=k1, k2=k2, loosest=loosest, device=device)
        spent = [middle - began, clock() - middle]
    times = n / max(1, len(pilot))
    return Estimate(spent[0] * times ** GROWTH[engine], spent[1] * times, len(pilot))
