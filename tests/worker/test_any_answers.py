"""Laws of the store and the worker: whatever people answer, in whatever order, and whatever is taken back."""

from __future__ import annotations

import dataclasses
import random
import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from backend.run_schemas import RunState
from backend.store.memories import memories_of
from backend.store.session import session_scope
from tests.worker.people import answer_one, open_questions, undo
from tests.worker.toy import Toy, make_toy, work_until_idle
from ucal.asking import answer_page, open_part
from ucal.config import RunConfig
from ucal.memory import LabelMemory
from ucal.types import Answer, Kind, Question, Verdict

EFFICIENT = RunConfig(policy="efficient", annotator="people", train=False, query_from=0, epochs=6, cards=4)
ROWS = 64
_WORDS = (*[Verdict.SAME, Verdict.DIFFERENT] * 4, Verdict.UNSURE, Verdict.BAD_IMAGE)

steps = st.lists(
    st.tuples(st.sampled_from(("answer", "answer", "answer", "undo", "work")), st.integers(0, 10**6)), max_size=24
)


def anything(seed: int, question: Question) -> Answer:
    """Answer at random: any verdict, odd rows, bad images, any of a conflict's pairs."""
    dice = random.Random(seed)
    if question.kind is Kind.CONFLICT:
        left, right, verdict = dice.choice(question.disputed)
        other = Verdict.DIFFERENT if verdict is Verdict.SAME else Verdict.SAME
        return Answer("", left, right, other, kind=Kind.CONFLICT)
    if question.kind is Kind.PAGE and dice.random() < 0.1:
        return answer_page(question, {}, id_="", bad_anchor=True)
    if question.tiles:
        said = {tile.rows[0]: dice.choice(_WORDS[:-1]) for tile in question.tiles}
        odd = {tile.rows[0]: tuple(row for row in tile.rows[1:] if dice.random() < 0.2) for tile in question.tiles}
        return answer_page(question, said, id_="", odd=odd)
    verdict = dice.choice(_WORDS)
    bad = (question.left,) if verdict is Verdict.BAD_IMAGE else ()
    return Answer("", question.left, question.right, verdict, bad_rows=bad)


def check(toy: Toy, run_id: str, undone: int) -> None:
    """See that the run lives, asks nothing that follows, and not without bound; and that a replay says the same."""
    assert toy.run(run_id).state in (RunState.ASKING, RunState.DONE), toy.run(run_id).error
    replayed = LabelMemory(ROWS, answers=toy.log(run_id))
    asked = open_questions(toy, run_id)
    assert len(asked) <= ROWS + undone
    for question in asked:
        part = open_part(question, replayed)
        assert part is not None
        assert part.tiles == question.tiles
    with (
        session_scope(toy.sessions, read_only=True) as session,
        memories_of(session).of(session, toy.run(run_id)) as kept,
    ):
        assert {answer.id for answer in kept.answers} == {answer.id for answer in replayed.answers}
        assert kept.groups() == replayed.groups()
        assert kept.cannot_pairs() == replayed.cannot_pairs()


@pytest.mark.slow
@given(steps, st.sampled_from(("efficient", "ucal")))
@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_any_answers_in_any_order_and_any_undo_leave_a_run_that_works(todo: list[tuple[str, int]], policy: str):
    with tempfile.TemporaryDirectory() as folder:
        toy = make_toy(f"sqlite:///{folder}/store.sqlite3", Path(folder))
        try:
            run_id = toy.start(dataclasses.replace(EFFICIENT, policy=policy))
            walk(toy, run_id, todo)
        finally:
            toy.sessions.kw["bind"].dispose()


def walk(toy: Toy, run_id: str, todo: list[tuple[str, int]]) -> None:
    work, given_ids, undone = toy.work(), [], 0
    work_until_idle(work)
    for turn, (what, number) in enumerate(todo):
        asked = open_questions(toy, run_id)
        if what == "answer" and asked:
            question = asked[number % len(asked)]
            given_ids.append(answer_one(toy, run_id, question, lambda q: anything(number, q), f"answer-{turn:04}"))  # noqa: B023
        elif what == "undo" and given_ids:
            undo(toy, run_id, given_ids.pop(number % len(given_ids)))
            undone += 1
        elif what == "work":
            work_until_idle(work)
            check(toy, run_id, undone)
    work_until_idle(work)
    check(toy, run_id, undone)
