"""Lists reused between rounds are those of a new search, whatever moved."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.strategies import KINDS, make_features
from ucal.__main__ import main
from ucal.clustering import make_clusterer
from ucal.config import RunConfig
from ucal.events import Event
from ucal.neighbours import nearest_ids
from ucal.reuse import KeptLists
from ucal.types import FloatArray, IntArray


def lists(kept: KeptLists, rows: FloatArray, k: int = 8) -> tuple[IntArray, float, bool]:
    """Give the lists, the share reused, and whether a whole search was made."""
    searched = []

    def search() -> IntArray:
        searched.append(True)
        return nearest_ids(rows, k)

    ids, share = kept.lists(rows, k, search, block_rows=33)
    return ids, share, bool(searched)


@settings(max_examples=40, deadline=None)
@given(
    kind=st.sampled_from(KINDS), seed=st.integers(0, 1000), moved=st.integers(0, 30), step=st.sampled_from([1e-7, 1])
)
def test_after_some_rows_moved_the_lists_are_those_of_a_new_search(
    kind: str, seed: int, moved: int, step: float
) -> None:
    rows = make_features(kind, 100, 8, seed)
    kept = KeptLists()
    lists(kept, rows)
    after = rows.copy()
    chosen = np.random.default_rng(seed).choice(100, moved, replace=False)
    after[chosen] += np.float32(step) * make_features("noise", 100, 8, seed + 1)[chosen]
    after /= np.linalg.norm(after, axis=1, keepdims=True)
    np.testing.assert_array_equal(lists(kept, after)[0], nearest_ids(after, 8))


def test_nothing_moved_is_reused_whole_and_few_moved_rows_leave_most_lists() -> None:
    rows = make_features("separable", 800, 32, seed=1)
    kept = KeptLists()
    assert lists(kept, rows)[1:] == (0.0, True)
    assert lists(kept, rows)[1:] == (1.0, False)
    after = rows.copy()
    after[5] = -after[5]
    share, searched = lists(kept, after)[1:]
    assert 0.9 < share < 1.0
    assert not searched


@pytest.mark.parametrize("change", ["rows", "length", "k", "most rows"])
def test_a_whole_search_is_made_where_the_kept_lists_do_not_fit(change: str) -> None:
    rows = make_features("separable", 200, 16, seed=1)
    kept = KeptLists()
    lists(kept, rows)
    other = {"rows": rows[:-1], "length": rows[:, :-1], "k": rows, "most rows": -rows}[change]
    ids, share, searched = lists(kept, other, 9 if change == "k" else 8)
    assert (share, searched) == (0.0, True)
    np.testing.assert_array_equal(ids, nearest_ids(np.ascontiguousarray(other), 9 if change == "k" else 8))


def test_approximate_lists_are_reused_only_where_nothing_moved() -> None:
    rows = make_features("separable", 200, 16, seed=1)
    kept = KeptLists(exact=False)
    lists(kept, rows)
    assert lists(kept, rows)[1:] == (1.0, False)
    after = rows.copy()
    after[0] = -after[0]
    assert lists(kept, after)[1:] == (0.0, True)


def test_a_clusterer_that_saw_the_features_before_gives_the_same_clusters_and_says_what_it_reused() -> None:
    events: list[Event] = []
    rows = make_features("separable", 300, 16, seed=2)
    cluster = make_clusterer(RunConfig(), sink=events.append)
    first, second = cluster(rows, None), cluster(rows, None)
    np.testing.assert_array_equal(first.labels, second.labels)
    assert [event.values["share"] for event in events if event.name == "reused"] == [1.0]
    moved = rows.copy()
    moved[3] = -moved[3]
    third = cluster(moved, None)
    np.testing.assert_array_equal(third.labels, make_clusterer(RunConfig())(moved, None).labels)


def test_fewer_rows_than_neighbours_are_reused_too() -> None:
    rows = make_features("noise", 5, 4, seed=2)
    kept = KeptLists()
    first = lists(kept, rows)[0]
    again, share, searched = lists(kept, rows)
    np.testing.assert_array_equal(again, first)
    assert (share, searched) == (1.0, False)


def test_a_simulated_runs_result_says_what_each_search_was_worth(tmp_path) -> None:
    rows = make_features("separable", 300, 16, seed=2)
    np.savez(tmp_path / "f.npz", feats=rows, ids=np.arange(300) // 8)
    words = ["--features", tmp_path / "f.npz", "--policy", "none", "--epochs", 1, "--device", "cpu"]
    settings = ["--set", "neighbours=screened", "--set", "search_checked=50", "--json", tmp_path / "r.json"]
    assert main(["simulate", *map(str, words + settings)]) == 0
    (search,) = json.loads((tmp_path / "r.json").read_text())["searches"]
    assert (search["event"], search["engine"], search["checked"]) == ("neighbours", "screened", 50)
    assert 0.0 <= search["missed"] <= search["differing"] <= 1.0
