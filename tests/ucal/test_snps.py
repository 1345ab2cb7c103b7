from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests import reference, strategies
from tests.strategies import make_features
from ucal.config import RunConfig
from ucal.errors import ConfigError
from ucal.jaccard import jaccard_distance
from ucal.medoids import k_medoids
from ucal.memory import LabelMemory
from ucal.proposers.groups import exemplars
from ucal.proposers.snps import best_split, k_max, propose_splits, split_score
from ucal.seams import Scene
from ucal.types import Answer, Reason, Verdict, question_id

CONFIG = RunConfig()

# four rows with these similarities, groups {0, 1} and {2, 3}
FOUR = np.array(
    [
        [1.0, 0.9, 0.3, 0.2],
        [0.9, 1.0, 0.4, 0.1],
        [0.3, 0.4, 1.0, 0.8],
        [0.2, 0.1, 0.8, 1.0],
    ]
)


def with_products(gram: np.ndarray) -> np.ndarray:
    """Give unit rows whose inner products are these."""
    return np.linalg.cholesky(gram).astype(np.float32)


def three_people() -> np.ndarray:
    """Give 72 rows of three directions in turn: similarities a.b = .5, a.c = b.c = .2, 1 inside."""
    directions = with_products(np.array([[1, 0.5, 0.2], [0.5, 1, 0.2], [0.2, 0.2, 1]]))
    return np.tile(directions, (24, 1))


def scene(
    features: np.ndarray, labels: list[int] | np.ndarray, *answers: tuple[int, int, Verdict], **more: object
) -> Scene:
    memory = LabelMemory(len(features), "closure", (Answer(f"a{i}", *a) for i, a in enumerate(answers)))
    return Scene(7, "split", features, np.asarray(labels, np.int64), memory, **more)  # type: ignore[arg-type]


# -- Eqs. 2-4 by hand ------------------------------------------------------------------------------


def test_the_score_of_the_hand_example() -> None:
    # Eq. 2: comp of {0, 1} = .9, of {2, 3} = .8
    # Eq. 3: the largest similarity across is s(1, 2) = .4: indep = .6 for both
    # Eq. 4: .9 x .6 + .8 x .6 = 1.02
    assert split_score(FOUR, np.array([0, 0, 1, 1])) == pytest.approx(1.02)
    # {0} | {1, 2, 3}: comp 1 (one row) and .1; the largest across is .9: 1 x .1 + .1 x .1 = .11
    assert split_score(FOUR, np.array([0, 1, 1, 1])) == pytest.approx(0.11)


def test_the_medoids_of_the_hand_example_are_the_question() -> None:
    # distances inside are .1 and .2: {0, 1} and {2, 3} cost .3 with either row as medoid: the lower ones, 0 and 2
    split = best_split(FOUR, CONFIG)
    assert split is not None
    assert split.medoids.tolist() == [0, 2]
    assert split.groups.tolist() == [0, 0, 1, 1]
    (question,) = propose_splits(scene(with_products(FOUR), [0, 0, 0, 0]), CONFIG)
    assert (question.left, question.right) == (0, 2)
    assert (question.left_rows, question.right_rows) == ((0, 1), (2, 3))
    assert (question.left_size, question.right_size) == (2, 2)
    assert question.reason is Reason.SPLIT
    assert question.round == 7
    assert question.id == question_id(7, Reason.SPLIT, 0, 2)
    assert question.similarity == pytest.approx(0.3, abs=1e-6)


def test_three_groups_win_where_they_score_more_and_all_their_pairs_are_asked_by_falling_similarity() -> None:
    # |C| = 72: k_max = sqrt(36) / 2 = 3
    # k = 2: {a, b} | {c}: comp .5 and 1, largest across .2: .5 x .8 + 1 x .8 = 1.2
    # k = 3: comp 1 each; indep a .5, b .5, c .8: sum 1.8 -> k* = 3
    questions = propose_splits(scene(three_people(), np.zeros(72, int)), CONFIG)
    assert [question.pair for question in questions] == [(0, 1), (0, 2), (1, 2)]
    np.testing.assert_allclose([question.similarity for question in questions], [0.5, 0.2, 0.2], atol=1e-6)
    assert {question.left_size for question in questions} == {24}


def test_equal_scores_go_to_the_smaller_k() -> None:
    similarities = np.eye(72)  # all scores: k groups give comp 0, but for groups of one row: 1 x 1
    similarities[:] = 0.0
    np.fill_diagonal(similarities, 1.0)
    similarities[:36, :36] = similarities[36:, 36:] = 1.0
    split = best_split(similarities, CONFIG)  # k = 2: 1 + 1; k = 3 cuts a group in two: 1 + 0 + 0 = 1
    assert split is not None
    assert len(split.medoids) == 2
    flat = best_split(np.ones((72, 72)), CONFIG)  # indep 0 for every k
    assert flat is not None
    assert (len(flat.medoids), flat.score) == (2, 0.0)


@pytest.mark.parametrize(
    ("size", "printed", "ours"), [(4, 0, 2), (31, 1, 2), (32, 2, 2), (71, 2, 2), (72, 3, 3), (200, 5, 5)]
)
def test_k_max_is_half_the_root_of_half_the_size_but_at_least_two(size: int, printed: int, ours: int) -> None:
    assert k_max(size, CONFIG) == ours
    assert k_max(size, CONFIG.replace(snps_k_max="literal")) == printed


# -- properties ------------------------------------------------------------------------------------


