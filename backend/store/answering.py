"""Answer and undo: one transaction each, in which the log, the question and the wake-up change together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, select
from sqlalchemy.orm import Session

from backend import jobs
from backend.errors import AlreadyAnsweredError, AnswerConflictError, ForbiddenError, InvalidError, NotFoundError
from backend.schemas import OVER, AnswerNew, Role
from backend.store import answers, leases, questions
from backend.store.memories import memories_of
from backend.store.models import Answer, Person, Question, Run
from ucal.types import Reason


@dataclass(frozen=True, slots=True)
class Given:
    """A recorded answer and the ids of open questions that it settled too."""

    answer: Answer
    withdrawn: list[str]


def answer(session: Session, run: Run, person: Person, body: AnswerNew, now: datetime) -> Given:
    """Record an answer. The same id and body again gives the first result.

    Raises:
        NotFoundError: no such question in this run.
        AnswerConflictError: the id was used for another body.
        AlreadyAnsweredError: this person answered this question already.
        InvalidError: `bad_image` without a side, or a side without `bad_image`.
    """
    _check(body)
    question = questions.find(session, run.id, body.question_id, lock=True)
    if question is None:
        raise NotFoundError(f"no question {body.question_id!r} in this run")
    digest = answers.body_hash(body.model_dump(mode="json"))
    before = answers.find(session, run.id, body.id)
    if before is not None:
        return _repeated(before, person, digest)
    _refuse_second_vote(session, run, person, question)
    lease = leases.of(session, question, person.id)
    late = lease is None or lease.expires_at <= now or (body.fence is not None and body.fence != lease.fence)
    if not answers.add(session, _event(run, person, question, body, now) | {"late": late, "body_hash": digest}):
        again = answers.find(session, run.id, body.id)
        assert again is not None
        return _repeated(again, person, digest)
    question.state = "answered"
    leases.drop(session, run.id, [question.id])
    session.flush()
    withdrawn = _settle_others(session, run)
    if run.state not in OVER:
        jobs.wake_run(session, run.id)
    stored = answers.find(session, run.id, body.id)
    assert stored is not None
    return Given(stored, withdrawn)


def _check(body: AnswerNew) -> None:
    if body.verdict is None:
        raise InvalidError("verdict: expected same, different, unsure or bad_image, got none")
    is_bad = body.verdict == "bad_image"
    if is_bad and not body.bad_sides:
        raise InvalidError("bad_sides: expected which image is bad (left, right or both), got none")
    if body.bad_sides and not is_bad:
        raise InvalidError(f"bad_sides: expected none with the verdict {body.verdict!r}, got {body.bad_sides}")


def _repeated(before: Answer, person: Person, digest: str) -> Given:
    if before.body_hash != digest or before.person_id != person.id:
        raise AnswerConflictError(f"the answer id {before.id!r} was used before, for another answer; make a new id")
    return Given(before, [])


def _refuse_second_vote(session: Session, run: Run, person: Person, question: Question) -> None:
    mine = answers.standing(run.id).where(Answer.question_id == question.id, Answer.person_id == person.id)
    if session.scalars(mine.limit(1)).first() is not None:
        raise AlreadyAnsweredError("you answered this question already; undo that answer to change it")


def _event(run: Run, person: Person, question: Question, body: AnswerNew, now: datetime) -> dict[str, Any]:
    rows = {"left": question.left_row, "right": question.right_row}
    return {
        "run_id": run.id,
        "id": body.id,
        "question_id": question.id,
        "left_row": question.left_row,
        "right_row": question.right_row,
        "verdict": body.verdict,
        "bad_rows": sorted({rows[side] for side in body.bad_sides}),
        "person_id": person.id,
        "source": "people",
        "round": question.round,
        "seconds": body.seconds,
        "at": now,
        "shown": body.shown,
        "swapped": body.swapped,
        "fence": body.fence,
        "retracts": None,
    }


def _settle_others(session: Session, run: Run) -> list[str]:
    """Settle the open questions that follow now. A row that somebody else is changing is left to the worker."""
    pairs = _pairs(session, run, Question.state == "open", Question.reason != Reason.CONFLICT.value)
    if not pairs:
        return []
    with memories_of(session).of(session, run) as memory:
        decided = [id_ for id_, left, right in pairs if memory.decided(left, right)]
    return _change(session, run, decided, ("open", "settled"))


def _pairs(session: Session, run: Run, *which: ColumnElement[bool]) -> Sequence[Row[str, int, int]]:
    """Read (id, left, right) of some questions, where answers are inferred from; locks nothing."""
    if not _infers(run):
        return []
    query = select(Question.id, Question.left_row, Question.right_row).where(Question.run_id == run.id, *which)
    return session.execute(query.order_by(Question.ordinal)).all()


def _change(session: Session, run: Run, ids: Sequence[str], states: tuple[str, str]) -> list[str]:
    """Move questions from one state to the other, those that nobody else is changing; give their ids."""
    before, after = states
    query = select(Question).where(Question.run_id == run.id, Question.id.in_(ids), Question.state == before)
    query = query.order_by(Question.ordinal).with_for_update(skip_locked=True)
    found = session.scalars(query.execution_options(populate_existing=True)).all() if ids else []
    for question in found:
        question.state = after
    leases.drop(session, run.id, [question.id for question in found])
    return [question.id for question in found]


def _infers(run: Run) -> bool:
    return bool(run.config["memory"] == "closure")


# -- undo --------------------------------------------------------------------------------------


def undo(
    session: Session, run: Run, person: Person, answer_id: str, now: datetime
) -> tuple[Answer, leases.Held | None]:
    """Take an answer back by adding an event; its question comes back to this person unless the run is over.

    Done twice, it gives the same result.

    Raises:
        NotFoundError: no such answer in this run.
        ForbiddenError: somebody else's answer (an admin may).
    """
    given = answers.find(session, run.id, answer_id)
    if given is None or given.retracts is not None:
        raise NotFoundError(f"no answer {answer_id!r} in this run")
    if given.person_id != person.id and person.role != Role.ADMIN:
        raise ForbiddenError("only the person who gave an answer, or an admin, may take it back")
    question = questions.find(session, run.id, given.question_id, lock=True)
    if answers.add(session, _retraction(given, person, now)):
        if question is not None:
            _reopen(session, run, question)
        if run.state not in OVER:
            jobs.wake_run(session, run.id)
    return given, leases.give_again(session, question, person.id, now)


def _retraction(given: Answer, person: Person, now: datetime) -> dict[str, Any]:
    return {
        "run_id": given.run_id,
        "id": f"undo:{given.id}",  # a client's own id cannot hold a colon
        "question_id": given.question_id,
        "left_row": given.left_row,
        "right_row": given.right_row,
        "verdict": given.verdict,
        "bad_rows": [],
        "person_id": person.id,
        "source": given.source,
        "round": given.round,
        "seconds": 0.0,
        "at": now,
        "shown": [],
        "swapped": False,
        "late": False,
        "retracts": given.id,
        "body_hash": "",
    }


def _reopen(session: Session, run: Run, question: Question) -> None:
    """Open the question, and those that were settled only by the answer that is gone."""
    others = answers.standing(run.id).where(Answer.question_id == question.id).limit(1)
    if session.scalars(others).first() is not None:
        return
    question.state = "closed" if run.state in OVER else "open"
    question.stage = questions.AGAIN
    session.flush()
    if question.state == "closed":
        return
    pairs = _pairs(session, run, Question.state == "settled", Question.round == run.round)
    if pairs:
        with memories_of(session).of(session, run) as memory:
            free = [id_ for id_, left, right in pairs if not memory.decided(left, right)]
        _change(session, run, free, ("settled", "open"))
