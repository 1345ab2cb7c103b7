from __future__ import annotations

import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests import reference
from tests.strategies import KINDS, features, make_features
from ucal import jaccard
from ucal.errors import FeaturesError, InterruptedRun
from ucal.jaccard import expanded_neighbours, jaccard_distance


def dense(distance: jaccard.Sparse) -> np.ndarray:
    """Fill in 1 for absent pairs; stored zeros stay 0."""
    out = np.ones(distance.shape, np.float32)
    triples = distance.tocoo()
    out[triples.row, triples.col] = triples.data
    return out


def assert_is_reference(distance: jaccard.Sparse, expected: np.ndarray, loosest: float) -> None:
    """Same values within 1e-6, and no pair missing or extra but for those that lie on the limit."""
    stored = np.zeros(distance.shape, bool)
    triples = distance.tocoo()
    stored[triples.row, triples.col] = True
    np.testing.assert_allclose(triples.data, expected[triples.row, triples.col], atol=1e-6, rtol=0)
    assert (expected[stored] <= loosest + 1e-6).all()
    assert (expected[~stored] > loosest - 1e-6).all()


def test_the_hand_example_of_two_pairs_of_equal_rows() -> None:
    # k1 = 2, so each list is the pair itself: R = E = {the pair}. Both similarities are 1: V = (1/2, 1/2).
    # k2 = 1 leaves V. Within a pair m = 1, D = 0; across m = 0, D = 1 (absent).
    rows = np.array([[1, 0], [1, 0], [0, 1], [0, 1]], np.float32)
    distance = jaccard_distance(rows, k1=2, k2=1, loosest=0.6)
    np.testing.assert_array_equal(dense(distance), np.kron(np.eye(2) == 0, np.ones((2, 2))))
    assert distance.nnz == 8  # explicit zeros are kept


def test_the_hand_example_of_expansion_needs_more_than_two_thirds() -> None:
    # lists of 4 (half sets of 3 columns); row 0 lists 0,1,2,3, and 3 lists 3,0,1,2, and so on
    ranks = np.array([[0, 1, 2, 3], [1, 0, 2, 3], [2, 0, 1, 4], [3, 0, 1, 5], [4, 5, 2, 3], [5, 4, 3, 2]])
    # R(0) = {0,1,2,3}; R(2) = {2,0,1,4}: half sets Rh(0) = Rh(1) = Rh(2) = {0,1,2}, Rh(3) = {3}
    # E(3): R(3) = {3,0,1,5}; Rh(0) & R(3) = {0,1}, 2 of 3 is not MORE than two thirds: 2 stays out
    # Rh(5) = {5,4}, shares {5} with R(3), 1 of 2: 4 stays out too
    assert expanded_neighbours(ranks, 4)[[3]].indices.tolist() == [0, 1, 3, 5]
    # E(4): R(4) = {4,5,2}, (3 does not list 4); Rh(5) = {4,5} is inside and adds nothing new
    assert expanded_neighbours(ranks, 4)[[4]].indices.tolist() == [2, 4, 5]
    # were Rh(0) = {0,1}, both would lie in R(3): with lists of 2, halves of round(1) + 1 = 2
    assert expanded_neighbours(ranks, 2)[[0]].indices.tolist() == [0, 1]


@settings(max_examples=60, deadline=None)
@given(
    rows=features(40),
    k1=st.integers(2, 16),
    k2=st.integers(1, 8),
    loosest=st.sampled_from([0.3, 0.6, 0.62, 0.999]),
)
def test_it_is_the_literal_formula_within_a_millionth(rows: np.ndarray, k1: int, k2: int, loosest: float) -> None:
    distance = jaccard_distance(rows, k1=k1, k2=k2, loosest=loosest)
    assert_is_reference(distance, reference.jaccard(rows, k1, k2), loosest)


@pytest.mark.parametrize("kind", KINDS)
def test_it_is_the_literal_formula_with_the_papers_settings(kind: str) -> None:
    rows = make_features(kind, 120, 16, seed=3)
    distance = jaccard_distance(rows, k1=30, k2=6, loosest=0.62)
    assert_is_reference(distance, reference.jaccard(rows, 30, 6), 0.62)


def test_small_blocks_give_the_same_matrix(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = make_features("separable", 90, 8, seed=0)
    whole = jaccard_distance(rows)
    monkeypatch.setattr(jaccard, "_ROWS", 11)
    blocked = jaccard_distance(rows, block_rows=7)
    np.testing.assert_array_equal(dense(whole), dense(blocked))
    assert whole.nnz == blocked.nnz


@settings(max_examples=20, deadline=None)
@given(rows=features(50), loosest=st.floats(0.0, 1.0))
def test_it_is_symmetric_sorted_float32_within_the_limit(rows: np.ndarray, loosest: float) -> None:
    distance = jaccard_distance(rows, loosest=loosest)
    assert distance.dtype == np.float32
    assert distance.has_canonical_format
    np.testing.assert_array_equal(dense(distance), dense(distance).T)
    assert ((distance.data >= 0) & (distance.data <= np.float32(loosest))).all()


def test_a_looser_limit_only_adds_pairs() -> None:
    rows = make_features("noise", 80, 6, seed=2)
    tight, loose = (jaccard_distance(rows, loosest=limit) for limit in (0.5, 0.8))
    kept = np.where(dense(loose) <= np.float32(0.5), dense(loose), 1)
    np.testing.assert_array_equal(dense(tight), kept)
    assert tight.nnz < loose.nnz


def test_faiss_gives_the_same_matrix() -> None:
    pytest.importorskip("faiss", reason="faiss is not installed")
    rows = make_features("duplicates", 150, 12, seed=4)
    np.testing.assert_array_equal(dense(jaccard_distance(rows)), dense(jaccard_distance(rows, engine="faiss")))


def test_identical_rows_are_all_at_distance_zero() -> None:
    distance = jaccard_distance(make_features("identical", 70, 8, seed=0))
    assert distance.nnz == 70 * 70
    assert not distance.data.any()


def test_one_row_is_near_itself_and_no_rows_give_an_empty_matrix() -> None:
    assert dense(jaccard_distance(np.array([[1, 0]], np.float32))).tolist() == [[0]]
    assert jaccard_distance(np.empty((0, 3), np.float32)).shape == (0, 0)


def test_features_with_nan_are_refused() -> None:
    with pytest.raises(FeaturesError, match="NaN"):
        jaccard_distance(np.full((3, 2), np.nan, np.float32))


def test_it_can_be_interrupted_after_the_search() -> None:
    calls = iter(range(100))

    def stop() -> None:
        if next(calls) == 1:
            raise InterruptedRun

    with pytest.raises(InterruptedRun):
        jaccard_distance(make_features("noise", 20, 4, 0), check=stop)


def test_the_size_of_the_generated_data_set_takes_well_under_a_second() -> None:
    rows = make_features("separable", 1920, 128, seed=0)
    jaccard_distance(rows[:64])  # loads torch
    began = time.perf_counter()
    distance = jaccard_distance(rows, loosest=0.62)
    assert time.perf_counter() - began < 1.5  # about 0.15 s on one idle core; a shared runner is slower
    assert distance.nnz < 60 * len(rows)
