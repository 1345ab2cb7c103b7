"""What all proposers share: the clusters that may be asked about, and how a group is shown."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ucal.neighbours import pair_similarities
from ucal.seams import Scene
from ucal.types import OUTLIER, FloatArray, IntArray, Question, Reason, question_id


def active_clusters(scene: Scene) -> list[IntArray]:
    """Give the rows of each cluster, rising, in the clusters' order.

    Excluded rows (bad images, groups in conflict) are left out: nothing is asked about them here.
    """
    labels = scene.labels.copy()
    labels[scene.memory.excluded_rows()] = OUTLIER
    rows = np.flatnonzero(labels != OUTLIER)
    rows = rows[np.argsort(labels[rows], kind="stable")]
    if len(rows) == 0:
        return []
    return np.split(rows, np.flatnonzero(np.diff(labels[rows])) + 1)


def cosines(features: FloatArray) -> NDArray[np.float64]:
    """Give the cosine, clipped to [0, 1], of each pair of these rows of length 1, (m, m).

    The diagonal is 1: float32 rows are not of length 1 to the last bit, which must not break ties.
    """
    double = features.astype(np.float64)
    similarities: NDArray[np.float64] = np.clip(double @ double.T, 0.0, 1.0)
    np.fill_diagonal(similarities, 1.0)
    return similarities


def exemplars(features: FloatArray, medoid: int, rows: IntArray, spare: int) -> tuple[int, ...]:
    """Give the medoid, then up to `spare` more rows of its group, each the farthest from those before.

    Ties go to the lower row; rows equal in features may still follow each other.
    """
    from ucal.compiled import medoids as loops

    return tuple(loops.spread(features, rows, medoid, spare).tolist())


Side = tuple[int, Sequence[int], int]
"""(the row an answer links, the rows shown, the size of the group)"""


def make_question(scene: Scene, reason: Reason, left: Side, right: Side) -> Question:
    """Put two sides together; `similarity` is the plain cosine of the two linked rows."""
    pair = np.array([left[0]]), np.array([right[0]])
    return Question(
        id=question_id(scene.round, reason, left[0], right[0]),
        left=left[0],
        right=right[0],
        left_rows=tuple(left[1]),
        right_rows=tuple(right[1]),
        reason=reason,
        similarity=float(pair_similarities(scene.features, *pair)[0]),
        round=scene.round,
        left_size=left[2],
        right_size=right[2],
    )


def ask_rows(scene: Scene, reason: Reason, left: int, right: int) -> Question:
    """Ask about two rows alone."""
    return make_question(scene, reason, (left, (left,), 1), (right, (right,), 1))
