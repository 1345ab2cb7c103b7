"""People for the worker's tests: they answer what is open as the server lets them, from the truth or at random."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from backend.answer_schemas import AnswerNew
from backend.store import answering, questions, runs
from backend.store.models import Image, Person, utc_now
from backend.store.models import Question as Row
from backend.store.session import session_scope
from backend.store.shapes import core_question
from tests.fakes import blobs
from tests.worker.toy import Toy
from ucal.annotators import Oracle
from ucal.types import Answer, Kind, Question

Say = Callable[[Question], Answer]


def truthful(seed: int = 0, error: float = 0.0) -> Say:
    """Answer as the oracle does, one question at a time."""
    oracle = Oracle(blobs(seed=seed)[1], seed, error)
    return lambda question: next(iter(oracle([question])))


def open_questions(toy: Toy, run_id: str) -> list[Question]:
    """Give what is open, best first."""
    with session_scope(toy.sessions, read_only=True) as session:
        return [core_question(row) for row in questions.open_rows(session, run_id)]


def answer_first(toy: Toy, run_id: str, say: Say, id_: str = "") -> str | None:
    """Answer the best open question; give the answer's id, or None when nothing is open."""
    asked = open_questions(toy, run_id)
    return answer_one(toy, run_id, asked[0], say, id_) if asked else None


def answer_one(toy: Toy, run_id: str, question: Question, say: Say, id_: str = "") -> str:
    """Answer a question as the server does: log, question and wake-up in one transaction."""
    with session_scope(toy.sessions) as session:
        run, person = runs.get(session, run_id), session.query(Person).first()
        ids = {image.row: image.id for image in session.query(Image).filter_by(project_id=run.project_id)}
        body = body_of(question, say(question), ids, id_ or f"by-hand-{question.id}")
        answering.answer(session, run, person, body, utc_now())
    return body.id


def undo(toy: Toy, run_id: str, answer_id: str) -> None:
    """Take an answer back."""
    with session_scope(toy.sessions) as session:
        person = session.query(Person).first()
        answering.undo(session, runs.get(session, run_id), person, answer_id, utc_now())


def states(toy: Toy, run_id: str) -> dict[str, str]:
    """Give every question's state."""
    with session_scope(toy.sessions, read_only=True) as session:
        return {row.id: row.state for row in session.query(Row).filter_by(run_id=run_id)}


def body_of(question: Question, answer: Answer, ids: dict[int, str], id_: str) -> AnswerNew:
    """Say what a core answer says as the page says it."""
    says: dict[str, Any] = {"id": id_, "question_id": question.id, "seconds": answer.seconds}
    sides = [side for side, row in (("left", question.left), ("right", question.right)) if row in answer.bad_rows]
    if question.kind is Kind.PAGE:
        says["tiles"] = [
            {"image": ids[tile.row], "verdict": tile.verdict.value, "odd": [ids[row] for row in tile.odd]}
            for tile in answer.tiles
        ]
        says["bad_sides"] = [side for side in sides if side == "left"]
    elif question.kind is Kind.CONFLICT:
        pairs = [(left, right) for left, right, _ in question.disputed]
        says["wrong"] = pairs.index((answer.left, answer.right))
    else:
        says |= {"verdict": answer.verdict.value, "bad_sides": sides}
        says["odd"] = [ids[row] for tile in answer.tiles for row in tile.odd]
    return AnswerNew(**says)
