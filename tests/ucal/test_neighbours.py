from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from tests import reference
from tests.strategies import KINDS, features, make_features
from ucal.errors import ConfigError, FeaturesError, InterruptedRun
from ucal.events import Event
from ucal.neighbours import nearest, nearest_ids, pair_similarities


def test_the_hand_example_is_ordered_by_falling_inner_product() -> None:
    rows = np.array([[1, 0], [0.6, 0.8], [0, 1], [0.8, 0.6]], np.float32)
    ids, similarities = nearest(rows, 3)
    assert ids.tolist() == [[0, 3, 1], [1, 3, 2], [2, 1, 3], [3, 1, 0]]
    np.testing.assert_allclose(similarities[0], [1, 0.8, 0.6], atol=1e-7)
    assert (ids.dtype, similarities.dtype) == (np.int64, np.float32)


@settings(max_examples=40, deadline=None)
@given(rows=features(40), k=st.integers(1, 45), block=st.integers(1, 50))
def test_it_is_the_literal_sort_whatever_the_block(rows: np.ndarray, k: int, block: int) -> None:
    ids, similarities = nearest(rows, k, block_rows=block)
    expected_ids, expected = reference.nearest(rows, min(k, len(rows)))
    np.testing.assert_array_equal(ids, expected_ids)
    np.testing.assert_array_equal(similarities, expected)


@pytest.mark.parametrize("kind", KINDS)
def test_faiss_and_torch_give_equal_results(kind: str) -> None:
    pytest.importorskip("faiss", reason="faiss is not installed")
    rows = make_features(kind, 300, 24, seed=1)
    for k in (1, 17, 300):
        ids, similarities = nearest(rows, k, engine="torch", block_rows=77)
        other_ids, other = nearest(rows, k, engine="faiss", block_rows=128)
        np.testing.assert_array_equal(ids, other_ids)
        np.testing.assert_array_equal(similarities, other)


def test_equal_rows_come_by_index_so_a_row_need_not_be_in_its_own_list() -> None:
    rows = make_features("identical", 200, 48, seed=0)
    assert (nearest_ids(rows, 30) == np.arange(30)).all()


def test_rows_that_differ_in_the_last_bits_only_are_still_ordered_exactly() -> None:
    generator = np.random.default_rng(0)
    rows = np.tile(make_features("noise", 1, 64, seed=5), (150, 1))
    rows *= 1 + generator.integers(-3, 4, (150, 64)).astype(np.float32) * np.float32(2**-23)
    np.testing.assert_array_equal(nearest_ids(rows, 20), reference.nearest(rows, 20)[0])


def test_k_is_capped_at_the_number_of_rows_and_no_rows_give_no_lists() -> None:
    assert nearest(make_features("noise", 5, 3, 0), 30)[0].shape == (5, 5)
    ids, similarities = nearest(np.empty((0, 4), np.float32), 3)
    assert ids.shape == similarities.shape == (0, 0)


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_features_that_are_not_finite_are_refused_with_the_row(value: float) -> None:
    rows = make_features("noise", 6, 3, 0)
    rows[4, 1] = value
    with pytest.raises(FeaturesError, match="got NaN or inf in 1 rows, first 4"):
        nearest(rows, 2)


def test_other_bad_input_is_refused_in_words() -> None:
    with pytest.raises(FeaturesError, match=r"expected shape \(rows, length\), got \(6,\)"):
        nearest(np.zeros(6, np.float32), 2)
    with pytest.raises(ConfigError, match="k of at least 1, got 0"):
        nearest(make_features("noise", 6, 3, 0), 0)
    with pytest.raises(ConfigError, match="one of torch, faiss, screened, faiss-ivf, faiss-hnsw, got 'annoy'"):
        nearest(make_features("noise", 6, 3, 0), 2, engine="annoy")  # type: ignore[arg-type]


def test_read_only_features_are_searched_and_left_as_they_are() -> None:
    rows = make_features("noise", 20, 5, 0)
    before = rows.copy()
    rows.flags.writeable = False
    nearest(rows, 3)
    np.testing.assert_array_equal(rows, before)


def test_it_tells_its_progress_and_can_be_interrupted_between_blocks() -> None:
    rows = make_features("noise", 10, 5, 0)
    events: list[Event] = []
    nearest_ids(rows, 3, block_rows=4, sink=events.append)
    assert [event.values["done"] for event in events] == [4, 8, 10]
    assert {(event.name, event.values["what"], event.values["total"]) for event in events} == {
        ("progress", "cluster", 10)
    }

    def stop() -> None:
        if len(events) > 4:
            raise InterruptedRun

    with pytest.raises(InterruptedRun):
        nearest_ids(rows, 3, block_rows=4, check=stop, sink=events.append)
    assert len(events) == 5


def test_the_precision_somebody_else_chose_for_products_is_put_back() -> None:
    torch.set_float32_matmul_precision("high")
    try:
        nearest_ids(make_features("noise", 10, 5, 0), 3)
        assert torch.get_float32_matmul_precision() == "high"
    finally:
        torch.set_float32_matmul_precision("highest")


def test_pair_similarities_are_symmetric_to_the_bit() -> None:
    rows = make_features("noise", 50, 33, 0)
    left, right = np.random.default_rng(0).integers(0, 50, (2, 200))
    np.testing.assert_array_equal(pair_similarities(rows, left, right), pair_similarities(rows, right, left))
