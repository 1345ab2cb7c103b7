"""Sets of whole numbers are what numpy's own functions give."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from ucal.efficient.keys import codes_of, distinct, found_in, pair_keys, pairs_of

numbers = st.lists(st.integers(0, 12), max_size=30).map(lambda values: np.array(values, np.int64))


@given(numbers)
def test_distinct_values_and_their_codes(values):
    names, codes = np.unique(values, return_inverse=True)
    assert distinct(values).tolist() == names.tolist()
    assert [found.tolist() for found in codes_of(values)] == [names.tolist(), codes.tolist()]


@given(numbers, numbers)
def test_what_is_found_in_others(values, others):
    assert found_in(values, np.sort(others)).tolist() == np.isin(values, others).tolist()


@given(numbers)
def test_pairs_come_back_in_their_order(values):
    pairs = values[: len(values) // 2 * 2].reshape(-1, 2)
    keys = distinct(pair_keys(pairs, 13))
    assert pairs_of(keys, 13).tolist() == np.unique(pairs, axis=0).reshape(-1, 2).tolist()
