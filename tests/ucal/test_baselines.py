from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings

from tests import strategies
from tests.strategies import make_features
from ucal.config import RunConfig
from ucal.memory import LabelMemory
from ucal.proposers import baselines
from ucal.proposers.baselines import RandomProposer, SimilarProposer
from ucal.seams import Scene
from ucal.types import Answer, Reason, Verdict

CONFIG = RunConfig(budget_per_round=20)


def scene(features: np.ndarray, memory: LabelMemory | None = None, round_: int = 0) -> Scene:
    n = len(features)
    return Scene(round_, "control", features, np.zeros(n, np.int64), memory or LabelMemory(n))


def all_decided_but(n: int, *open_pairs: tuple[int, int]) -> LabelMemory:
    memory = LabelMemory(n)
    for i, pair in enumerate(combinations(range(n), 2)):
        if pair not in open_pairs:
            memory.add(Answer(str(i), *pair, Verdict.UNSURE))
    return memory


@pytest.mark.parametrize("kind", [RandomProposer, SimilarProposer])
@settings(max_examples=30, deadline=None)
@given(rows=strategies.features(25, min_n=2), answers=strategies.answers(2, 3))
def test_questions_are_open_pairs_of_two_images_each_once(kind: type, rows: np.ndarray, answers: list[Answer]) -> None:
    memory = LabelMemory(len(rows), "closure", answers)
    questions = kind(CONFIG)(scene(rows, memory))
    asked = [question.pair for question in questions]
    assert len(set(asked)) == len(asked)
    askable = [
        pair
        for pair in combinations(range(len(rows)), 2)
        if not memory.decided(*pair) and not set(pair) & set(memory.excluded_rows().tolist())
    ]
    assert set(asked) <= set(askable)
    assert len(asked) == min(20, len(askable))
    assert {question.reason for question in questions} <= {Reason.CONTROL}
    assert all(question.left_rows == (question.left,) for question in questions)


def test_the_draw_depends_on_seed_and_round_alone() -> None:
    rows = make_features("noise", 60, 4, 0)
    first = [q.pair for q in RandomProposer(CONFIG)(scene(rows))]
    assert [q.pair for q in RandomProposer(CONFIG)(scene(rows[::-1].copy()))] == first
    assert [q.pair for q in RandomProposer(CONFIG)(scene(rows, round_=1))] != first
    assert [q.pair for q in RandomProposer(CONFIG.replace(seed=1))(scene(rows))] != first


def test_the_draw_is_uniform_over_pairs() -> None:
    rows = make_features("noise", 6, 4, 0)
    counts = dict.fromkeys(combinations(range(6), 2), 0)
    proposer = RandomProposer(CONFIG.replace(budget_per_round=1))
    for round_ in range(1500):
        counts[proposer(scene(rows, round_=round_))[0].pair] += 1
    assert min(counts.values()) > 60  # 100 expected, standard deviation 10
    assert max(counts.values()) < 140


def test_large_sets_are_drawn_without_listing_all_pairs() -> None:
    rows = make_features("noise", 6000, 2, 0)
    questions = RandomProposer(CONFIG.replace(budget_per_round=500))(scene(rows))
    assert len({question.pair for question in questions}) == 500
    assert np.mean([row for question in questions for row in question.pair]) == pytest.approx(3000, abs=300)


def test_the_last_open_pair_is_found() -> None:
    rows = make_features("noise", 30, 4, 0)
    memory = all_decided_but(30, (3, 17))
    assert [q.pair for q in RandomProposer(CONFIG)(scene(rows, memory))] == [(3, 17)]
    assert [q.pair for q in SimilarProposer(CONFIG)(scene(rows, memory))] == [(3, 17)]


def test_without_a_limit_there_are_as_many_questions_as_images() -> None:
    rows = make_features("noise", 30, 4, 0)
    for kind in (RandomProposer, SimilarProposer):
        assert len(kind(RunConfig())(scene(rows))) == 30


@pytest.mark.parametrize("wanted", [20, 450, 700])
@pytest.mark.parametrize("kind", strategies.KINDS)
def test_similar_asks_the_most_similar_pairs_of_all(kind: str, wanted: int) -> None:
    rows = make_features(kind, 60, 5, 4)
    questions = SimilarProposer(RunConfig(budget_per_round=wanted))(scene(rows))
    similarities = (rows.astype(float) @ rows.T.astype(float)).astype(np.float32)
    expected = sorted(combinations(range(60), 2), key=lambda pair: (-similarities[pair], pair))[:wanted]
    np.testing.assert_array_equal([similarities[q.pair] for q in questions], [similarities[pair] for pair in expected])
    if kind in ("noise", "separable", "chained"):  # no ties
        assert [question.pair for question in questions] == expected


def test_similar_looks_further_where_the_nearest_are_decided(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = make_features("identical", 40, 5, 0)
    rows[39] = make_features("noise", 1, 5, 9)
    memory = LabelMemory(40, "closure", (Answer(str(i), i, i + 1, Verdict.SAME) for i in range(38)))
    asked = [question.pair for question in SimilarProposer(CONFIG)(scene(rows, memory))]
    assert asked == [(i, 39) for i in range(20)]  # all other pairs follow
    monkeypatch.setattr(baselines, "_MOST_NEIGHBOURS", 16)
    assert len(SimilarProposer(CONFIG)(scene(rows, memory))) <= 20


@pytest.mark.parametrize("kind", [RandomProposer, SimilarProposer])
def test_one_image_or_only_excluded_images_leave_nothing_to_ask(kind: type) -> None:
    assert list(kind(CONFIG)(scene(make_features("noise", 1, 3, 0)))) == []
    memory = LabelMemory(2, "closure", [Answer("b", 0, 1, Verdict.BAD_IMAGE, bad_rows=(0, 1))])
    assert list(kind(CONFIG)(scene(make_features("noise", 2, 3, 0), memory))) == []
