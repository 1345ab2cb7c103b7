"""MCL's proposals: for images outside the clustered subset, is this image of the cluster that its prototype names?

Source: "Meta Clustering Learning" (centroids as proxy annotators); asking people is ours.
"""

from __future__ import annotations

import numpy as np

from ucal.config import RunConfig
from ucal.meta import annotate, meta_prototypes, subset_of
from ucal.proposers.groups import Side, exemplars, make_question
from ucal.seams import Scene
from ucal.types import OUTLIER, FloatArray, IntArray, Question, Reason


def propose_proxies(scene: Scene, config: RunConfig) -> list[Question]:
    """Ask about rows outside X1 in no cluster, with the medoid of their likeliest cluster, the surest first.

    At most `mcl_ask` times as many as there are clusters, and at least one where `mcl_ask` is above 0; pairs
    that the memory decides are left out.
    """
    inside = subset_of(len(scene.labels), config.mcl_rho, config.seed)
    excluded = scene.memory.excluded_rows()
    labels = np.where(inside, scene.labels, OUTLIER)
    labels[excluded] = OUTLIER
    names, first = np.unique(labels[labels != OUTLIER], return_inverse=True)
    labels[labels != OUTLIER] = first
    waiting = np.setdiff1d(np.flatnonzero(~inside & (scene.labels == OUTLIER)), excluded)
    if len(names) == 0 or len(waiting) == 0 or config.mcl_ask == 0:
        return []
    prototypes = meta_prototypes(scene.features, labels)
    best, confidence = annotate(scene.features[waiting], prototypes, config.tau)
    room = max(1, int(config.mcl_ask * len(names)))
    sides: dict[int, Side] = {}
    questions: list[Question] = []
    for place in np.lexsort((waiting, -confidence)).tolist():
        if len(questions) == room:
            break
        row, cluster = int(waiting[place]), int(best[place])
        if cluster not in sides:
            sides[cluster] = _side(scene, np.flatnonzero(labels == cluster), prototypes[cluster], config.exemplars)
        if not scene.memory.decided(sides[cluster][0], row):
            questions.append(make_question(scene, Reason.MERGE, sides[cluster], (row, (row,), 1)))
    return questions


def _side(scene: Scene, rows: IntArray, prototype: FloatArray, spare: int) -> Side:
    """Show a cluster's row nearest to its prototype, and exemplars."""
    medoid = int(rows[np.argmax(scene.features[rows] @ prototype)])
    return medoid, exemplars(scene.features, medoid, rows, spare), len(rows)
