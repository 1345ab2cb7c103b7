"""MPPS: where two clusters may be one identity, ask whether their most central images are the same.

Source: UCAL 3.2.2, Eqs. 5-6.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ucal.config import RunConfig
from ucal.neighbours import nearest
from ucal.proposers.groups import Side, active_clusters, exemplars, make_question
from ucal.seams import Scene
from ucal.types import FloatArray, IntArray, Question, Reason

_FLAT = 1e-6  # differences of similarities (float32) within this are equal


def propose_merges(scene: Scene, config: RunConfig) -> list[Question]:
    """Ask about each centroid's first candidates, each pair of clusters once, by falling similarity.

    The images shown are the rows nearest to the centroids; pairs of them that the memory decides are
    left out; `mpps_known = cluster` also leaves out clusters that hold rows known to differ, which a "same"
    could not merge. How many of the "same" answers merge (20 % of the clusters a round) is the loop's business.

    Source: UCAL 3.2.2; readings 6-9 of `docs/methods.md`.
    """
    clusters = active_clusters(scene)
    if len(clusters) < 2:
        return []
    centroids = centroids_of(scene.features, clusters)
    known = _known_apart(scene, clusters) if config.mpps_known == "cluster" else set()
    pairs = [pair for pair in candidate_pairs(centroids, config) if pair not in known]
    medoids = [int(rows[np.argmax(scene.features[rows] @ centroids[i])]) for i, rows in enumerate(clusters)]
    sides: dict[int, Side] = {}
    questions = []
    for pair in pairs:
        if scene.memory.decided(medoids[pair[0]], medoids[pair[1]]):
            continue
        for i in pair:
            if i not in sides:
                shown = exemplars(scene.features, medoids[i], clusters[i], config.exemplars)
                sides[i] = (medoids[i], shown, len(clusters[i]))
        questions.append(make_question(scene, Reason.MERGE, sides[pair[0]], sides[pair[1]]))
    return questions


def _known_apart(scene: Scene, clusters: list[IntArray]) -> set[tuple[int, int]]:
    """Give the pairs of clusters (i, j), i < j, that hold two rows which the answers keep apart."""
    cluster_of = {int(row): i for i, rows in enumerate(clusters) for row in rows}
    pairs = ((cluster_of.get(left), cluster_of.get(right)) for left, right in scene.memory.cannot_pairs())
    return {(min(i, j), max(i, j)) for i, j in pairs if i is not None and j is not None}


def centroids_of(features: FloatArray, clusters: list[IntArray]) -> FloatArray:
    """Give each cluster's mean feature at length 1, (clusters, d); a mean of 0 stays 0."""
    means = np.stack([features[rows].mean(axis=0, dtype=np.float64) for rows in clusters])
    lengths = np.linalg.norm(means, axis=1, keepdims=True)
    return (means / np.where(lengths > 0, lengths, 1.0)).astype(np.float32)


def candidate_pairs(centroids: FloatArray, config: RunConfig) -> list[tuple[int, int]]:
    """Give the pairs (i, j), i < j, of centroids to ask about, by falling similarity.

    Each centroid ranks the others (at most `mpps_l_max`) and offers the first `n_asked` of them.
    """
    count = len(centroids)
    ids, similarities = nearest(centroids, min(config.mpps_l_max, count - 1) + 1)
    found: dict[tuple[int, int], float] = {}
    for i in range(count):
        others = _without(ids[i], i)
        ranked = np.clip(similarities[i][others], 0.0, 1.0).astype(np.float64)
        for place in range(n_asked(ranked, config)):
            j = int(ids[i][others[place]])
            found[min(i, j), max(i, j)] = float(similarities[i][others[place]])
    return sorted(found, key=lambda pair: (-found[pair], pair))


def n_asked(ranked: NDArray[np.float64], config: RunConfig) -> int:
    """Give how many of a centroid's candidates to ask about, from their falling similarities s_1, s_2, ...

    d_l = s_l - s_(l+1), min-max normalised to d* (Eqs. 5-6). With l the first (setting: the last) whose
    d*_l > delta, ranks 1..l+1 are asked. Fewer than two candidates or a flat list: rank 1. No
    crossing (delta = 1): all.
    """
    steps = ranked[:-1] - ranked[1:]
    if len(ranked) < 2 or steps.max() - steps.min() <= _FLAT:
        return min(1, len(ranked))
    normal = (steps - steps.min()) / (steps.max() - steps.min())
    over = np.flatnonzero(normal > config.mpps_delta)
    if len(over) == 0:
        return len(ranked)
    return int(over[0] if config.mpps_crossing == "first" else over[-1]) + 2


def _without(ids: IntArray, own: int) -> IntArray:
    """Give the places of the others in a row's list, one fewer than the list is long.

    Of many equal centroids, one may be missing from its own list: then the last place goes.
    """
    return np.flatnonzero(ids != own)[: len(ids) - 1]
