from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests import reference, strategies
from tests.strategies import make_features
from ucal.config import RunConfig
from ucal.memory import LabelMemory
from ucal.proposers.mpps import candidate_pairs, centroids_of, n_asked, propose_merges
from ucal.proposers.ucal import UcalProposer
from ucal.seams import Scene
from ucal.types import Answer, Reason, Verdict, question_id

CONFIG = RunConfig()


def on_arc(*degrees: float) -> np.ndarray:
    angles = np.deg2rad(degrees)
    return np.stack([np.cos(angles), np.sin(angles)], axis=1).astype(np.float32)


def scene(features: np.ndarray, labels: list[int], *answers: tuple[int, int, Verdict], stage: str = "merge") -> Scene:
    memory = LabelMemory(len(features), "closure", (Answer(f"a{i}", *a) for i, a in enumerate(answers)))
    return Scene(3, stage, features, np.array(labels, np.int64), memory)


# -- Eqs. 5-6 by hand ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("ranked", "delta", "crossing", "asked"),
    [
        # d = .1, .3, .05; d* = .2, 1, 0: the first above .3 is l = 2: ranks 1..3
        ([0.9, 0.8, 0.5, 0.45], 0.3, "first", 3),
        # the first above .1 is l = 1: ranks 1..2; the last above .1 is l = 2: ranks 1..3
        ([0.9, 0.8, 0.5, 0.45], 0.1, "first", 2),
        ([0.9, 0.8, 0.5, 0.45], 0.1, "last", 3),
        # d = .4, .3, .1; d* = 1, .667, 0: first l = 1, last l = 2
        ([0.9, 0.5, 0.2, 0.1], 0.3, "first", 2),
        ([0.9, 0.5, 0.2, 0.1], 0.3, "last", 3),
        # nothing exceeds 1: the whole list
        ([0.9, 0.5, 0.2, 0.1], 1.0, "first", 4),
        # flat lists, and fewer than two candidates: rank 1
        ([0.9, 0.6, 0.3], 0.3, "first", 1),
        ([0.7, 0.7, 0.7, 0.7], 0.3, "first", 1),
        ([0.9, 0.2], 0.3, "first", 1),
        ([0.9], 0.3, "first", 1),
        ([], 0.3, "first", 0),
    ],
)
def test_how_many_ranks_are_asked(ranked: list[float], delta: float, crossing: str, asked: int) -> None:
    assert n_asked(np.array(ranked), CONFIG.replace(mpps_delta=delta, mpps_crossing=crossing)) == asked


def test_the_hand_example_of_four_centroids() -> None:
    # at 0, 20, 80 and 90 degrees, each ranking the other three:
    #   0: s = .940 (1), .174 (2), 0 (3)      d = .766, .174  d* = 1, 0  l = 1: asks 1 and 2
    #   1: s = .940 (0), .500 (2), .342 (3)   d = .440, .158  d* = 1, 0  l = 1: asks 0 and 2
    #   2: s = .985 (3), .500 (1), .174 (0)   d = .485, .326  d* = 1, 0  l = 1: asks 3 and 1
    #   3: s = .985 (2), .342 (1), 0 (0)      d = .643, .342  d* = 1, 0  l = 1: asks 2 and 1
    # each pair once, by falling similarity; 0-3 is never asked
    expected = [(2, 3), (0, 1), (1, 2), (1, 3), (0, 2)]
    centroids = on_arc(0, 20, 80, 90)
    assert candidate_pairs(centroids, CONFIG) == expected
    # two rows around each centroid, clusters in order: the lower row of two equally near is shown
    features = np.repeat(centroids, 2, axis=0)
    questions = propose_merges(scene(features, [0, 0, 1, 1, 2, 2, 3, 3]), CONFIG)
    assert [question.pair for question in questions] == [(2 * a, 2 * b) for a, b in expected]
    np.testing.assert_allclose(
        [question.similarity for question in questions], np.cos(np.deg2rad([10, 20, 60, 70, 80])), atol=1e-6
    )
    first = questions[0]
    assert first.reason is Reason.MERGE
    assert (first.left_rows, first.right_rows, first.left_size, first.right_size) == ((4, 5), (6, 7), 2, 2)
    assert first.id == question_id(3, Reason.MERGE, 4, 6)


def test_fewer_candidates_than_all_are_ranked() -> None:
    # with l_max = 2 each list has one difference, which is flat: rank 1 only
    assert candidate_pairs(on_arc(0, 20, 80, 90), CONFIG.replace(mpps_l_max=2)) == [(2, 3), (0, 1)]


def test_the_image_shown_is_the_row_nearest_to_the_centroid() -> None:
    features = on_arc(0, 10, 30, 100, 110, 130)  # centroids near 13 and 113
    (question,) = propose_merges(scene(features, [0, 0, 0, 1, 1, 1]), CONFIG)
    assert (question.left, question.right) == (1, 4)
    assert question.left_rows == (1, 2, 0)  # then the farthest from it


# -- properties ------------------------------------------------------------------------------------


@settings(max_examples=200, deadline=None)
@given(
    values=st.lists(st.integers(0, 1000), max_size=10),
    delta=st.sampled_from([0.0, 0.1, 0.3, 0.9]),
    crossing=st.sampled_from(["first", "last"]),
)
def test_the_ranks_are_the_literal_reading(values: list[int], delta: float, crossing: str) -> None:
    ranked = sorted((value / 1000 for value in values), reverse=True)
    config = CONFIG.replace(mpps_delta=delta, mpps_crossing=crossing)
    assert n_asked(np.array(ranked), config) == reference.merge_ranks(ranked, delta, crossing)


