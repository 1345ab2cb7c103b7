"""The efficient policy: hand examples of its parts, laws of its components, and whole small runs."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.fakes import make_parts
from ucal.config import RunConfig
from ucal.drive import drive
from ucal.efficient.components import components
from ucal.efficient.doubt import clopper_pearson, doubtful, hopeless, quiet
from ucal.efficient.preparation import whiten, within_class
from ucal.loop import Parts, advance
from ucal.memory import LabelMemory
from ucal.proposers.efficient import EfficientProposer
from ucal.runs import FolderStates, RunFolder
from ucal.state import State
from ucal.types import Answer, Kind, Step, TileAnswer, Verdict

S, D = Verdict.SAME, Verdict.DIFFERENT
CONFIG = RunConfig(policy="efficient", train=False, query_from=0, epochs=300, k1=8, k2=3, min_samples=3)


def parts_of(root: Path, config: RunConfig = CONFIG, **more: object) -> Parts:
    parts = make_parts(root, config, **more)  # type: ignore[arg-type]
    assert isinstance(parts.propose, EfficientProposer)
    return dataclasses.replace(parts, organise=parts.propose)


def run(root: Path, config: RunConfig = CONFIG, **more: object) -> State:
    return drive(parts_of(root, config, **more), FolderStates(RunFolder(root)))


def test_a_perfect_oracle_reaches_the_truth_with_fewer_actions_than_images(tmp_path):
    end = run(tmp_path)
    last = end.reports[-1]
    assert last.pairwise["f1"] > 0.99
    assert last.conflicts == 0
    assert any(r.pairwise["f1"] > 0.99 and r.actions < 64 for r in end.reports)
    assert last.answers > last.actions
    assert "the queue has run dry" in end.stopped


def test_it_works_with_a_model_that_learns_between_the_rounds(tmp_path):
    end = run(tmp_path, CONFIG.replace(train=True, epochs=4, query_from=1))
    assert end.stopped == "all rounds are done"
    assert end.reports[0].answers == 0
    assert end.reports[-1].answers > 14


def test_a_run_that_is_started_anew_after_every_step_is_the_same_run(tmp_path):
    config = CONFIG.replace(epochs=6)
    plain = run(tmp_path / "plain", config)
    root = tmp_path / "broken"
    state = State()
    while state.step is not Step.DONE:
        state = FolderStates(RunFolder(root)).load() or State()
        after = advance(state, parts_of(root, config))
        FolderStates(RunFolder(root)).save(after, expected=state.version)
        state = after
    assert [r.cluster_hash for r in state.reports] == [r.cluster_hash for r in plain.reports]
    assert [r.actions for r in state.reports] == [r.actions for r in plain.reports]


def test_a_budget_is_kept_to_the_answer(tmp_path):
    end = run(tmp_path, CONFIG.replace(budget=40))
    assert end.stopped == "the budget is spent"
    assert end.reports[-1].answers >= 40


def test_every_question_says_why_and_what_it_is_expected_to_bring(tmp_path):
    seen = []

    def watch(questions):
        for question in questions:
            seen.append(question)
            yield from oracle([question])

    oracle = make_parts(tmp_path, CONFIG).annotate
    drive(dataclasses.replace(parts_of(tmp_path), annotate=watch), FolderStates(RunFolder(tmp_path)))
    assert {q.kind for q in seen} >= {Kind.CARD, Kind.PAGE}
    pages = [q for q in seen if q.tiles]
    assert all(q.gain > 0 and len(q.tiles) <= 24 for q in pages)
    assert all(len(tile.rows) <= 4 and tile.ticked == (tile.p >= 0.5) for q in pages for tile in q.tiles)
    assert all(len({q.left, *(tile.rows[0] for tile in q.tiles)}) == 1 + len(q.tiles) for q in pages)


@pytest.mark.parametrize(("pages", "same", "expected"), [(19, 0, False), (20, 0, True), (20, 10, False)])
def test_features_are_called_hopeless_when_what_looks_most_alike_is_not(pages, same, expected):
    signals = (0.0,) * 7
    tiles = [(TileAnswer(row, S if row <= same else D, signals=signals),) for row in range(1, pages + 1)]
    said = [Answer(f"p{i}", 0, t[0].row, t[0].verdict, kind=Kind.PAGE, tiles=t) for i, t in enumerate(tiles)]
    assert hopeless(LabelMemory(40, answers=said)) is expected


@pytest.mark.parametrize(
    ("put_right", "plan", "newest", "expected"),
    [
        (None, 1, 60, True),
        (20, 1, 60, False),
        (19, 1, 60, True),
        (19, 41, 60, False),  # the plan held that page too
        (19, 60, 30, True),  # it was of a round before
        (15, 60, 45, False),
        (14, 60, 45, True),
    ],
)
def test_it_is_quiet_after_40_pages_without_a_toggle_or_as_many_as_a_plan_held(put_right, plan, newest, expected):
    """60 pages, the `newest` of them of one round. `put_right`: the one on which a tile was changed."""
    tiles = [(TileAnswer(row + 1, S, ticked=row != put_right),) for row in range(60)]
    rounds = [int(i >= 60 - newest) for i in range(60)]
    said = [Answer(f"p{i}", 0, i + 1, S, round=rounds[i], kind=Kind.PAGE, tiles=tiles[i]) for i in range(60)]
    assert quiet(LabelMemory(61, answers=said), plan) is expected
    assert not quiet(LabelMemory(61, answers=said[:39]), plan)


# -- parts -----------------------------------------------------------------------------------------


def test_whitening_halves_the_spread_of_strong_directions():
    rng = np.random.default_rng(0)
    rows = (rng.normal(size=(500, 3)) * [9.0, 1.0, 0.0]).astype(np.float32)
    white = whiten(rows)
    assert white.shape == (500, 2)
    assert np.linalg.norm(white, axis=1) == pytest.approx(1.0, abs=1e-5)
    centred = rows - rows.mean(axis=0)
    expected = np.abs(centred[:, :2]) / np.sqrt(np.linalg.svd(centred)[1][:2])
    expected /= np.linalg.norm(expected, axis=1, keepdims=True)
    assert np.abs(white) == pytest.approx(expected, abs=2e-2)


def test_whitening_survives_equal_rows_and_few_rows():
    assert np.isfinite(whiten(np.ones((5, 4), np.float32))).all()
    assert whiten(np.eye(3, 200, dtype=np.float32)).shape == (3, 2)


def test_the_metric_shrinks_what_varies_inside_confirmed_groups():
    rng = np.random.default_rng(0)
    centres = rng.normal(size=(40, 4)) * [0.1, 1.0, 1.0, 1.0]
    of = np.repeat(np.arange(40), 5)
    rows = (centres[of] + rng.normal(size=(200, 4)) * [1.0, 0.1, 0.1, 0.1]).astype(np.float32)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    learnt = within_class(rows, of, np.arange(40))
    assert np.abs(learnt[:, 0]).mean() < 0.6 * np.abs(rows[:, 0]).mean()
    assert within_class(rows, of, np.zeros(0, np.int64)) is rows


def answers(*said: tuple[int, int, Verdict]) -> list[Answer]:
    return [Answer(f"a{i}", *one) for i, one in enumerate(said)]


def test_an_atom_with_a_difference_inside_is_split_at_the_two_rows():
    rows = np.array([[1, 0], [0.9, 0.1], [0.95, 0.05], [0, 1], [0.1, 0.9], [0.7, 0.7]], np.float32)
    found = components(np.zeros(6, np.int64), rows, LabelMemory(6, answers=answers((0, 3, D))), np.zeros(0, np.int64))
    assert found.of[0] == found.of[1] == found.of[2]
    assert found.of[3] == found.of[4]
    assert found.of[0] != found.of[3]
    assert found.apart.tolist() == [sorted([int(found.of[0]), int(found.of[3])])]


N = 12
_pairs = st.lists(st.tuples(st.integers(0, N - 1), st.integers(0, N - 1), st.sampled_from([S, D, Verdict.UNSURE])))


@settings(max_examples=150, deadline=None)
@given(_pairs, st.lists(st.integers(0, 3), min_size=N, max_size=N))
def test_components_break_no_answer_whatever_was_said(said, atoms):
    memory = LabelMemory(N, answers=answers(*[one for one in said if one[0] != one[1]]))
    rows = np.random.default_rng(0).normal(size=(N, 4)).astype(np.float32)
    found = components(np.array(atoms), rows, memory, np.zeros(0, np.int64))
    for group in memory.groups():
        assert len(set(found.of[list(group)].tolist())) == 1
    for left, right in memory.cannot_pairs():
        assert found.of[left] != found.of[right]
    assert sorted(set(found.of.tolist())) == list(range(found.count))


def test_a_bad_image_is_in_no_component():
    bad = Answer("x", 0, 1, Verdict.BAD_IMAGE, bad_rows=(1,))
    nothing = np.zeros(0, np.int64)
    found = components(np.zeros(3, np.int64), np.eye(3, dtype=np.float32), LabelMemory(3, answers=[bad]), nothing)
    assert found.of.tolist() == [0, -1, 0]


def test_a_surprise_is_looked_at_again_and_a_matter_of_course_is_not():
    signals = (0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 1.0)
    tiles = (TileAnswer(1, S, p=0.05, signals=signals), TileAnswer(2, S, p=0.9, signals=signals))
    page = Answer("p", 0, 1, S, kind=Kind.PAGE, tiles=tiles)
    memory = LabelMemory(4, answers=[page])
    assert [tile.row for _, tile in doubtful(memory, 0.02)] == [1]
    assert list(doubtful(memory, 0.0)) == []
    memory.add(Answer("again", 0, 1, S))
    assert list(doubtful(memory, 0.02)) == []


def test_clopper_pearson_gives_the_published_interval():
    assert clopper_pearson(2, 20) == pytest.approx((0.0123, 0.3170), abs=1e-4)
    assert clopper_pearson(0, 10) == pytest.approx((0.0, 0.3085), abs=1e-4)
    assert clopper_pearson(10, 10) == pytest.approx((0.6915, 1.0), abs=1e-4)
    assert clopper_pearson(0, 0) == (0.0, 1.0)
