from __future__ import annotations

import time
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests import reference, strategies
from tests.strategies import make_features
from ucal.memory import LabelMemory
from ucal.reorganise import reorganise
from ucal.types import Answer, Verdict

SAME, DIFFERENT = Verdict.SAME, Verdict.DIFFERENT


def remember(n: int, *answers: tuple[int, int, Verdict], bad: tuple[int, ...] = ()) -> LabelMemory:
    memory = LabelMemory(n, "closure", (Answer(f"a{i}", *answer) for i, answer in enumerate(answers)))
    for row in bad:
        memory.add(Answer(f"b{row}", row, (row + 1) % n, Verdict.BAD_IMAGE, bad_rows=(row,)))
    return memory


def on_arc(*degrees: float) -> np.ndarray:
    angles = np.deg2rad(degrees)
    return np.stack([np.cos(angles), np.sin(angles)], axis=1).astype(np.float32)


# -- hand examples ---------------------------------------------------------------------------------


def test_same_joins_whole_clusters_and_takes_outliers_in() -> None:
    labels = np.array([0, 0, 1, 1, -1, -1, -1, 2])
    memory = remember(8, (1, 2, SAME), (4, 3, SAME), (5, 6, SAME))
    #          0 and 1 become one, outlier 4 joins them, outliers 5 and 6 make a cluster, 2 is untouched
    assert reorganise(labels, make_features("noise", 8, 4, 0), memory).tolist() == [0, 0, 0, 0, 0, 1, 1, 2]


def test_different_parts_a_cluster_and_the_other_rows_go_to_the_nearest_seed() -> None:
    #                 seed A = row 0 at 0 degrees, seed B = row 3 at 60: rows at 10, 29 | 31, 50
    features = on_arc(0, 10, 29, 60, 31, 50)
    memory = remember(6, (0, 3, DIFFERENT))
    assert reorganise(np.zeros(6, np.int64), features, memory).tolist() == [0, 0, 0, 1, 1, 1]


def test_a_same_group_moves_as_one_to_where_any_of_its_rows_is_nearest() -> None:
    features = on_arc(0, 60, 20, 59)  # row 2 is nearer to 0, but row 3 is nearest of all, to row 1
    memory = remember(4, (0, 1, DIFFERENT), (2, 3, SAME))
    assert reorganise(np.zeros(4, np.int64), features, memory).tolist() == [0, 1, 1, 1]


def test_a_third_seed_joins_the_most_similar_part_it_differs_from_nowhere() -> None:
    features = on_arc(0, 90, 50)
    both_open = remember(4, (0, 1, DIFFERENT), (2, 3, DIFFERENT))
    # seeds by smallest row: 0 opens, 1 opens, 2 (50 degrees) is nearer to 1 (40 away) than to 0
    features = on_arc(0, 90, 50, 40)
    assert reorganise(np.zeros(4, np.int64), features, both_open).tolist() == [0, 1, 1, 0]
    # differing from 1 too, 2 joins 0; differing from both, it opens its own part
    assert reorganise(
        np.zeros(3, np.int64), features[:3], remember(3, (0, 1, DIFFERENT), (1, 2, DIFFERENT))
    ).tolist() == [0, 1, 0]
    all_apart = remember(3, (0, 1, DIFFERENT), (1, 2, DIFFERENT), (0, 2, DIFFERENT))
    assert reorganise(np.zeros(3, np.int64), features[:3], all_apart).tolist() == [0, 1, 2]


def test_larger_seeds_are_placed_first() -> None:
    # a chain 0 - {2, 3} - {4, 5} - 1 of differences. The groups of two go first and open parts 0 and 1;
    # 0 differs from the first and 1 from the second: two parts. By smallest row alone, 0 and 1 would
    # share a part and the groups would open one each: three parts.
    links = [(2, 3, SAME), (4, 5, SAME), (0, 2, DIFFERENT), (3, 4, DIFFERENT), (5, 1, DIFFERENT)]
    features = make_features("noise", 6, 4, 0)
    assert reorganise(np.zeros(6, np.int64), features, remember(6, *links)).tolist() == [0, 1, 1, 1, 0, 0]


