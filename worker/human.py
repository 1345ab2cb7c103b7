"""HumanQueue: the annotator that is people. It publishes questions and answers nothing itself.

People's answers come by the server, which writes them to the log and wakes the run; the loop then
asks again with what is left, and what is not asked any more is withdrawn.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from sqlalchemy import select
from sqlalchemy.orm import Session

from backend.store import answers
from backend.store import questions as question_rows
from backend.store.models import Question as QuestionRow
from backend.store.session import SessionFactory, session_scope
from ucal.memory import LabelMemory
from ucal.types import Answer, Question


@dataclass(frozen=True, slots=True)
class HumanQueue:
    """Keeps the open questions in the store equal to those the loop wants answered."""

    sessions: SessionFactory
    run_id: str
    n: int  # training rows
    memory: Literal["closure", "pair"]

    def __call__(self, questions: Iterable[Question]) -> Iterable[Answer]:
        """Publish what is wanted, withdraw what is not; never block."""
        wanted = list(questions)
        keep = {question.id for question in wanted}
        with session_scope(self.sessions) as session:
            question_rows.publish(session, self.run_id, wanted)
            gone = [id_ for id_ in question_rows.open_ids(session, self.run_id) if id_ not in keep]
            if gone:
                question_rows.settle(session, self.run_id, self._decided(session, gone))
                again = question_rows.open_ids(session, self.run_id, stage=question_rows.AGAIN)
                question_rows.close_open(session, self.run_id, keep.union(again))
        return ()

    def _decided(self, session: Session, ids: Sequence[str]) -> list[str]:
        """Give those that follow from answers; the others go because a budget, a cap or the round ended."""
        known = LabelMemory(self.n, self.memory, answers.read_log(session, self.run_id))
        columns = (QuestionRow.id, QuestionRow.left_row, QuestionRow.right_row)
        rows = session.execute(select(*columns).where(QuestionRow.run_id == self.run_id, QuestionRow.state == "open"))
        gone = set(ids)
        return [id_ for id_, left, right in rows if id_ in gone and known.decided(left, right)]
