"""SPAL: of each cluster, the farthest pair inside and the nearest pair across its border.

Source: SPAL ("Support Pair Active Learning", arXiv 2204.10008), support pairs.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ucal.config import RunConfig
from ucal.errors import ConfigError
from ucal.memory import LabelMemory
from ucal.proposers.groups import active_clusters, ask_rows
from ucal.proposers.ucal import propose_conflicts
from ucal.seams import Scene
from ucal.types import IntArray, Question, Reason

_BLOCK = 1 << 22  # similarities held at once
_TRIES = 1000  # decided pairs passed over before a cluster's side is given up


class SpalProposer:
    """Ask about each cluster's two support pairs; contradictions first, which is ours."""

    stages: tuple[str, ...] = ("conflict", "support")

    def __init__(self, config: RunConfig) -> None:
        self.config = config

    def __call__(self, scene: Scene) -> Sequence[Question]:
        """Give one stage's questions."""
        if scene.stage not in self.stages:
            raise ConfigError(f"stage: expected one of {', '.join(self.stages)}, got {scene.stage!r}")
        return propose_conflicts(scene) if scene.stage == "conflict" else propose_support(scene)


def propose_support(scene: Scene) -> list[Question]:
    """Ask, cluster by cluster, about its undecided pair of least similarity inside and of largest across its border.

    Similarity is the cosine; outliers are outside every cluster, excluded rows nowhere; ties go to the
    pair of lower rows. A pair that two clusters share is asked once. Time: n^2 d.
    """
    excluded = scene.memory.excluded_rows()
    free = np.setdiff1d(np.arange(len(scene.labels)), excluded)
    found: dict[tuple[int, int], Reason] = {}
    for rows in active_clusters(scene):
        inside = farthest_inside(scene, rows)
        outside = nearest_outside(scene, rows, np.setdiff1d(free, rows))
        if inside is not None:
            found.setdefault(inside, Reason.SPLIT)
        if outside is not None:
            found.setdefault(outside, Reason.MERGE)
    return [ask_rows(scene, reason, *pair) for pair, reason in found.items()]


def farthest_inside(scene: Scene, rows: IntArray) -> tuple[int, int] | None:
    """Give the least similar undecided pair (i, j), i < j, of one cluster; None where none is left."""
    scores = -_similarities(scene, rows, rows)
    scores[np.tril_indices(len(rows))] = -np.inf
    return _best_undecided(scores, rows, rows, scene.memory)


def nearest_outside(scene: Scene, rows: IntArray, others: IntArray) -> tuple[int, int] | None:
    """Give the most similar undecided pair (i, j), i < j, of a row of the cluster and one of `others`."""
    best: tuple[tuple[float, tuple[int, int]], tuple[int, int]] | None = None
    step = max(1, _BLOCK // max(1, len(rows)))
    for start in range(0, len(others), step):
        part = others[start : start + step]
        scores = _similarities(scene, rows, part)
        pair = _best_undecided(scores, rows, part, scene.memory)
        if pair is not None:
            similarity = float(_similarities(scene, np.array(pair[:1]), np.array(pair[1:]))[0, 0])
            key = (-similarity, pair)
            best = min(best, (key, pair)) if best is not None else (key, pair)
    return None if best is None else best[1]


def _similarities(scene: Scene, left: IntArray, right: IntArray) -> NDArray[np.float64]:
    """Give cosines (l, r), rounded to float32's digits so that equal features tie."""
    product = scene.features[left].astype(np.float64) @ scene.features[right].astype(np.float64).T
    return product.astype(np.float32).astype(np.float64)


def _best_undecided(
    scores: NDArray[np.float64], left: IntArray, right: IntArray, memory: LabelMemory
) -> tuple[int, int] | None:
    """Give the pair of rows of the largest score that the memory does not decide; changes `scores`."""
    for _ in range(_TRIES):
        if scores.size == 0:
            return None
        top = scores.max()
        if top == -np.inf:
            return None
        rows, columns = np.nonzero(scores == top)
        pairs = np.sort(np.stack([left[rows], right[columns]], axis=1), axis=1)
        for place in np.lexsort((pairs[:, 1], pairs[:, 0])).tolist():
            pair = (int(pairs[place, 0]), int(pairs[place, 1]))
            if not memory.decided(*pair):
                return pair
        scores[rows, columns] = -np.inf
    return None