def test_equal_rows_go_to_the_part_opened_first() -> None:
    memory = remember(40, (0, 1, DIFFERENT))
    labels = reorganise(np.zeros(40, np.int64), make_features("identical", 40, 24, 3), memory)
    assert labels.tolist() == [0, 1] + [0] * 38


def test_a_bad_image_leaves_its_cluster_and_its_links_no_longer_move_anything() -> None:
    assert reorganise(np.array([0, 0, 1, 1]), on_arc(0, 9, 20, 30), remember(4, (1, 2, SAME), bad=(1,))).tolist() == [
        *(0, -1, 1, 1)
    ]
    all_one = np.zeros(4, np.int64)
    assert reorganise(all_one, on_arc(0, 9, 20, 30), remember(4, (0, 1, DIFFERENT), bad=(1,))).tolist() == [0, -1, 0, 0]


def test_what_follows_through_a_bad_image_still_holds() -> None:
    memory = remember(4, (1, 2, SAME), (0, 1, DIFFERENT), bad=(1,))  # 0 and 2 are different
    assert reorganise(np.zeros(4, np.int64), on_arc(0, 10, 20, 30), memory).tolist() == [0, -1, 1, 1]


def test_rows_that_are_the_same_as_a_bad_image_stay_together() -> None:
    memory = remember(4, (0, 1, SAME), (1, 2, SAME), bad=(1,))
    assert reorganise(np.array([0, 0, 1, 2]), on_arc(0, 10, 20, 30), memory).tolist() == [0, -1, 0, 1]


def test_links_of_a_group_in_conflict_do_not_count() -> None:
    labels = np.array([0, 1, 2, 2])
    memory = remember(4, (0, 1, SAME), (1, 2, SAME), (0, 2, DIFFERENT), (2, 3, DIFFERENT))
    assert reorganise(labels, on_arc(0, 10, 20, 30), memory).tolist() == [0, 1, 2, 2]


def test_without_answers_clusters_are_only_numbered() -> None:
    labels = np.array([3, -1, 1, 3])
    assert reorganise(labels, on_arc(0, 1, 2, 3), LabelMemory(4)).tolist() == [0, -1, 1, 0]
    assert reorganise(np.empty(0, np.int64), np.empty((0, 2), np.float32), LabelMemory(0)).tolist() == []


def test_all_outliers_stay_outliers_but_for_the_same() -> None:
    memory = remember(5, (1, 3, SAME), (0, 4, DIFFERENT))
    assert reorganise(np.full(5, -1), on_arc(0, 1, 2, 3, 4), memory).tolist() == [-1, 0, -1, 0, -1]


# -- laws ------------------------------------------------------------------------------------------

N = 14
scenes = st.tuples(
    strategies.labels(N, 4),
    st.builds(make_features, st.sampled_from(strategies.KINDS), st.just(N), st.integers(2, 6), st.integers(0, 999)),
    strategies.answers(N, 30),
)


@settings(max_examples=150, deadline=None)
@given(scene=scenes)
def test_no_answer_outside_conflicts_is_broken(scene: tuple[np.ndarray, np.ndarray, list[Answer]]) -> None:
    labels, features, answers = scene
    memory = LabelMemory(N, "closure", answers)
    after = reorganise(labels, features, memory)
    bad = set(memory.bad_rows().tolist())
    assert all((after[row] == -1) for row in bad)
    for left, right in combinations(sorted(set(range(N)) - bad), 2):
        if memory.verdict(left, right) is SAME:
            assert after[left] == after[right] != -1
        elif memory.verdict(left, right) is DIFFERENT:
            assert after[left] != after[right] or after[left] == -1


