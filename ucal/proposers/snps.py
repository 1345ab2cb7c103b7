"""SNPS: where a cluster may hold several identities, ask whether its groups are the same.

Source: UCAL 3.2.1, Eqs. 2-4.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from ucal.config import RunConfig
from ucal.errors import ConfigError
from ucal.medoids import k_medoids
from ucal.proposers.groups import active_clusters, cosines, exemplars, make_question
from ucal.seams import Scene
from ucal.types import IntArray, Question, Reason

Similarities = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Split:
    """The best division of one cluster: `medoids` (k,) and `groups` (m,) count within the cluster."""

    medoids: IntArray
    groups: IntArray
    score: float


def propose_splits(scene: Scene, config: RunConfig) -> list[Question]:
    """Ask about every two groups of each cluster's best division that the memory does not decide.

    Best first: clusters by falling score per group (compact, well separated groups are the likeliest
    splits), then the cluster's pairs by falling similarity.

    Source: UCAL 3.2.1; readings 1-5 of `docs/methods.md` are settings.
    """
    found = []
    for rows in active_clusters(scene):
        if len(rows) >= config.snps_min_cluster:
            similarities = _similarities(scene, rows, config)
            split = best_split(similarities, config)
            if split is not None:
                found.append((-split.score / len(split.medoids), int(rows[0]), rows, split))
    found.sort(key=lambda item: item[:2])
    return [question for _, _, rows, split in found for question in _questions(scene, rows, split, config)]


def best_split(similarities: Similarities, config: RunConfig) -> Split | None:
    """Give the division with k* groups (Eq. 4) of one cluster's (m, m) similarities, ties to the smaller k.

    A k that makes a group of fewer than `snps_min_group` rows is not considered; None when none is left.
    """
    best: Split | None = None
    distance = 1.0 - similarities
    for k in range(2, min(k_max(len(similarities), config), len(similarities)) + 1):
        medoids, groups = k_medoids(distance, k, config.medoids)
        if np.bincount(groups).min() < config.snps_min_group:
            continue
        score = split_score(similarities, groups)
        if best is None or score > best.score + 1e-12:
            best = Split(medoids, groups, score)
    return best


def k_max(size: int, config: RunConfig) -> int:
    """Give the largest k for a cluster of this size: sqrt(size / 2) / 2, floored.

    Source: UCAL, below Eq. 4; differs: at least 2 unless `snps_k_max` is `literal`, since as
    printed no cluster below 32 rows would ever be asked about.
    """
    printed = int(np.sqrt(size / 2.0) / 2.0)
    return printed if config.snps_k_max == "literal" else max(2, printed)


def split_score(similarities: Similarities, groups: IntArray) -> float:
    """Give sum_j comp_j * indep_j (Eqs. 2-4) of similarities (m, m) and groups (m,) numbered 0..k-1.

    comp_j = the least similarity inside group j (1 for a group of one row), indep_j = 1 - the
    largest similarity between group j and the other groups.
    """
    from ucal.compiled import medoids as loops

    comp, nearest = loops.group_bounds(similarities, groups, int(groups.max()) + 1)
    return float((comp * (1.0 - nearest)).sum())


def _similarities(scene: Scene, rows: IntArray, config: RunConfig) -> Similarities:
    if config.snps_similarity == "cosine":
        return cosines(scene.features[rows])
    if scene.distance is None:
        raise ConfigError("snps_similarity: expected 'cosine' where there is no distance, got 'jaccard'")
    part = scene.distance[rows][:, rows].tocoo()
    similarities = np.zeros((len(rows), len(rows)))  # absent = distance 1
    similarities[part.row, part.col] = 1.0 - part.data.astype(np.float64)
    np.fill_diagonal(similarities, 1.0)
    return similarities


def _questions(scene: Scene, rows: IntArray, split: Split, config: RunConfig) -> list[Question]:
    sides = []
    for group, medoid in enumerate(rows[split.medoids].tolist()):
        members = rows[split.groups == group]
        sides.append((medoid, exemplars(scene.features, medoid, members, config.exemplars), len(members)))
    questions = [
        make_question(scene, Reason.SPLIT, left, right)
        for left, right in combinations(sides, 2)
        if not scene.memory.decided(left[0], right[0])
    ]
    return sorted(questions, key=lambda question: (-question.similarity, question.pair))
