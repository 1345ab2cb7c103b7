"""HumanQueue: the annotator that is people. It publishes questions and answers nothing itself.

People's answers come by the server, which writes them to the log and wakes the run; the loop then
asks again with what is left, and what is not asked any more is withdrawn.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from backend.store import questions as question_rows
from backend.store import runs
from backend.store.memories import memories_of
from backend.store.session import SessionFactory, session_scope
from backend.store.shapes import core_question
from ucal.asking import open_part
from ucal.budget import fit_all, needed, round_room, run_room
from ucal.config import RunConfig
from ucal.memory import LabelMemory
from ucal.types import Answer, Question


@dataclass(frozen=True, slots=True)
class HumanQueue:
    """Keeps the open questions in the store equal to those the loop wants answered.

    Questions whose answer was taken back stay open beyond their round; what they may take of a budget
    is kept for them, and they go when nothing is left.
    """

    sessions: SessionFactory
    run_id: str
    config: RunConfig

    def __call__(self, questions: Iterable[Question]) -> Iterable[Answer]:
        """Publish what is wanted, withdraw what is not; never block."""
        wanted = list(questions)
        plan = self._plan(wanted)
        with session_scope(self.sessions) as session:
            question_rows.publish(session, self.run_id, plan.wanted)
            question_rows.settle(session, self.run_id, plan.settled)
            keep = {question.id for question in plan.wanted}
            if not plan.spent:  # an answer may have been taken back since the plan was made
                keep.update(question_rows.open_ids(session, self.run_id, stage=question_rows.AGAIN))
            question_rows.close_open(session, self.run_id, keep)
        return ()

    def _plan(self, wanted: Sequence[Question]) -> _Plan:
        """Decide what is open next; reads only, so that nobody who answers waits for it."""
        ids = [question.id for question in wanted]
        with session_scope(self.sessions, read_only=True) as session:
            rows = question_rows.open_rows(session, self.run_id, but=ids)
            run = runs.get(session, self.run_id)
            with memories_of(session).of(session, run) as memory:
                parts = [(row, open_part(core_question(row), memory)) for row in rows]
                settled = [row.id for row, part in parts if part is None]
                again = [part for row, part in parts if part is not None and row.stage == question_rows.AGAIN]
                return _Plan(self._fit(wanted, again, memory), settled, run_room(self.config, memory).is_none)

    def _fit(self, wanted: Sequence[Question], again: Sequence[Question], memory: LabelMemory) -> list[Question]:
        """Give what of the wanted questions the budgets allow beside those that came back."""
        if not again or not wanted:
            return list(wanted)
        round_ = wanted[0].round
        whole = run_room(self.config, memory)
        this = round_room(self.config, memory, round_)
        for question in again:
            whole = whole.without(needed(question))
            this = this.without(needed(question)) if question.round == round_ else this
        return fit_all(wanted, whole.least(this))


@dataclass(frozen=True, slots=True)
class _Plan:
    """What to publish, the ids of what follows from answers, and whether the run's budget is spent."""

    wanted: list[Question]
    settled: list[str]
    spent: bool
