"""Twenty data sets of five kinds: labels of every exact search against scikit-learn on the dense literal distance."""

from __future__ import annotations

import numpy as np
import pytest

from tests import reference
from tests.strategies import make_features
from tests.ucal.test_clustering import sklearn_labels
from ucal.candidates import Candidates, settle
from ucal.clustering import dbscan
from ucal.jaccard import distance_of_ranks
from ucal.neighbours import nearest_ids
from ucal.products import half_search
from ucal.seams import never
from ucal.types import FloatArray, IntArray

EPS = (0.58, 0.6, 0.62)
KINDS = ("separable", "chained", "duplicates", "identical", "heavy noise")


def data_set(kind: str, seed: int) -> FloatArray:
    """Give 120 to 210 rows; heavy noise: loose groups of about 8 among twice as many rows of no group."""
    n, d = 120 + 30 * seed, 8 + 8 * seed
    if kind != "heavy noise":
        return make_features(kind, n, d, seed)
    rows = make_features("noise", n, d, seed)
    rows[: n // 3] = make_features("separable", n // 3, d, seed)
    return rows


def by_half(rows: FloatArray, k: int) -> tuple[IntArray, int]:
    """Search with bfloat16 products, as `nearest_ids` does for large sets; what is not proven comes from the door."""
    k = min(k, len(rows))
    found: Candidates = next(iter(half_search(rows, 50)(min(k + 66, len(rows)), never, never)))
    ids, unproven = settle(rows, found, k)
    ids[unproven] = nearest_ids(rows, k)[unproven]
    return ids, int(unproven.sum())


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("kind", KINDS)
def test_labels_at_three_radii_are_scikit_learns_on_the_dense_reference(kind: str, seed: int) -> None:
    rows = data_set(kind, seed)
    dense = reference.jaccard(rows, 30, 6)
    lists = nearest_ids(rows, 30, block_rows=64)
    np.testing.assert_array_equal(by_half(rows, 30)[0], lists)
    distance = distance_of_ranks(rows, lists, loosest=EPS[-1])
    for eps in EPS:
        np.testing.assert_array_equal(dbscan(distance, eps, 4), sklearn_labels(dense, eps, 4))


def test_rounded_features_prove_most_rows_of_separable_data() -> None:
    rows = make_features("separable", 400, 64, seed=1)
    lists, unproven = by_half(rows, 6)
    np.testing.assert_array_equal(lists, nearest_ids(rows, 6))
    assert unproven < 40