@settings(max_examples=80, deadline=None)
@given(rows=strategies.features(20, min_n=4), k=st.integers(2, 4))
def test_the_score_is_the_literal_sum(rows: np.ndarray, k: int) -> None:
    similarities = np.clip(rows.astype(float) @ rows.T.astype(float), 0, 1)
    groups = k_medoids(1 - similarities, k)[1]
    assert split_score(similarities, groups) == pytest.approx(reference.split_score(similarities, groups), abs=1e-9)


@settings(max_examples=60, deadline=None)
@given(data=st.data(), rows=strategies.features(40, min_n=6))
def test_questions_are_open_pairs_within_one_cluster_and_show_their_groups(
    data: st.DataObject, rows: np.ndarray
) -> None:
    n = len(rows)
    labels = data.draw(strategies.labels(n, 3))
    memory = LabelMemory(n, "closure", data.draw(strategies.answers(n, 10)))
    questions = propose_splits(Scene(0, "split", rows, labels, memory), CONFIG)
    assert len({question.pair for question in questions}) == len(questions)
    excluded = set(memory.excluded_rows().tolist())
    for question in questions:
        assert not memory.decided(question.left, question.right)
        shown = [*question.left_rows, *question.right_rows]
        assert len({labels[row] for row in shown}) == 1
        assert labels[question.left] >= 0
        assert len(set(shown)) == len(shown)
        assert not excluded & set(shown)
        assert (question.left_rows[0], question.right_rows[0]) == (question.left, question.right)
        assert len(question.left_rows) == min(5, question.left_size)


# -- settings and edges ----------------------------------------------------------------------------


def test_what_the_memory_decides_is_not_asked() -> None:
    features = three_people()
    labels = np.zeros(72, int)
    known = propose_splits(scene(features, labels, (0, 1, Verdict.DIFFERENT)), CONFIG)
    assert [question.pair for question in known] == [(0, 2), (1, 2)]
    inferred = propose_splits(scene(features, labels, (0, 1, Verdict.SAME), (1, 2, Verdict.DIFFERENT)), CONFIG)
    assert inferred == []


def test_small_clusters_outliers_and_excluded_rows_are_left_alone() -> None:
    features = with_products(FOUR)
    assert propose_splits(scene(features, [0, 0, 0, -1]), CONFIG) == []
    assert propose_splits(scene(features, [-1] * 4), CONFIG) == []
    assert len(propose_splits(scene(features, [0, 0, 0, -1]), CONFIG.replace(snps_min_cluster=3))) == 1
    conflict = [(0, 1, Verdict.SAME), (1, 2, Verdict.SAME), (0, 2, Verdict.DIFFERENT)]
    assert propose_splits(scene(features, [0] * 4, *conflict), CONFIG.replace(snps_min_cluster=2)) == []


def test_the_literal_k_max_asks_nothing_below_32_rows() -> None:
    literal = CONFIG.replace(snps_k_max="literal")
    rows = three_people()
    assert propose_splits(scene(rows[:31], [0] * 31), literal) == []
    assert len(propose_splits(scene(rows[:32], [0] * 32), literal)) == 1


def test_a_division_with_too_small_a_group_is_not_considered() -> None:
    one_apart = np.full((5, 5), 0.9)
    one_apart[4, :4] = one_apart[:4, 4] = 0.0
    np.fill_diagonal(one_apart, 1)
    split = best_split(one_apart, CONFIG)
    assert split is not None
    assert split.groups.tolist() == [0, 0, 0, 0, 1]
    assert best_split(one_apart, CONFIG.replace(snps_min_group=2)) is None


def test_clusters_come_by_falling_score_per_group() -> None:
    loose = make_features("noise", 12, 4, 0)
    tight = with_products(np.eye(4))[[0, 0, 0, 1, 1, 1]]  # score 2: two pure groups
    questions = propose_splits(scene(np.concatenate([loose, tight]), [0] * 12 + [1] * 6), CONFIG)
    assert questions[0].left >= 12
    assert len(questions) == 2


def test_jaccard_similarity_is_one_minus_the_distance_and_needs_one() -> None:
    config = CONFIG.replace(snps_similarity="jaccard")
    rows = make_features("separable", 24, 6, 2)
    distance = jaccard_distance(rows, k1=8, k2=3, loosest=0.9)
    (question,) = propose_splits(scene(rows, [0] * 24, distance=distance), config)
    dense = np.zeros((24, 24))
    triples = distance.tocoo()
    dense[triples.row, triples.col] = 1 - triples.data
    expected = best_split(dense, config)
    assert expected is not None
    assert question.pair == tuple(expected.medoids.tolist())
    with pytest.raises(ConfigError, match="expected 'cosine' where there is no distance"):
        propose_splits(scene(rows, [0] * 24), config)


def test_exemplars_start_at_the_medoid_and_spread() -> None:
    angles = np.deg2rad([0, 5, 10, 40, 45, 80])
    rows = np.stack([np.cos(angles), np.sin(angles)], axis=1).astype(np.float32)
    everything = np.arange(6)
    assert exemplars(rows, 2, everything, 3) == (2, 5, 4, 0)  # 80 is farthest from 10; then 45; then 0
    assert exemplars(rows, 2, everything, 0) == (2,)
    assert sorted(exemplars(rows, 2, everything, 24)) == [0, 1, 2, 3, 4, 5]
    assert exemplars(rows[[0, 0, 0]], 1, np.arange(3), 4) == (1, 0, 2)