@settings(max_examples=150, deadline=None)
@given(scene=scenes)
def test_it_is_the_rules_followed_with_sets_and_loops(scene: tuple[np.ndarray, np.ndarray, list[Answer]]) -> None:
    labels, features, answers = scene
    memory = LabelMemory(N, "closure", answers)
    expected = reference.reorganise(labels, features, memory)
    assert reorganise(labels, features, memory).tolist() == expected.tolist()


@settings(max_examples=100, deadline=None)
@given(scene=scenes)
def test_done_twice_it_changes_nothing_more(scene: tuple[np.ndarray, np.ndarray, list[Answer]]) -> None:
    labels, features, answers = scene
    memory = LabelMemory(N, "closure", answers)
    once = reorganise(labels, features, memory)
    np.testing.assert_array_equal(reorganise(once, features, memory), once)


@settings(max_examples=100, deadline=None)
@given(scene=scenes, random=st.randoms(use_true_random=False))
def test_the_order_of_answers_does_not_matter(
    scene: tuple[np.ndarray, np.ndarray, list[Answer]], random: object
) -> None:
    labels, features, answers = scene
    shuffled = answers.copy()
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    first, second = (reorganise(labels, features, LabelMemory(N, "closure", log)) for log in (answers, shuffled))
    np.testing.assert_array_equal(first, second)


@settings(max_examples=100, deadline=None)
@given(scene=scenes)
def test_clusters_without_an_answer_stay_whole_and_the_arguments_as_they_are(
    scene: tuple[np.ndarray, np.ndarray, list[Answer]],
) -> None:
    labels, features, answers = scene
    memory = LabelMemory(N, "closure", answers)
    labels_before, features_before = labels.copy(), features.copy()
    after = reorganise(labels, features, memory)
    touched = {int(labels[row]) for answer in answers for row in (answer.left, answer.right)}
    for cluster in set(labels.tolist()) - touched - {-1}:
        rows = np.flatnonzero(labels == cluster)
        assert (np.flatnonzero(after == after[rows[0]]) == rows).all()
    np.testing.assert_array_equal(labels, labels_before)
    np.testing.assert_array_equal(features, features_before)


@pytest.mark.parametrize("mode", ["closure", "pair"])
def test_a_perfect_annotator_of_all_pairs_gives_the_truth(mode: str) -> None:
    truth = np.random.default_rng(0).integers(0, 4, 16)
    memory = LabelMemory(16, mode)  # type: ignore[arg-type]
    for i, (left, right) in enumerate(combinations(range(16), 2)):
        memory.add(Answer(str(i), left, right, SAME if truth[left] == truth[right] else DIFFERENT))
    after = reorganise(np.zeros(16, np.int64), make_features("noise", 16, 4, 0), memory)
    np.testing.assert_array_equal(after[:, None] == after, truth[:, None] == truth)


def test_thirty_thousand_rows_and_fifty_thousand_answers_take_little() -> None:
    n, generator = 30_000, np.random.default_rng(0)
    truth = np.arange(n) // 20
    features = make_features("noise", n, 16, 0)
    pairs = generator.integers(0, n, (60_000, 2))
    pairs[::2, 1] = np.minimum(pairs[::2, 0] // 40 * 40 + generator.integers(0, 40, 30_000), n - 1)
    pairs = pairs[pairs[:, 0] != pairs[:, 1]][:50_000]
    verdicts = [SAME if same else DIFFERENT for same in truth[pairs[:, 0]] == truth[pairs[:, 1]]]
    answers = (Answer(str(i), *pair, v) for i, (pair, v) in enumerate(zip(pairs.tolist(), verdicts, strict=True)))
    memory = LabelMemory(n, "closure", answers)
    labels = np.arange(n) // 40  # every cluster holds two identities
    memory.groups()
    began = time.perf_counter()
    after = reorganise(labels, features, memory)
    assert time.perf_counter() - began < 4.0  # about 0.4 s on one idle core
    different = np.array(memory.cannot_pairs())
    assert (after[different[:, 0]] != after[different[:, 1]]).all()
