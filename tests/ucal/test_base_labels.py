"""How bases label rows at the start of a round."""

from __future__ import annotations

import numpy as np

from ucal.base_labels import true_labels


def test_true_labels_are_the_identities_by_smallest_row_and_junk_is_in_no_cluster() -> None:
    identities = np.array([7, -1, 3, 7, 0, 3])
    given = true_labels(identities)(np.zeros((6, 2), np.float32), None)
    assert given.labels.tolist() == [0, -1, 1, 0, 2, 1]
    assert given.distance is None
    assert given.threshold is None
    assert identities.tolist() == [7, -1, 3, 7, 0, 3]