@settings(max_examples=60, deadline=None)
@given(data=st.data(), rows=strategies.features(40, min_n=2))
def test_questions_are_open_pairs_of_clusters_each_once_by_falling_similarity(
    data: st.DataObject, rows: np.ndarray
) -> None:
    n = len(rows)
    labels = data.draw(strategies.labels(n, 8))
    memory = LabelMemory(n, "closure", data.draw(strategies.answers(n, 10)))
    questions = propose_merges(Scene(0, "merge", rows, labels, memory), CONFIG)
    asked = [frozenset((int(labels[q.left]), int(labels[q.right]))) for q in questions]
    assert len(set(asked)) == len(asked)
    assert all(len(pair) == 2 and -1 not in pair for pair in asked)
    excluded = set(memory.excluded_rows().tolist())
    for question in questions:
        assert not memory.decided(question.left, question.right)
        assert not excluded & {*question.left_rows, *question.right_rows}
        assert {int(labels[row]) for row in question.left_rows} == {int(labels[question.left])}


@settings(max_examples=40, deadline=None)
@given(rows=strategies.features(30, min_n=2))
def test_every_centroid_asks_about_its_nearest_other(rows: np.ndarray) -> None:
    pairs = candidate_pairs(rows, CONFIG)
    similarities = (rows.astype(float) @ rows.T.astype(float)).astype(np.float32)
    np.fill_diagonal(similarities, -9)
    for i in range(len(rows)):
        nearest = [pair for pair in pairs if i in pair and similarities[pair] == similarities[i].max()]
        assert nearest
    found = [similarities[pair] for pair in pairs]
    assert found == sorted(found, reverse=True)


# -- edges -----------------------------------------------------------------------------------------


def test_decided_pairs_are_left_out() -> None:
    features = np.repeat(on_arc(0, 20, 80, 90), 2, axis=0)
    labels = [0, 0, 1, 1, 2, 2, 3, 3]
    questions = propose_merges(scene(features, labels, (4, 6, Verdict.DIFFERENT), (0, 2, Verdict.UNSURE)), CONFIG)
    assert [question.pair for question in questions] == [(2, 4), (2, 6), (0, 4)]


def test_nothing_is_asked_of_fewer_than_two_clusters_or_of_outliers() -> None:
    features = make_features("noise", 6, 4, 0)
    assert propose_merges(scene(features, [0] * 6), CONFIG) == []
    assert propose_merges(scene(features, [-1] * 6), CONFIG) == []
    (only,) = propose_merges(scene(features, [0, 0, 0, 1, 1, -1]), CONFIG)
    assert 5 not in only.pair


def test_equal_centroids_are_asked_about_once_each_and_never_with_themselves() -> None:
    pairs = candidate_pairs(make_features("identical", 40, 8, 0), CONFIG)
    assert all(a < b for a, b in pairs)
    assert {a for pair in pairs for a in pair} == set(range(40))  # flat lists: each offers its rank 1


def test_a_mean_of_zero_stays_zero() -> None:
    opposite = np.array([[1, 0], [-1, 0], [0, 1]], np.float32)
    assert centroids_of(opposite, [np.array([0, 1]), np.array([2])]).tolist() == [[0, 0], [0, 1]]


# -- UCAL's stages ---------------------------------------------------------------------------------


def test_the_stages_are_those_that_are_on() -> None:
    assert UcalProposer(CONFIG).stages == ("conflict", "split", "merge")
    assert UcalProposer(CONFIG.replace(snps=False)).stages == ("conflict", "merge")
    assert UcalProposer(CONFIG.replace(mpps=False)).stages == ("conflict", "split")
    assert UcalProposer(CONFIG.replace(ask_first="merges")).stages == ("conflict", "merge", "split")


def test_each_stage_asks_its_own_questions() -> None:
    features = np.repeat(on_arc(0, 20, 80, 90), 4, axis=0)
    labels = np.repeat(np.arange(4), 4).tolist()
    proposer = UcalProposer(CONFIG)
    conflict = [(0, 1, Verdict.SAME), (1, 2, Verdict.SAME), (0, 2, Verdict.DIFFERENT)]
    asked = {stage: proposer(scene(features, labels, *conflict, stage=stage)) for stage in proposer.stages}
    assert {stage: {q.reason.value for q in questions} for stage, questions in asked.items()} == {
        "conflict": {"conflict"},
        "split": {"split"},
        "merge": {"merge"},
    }
    assert [question.pair for question in asked["conflict"]] == [(0, 2), (0, 1), (1, 2)]
    assert asked["conflict"][0].left_rows == (0,)
    with pytest.raises(Exception, match="one of conflict, split, merge, got 'control'"):
        proposer(scene(features, labels, stage="control"))


def test_a_conflict_about_a_bad_image_is_not_asked_again() -> None:
    at = scene(on_arc(0, 20, 80), [0, 0, 0], (0, 1, Verdict.SAME), (0, 1, Verdict.DIFFERENT), stage="conflict")
    assert len(UcalProposer(CONFIG)(at)) == 1
    at.memory.add(Answer("b", 1, 2, Verdict.BAD_IMAGE, bad_rows=(1,)))
    assert UcalProposer(CONFIG)(at) == []


def test_clusters_known_to_differ_are_asked_about_only_in_the_papers_reading() -> None:
    """Rows 0-2 and 3-5; the answer was about rows 2 and 3, which are not the centres now."""
    features = on_arc(0, 2, 4, 20, 22, 24)
    seen = scene(features, [0, 0, 0, 1, 1, 1], (2, 3, Verdict.DIFFERENT))
    assert propose_merges(seen, CONFIG.replace(mpps_known="cluster")) == []
    (again,) = propose_merges(seen, CONFIG)
    assert again.pair == (1, 4)
