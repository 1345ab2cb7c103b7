"""Answer and undo: one transaction each, in which the log, the question and the wake-up change together."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from backend import jobs
from backend.answer_schemas import AnswerNew
from backend.errors import AlreadyAnsweredError, AnswerConflictError, ForbiddenError, NotFoundError
from backend.run_schemas import OVER
from backend.schemas import Role
from backend.store import answers, leases, questions, votes
from backend.store.bodies import event_of
from backend.store.models import Answer, Person, Question, Run
from backend.store.settling import Settled, reopen_free, settle_others
from backend.store.shapes import answer_values
from ucal import types as core

_LATER = ("verdict", "odd", "tiles", "wrong", "bad_images")  # fields that came after the first version, or may be empty


@dataclass(frozen=True, slots=True)
class Given:
    """A recorded answer, ids of questions to drop (settled, or needed by others), and this person's shorter pages."""

    answer: Answer
    withdrawn: list[str]
    shortened: list[Question]


def answer(session: Session, run: Run, person: Person, body: AnswerNew, now: datetime) -> Given:
    """Record an answer. The same id and body again gives the first result.

    Raises:
        NotFoundError: no such question in this run.
        AnswerConflictError: the id was used for another body.
        AlreadyAnsweredError: this person answered this question already.
        InvalidError: the body does not fit the question's kind.
    """
    question = questions.find(session, run.id, body.question_id, lock=True)
    if question is None or _checks_another(question, person):
        raise NotFoundError(f"no question {body.question_id!r} in this run")
    digest = _digest(body)
    before = answers.find(session, run.id, body.id)
    if before is not None:
        return _repeated(before, person, digest)
    _refuse_second_vote(session, run, person, question)
    lease = leases.of(session, question, person.id)
    late = lease is None or lease.expires_at <= now or (body.fence is not None and body.fence != lease.fence)
    check = question.state in questions.CHECKS
    event = event_of(session, run, question, body, now)
    counts = not check and votes.enters(session, run, question, person.id, body.verdict or "")
    role = {"source": "gold" if check else "people", "counts": counts, "late": late, "body_hash": digest}
    if not answers.add(session, _values(run, person, event, body, now) | role):
        again = answers.find(session, run.id, body.id)
        assert again is not None
        return _repeated(again, person, digest)
    leases.drop(session, run.id, [question.id], person.id)
    settled = Settled()
    if check:
        question.state = "checked"
        settled = settle_others(session, run)  # as after any other: it says and takes the same
    elif _decide(session, run, question, now) or counts:
        settled = settle_others(session, run)
        if run.state not in OVER:
            jobs.wake_run(session, run.id)
    stored = answers.find(session, run.id, body.id)
    assert stored is not None
    mine = [row for row in settled.shortened if leases.of(session, row, person.id) is not None]
    handed = leases.hand_over(session, run.id, person.id, now)
    return Given(stored, [*settled.withdrawn, *handed], mine)


def _decide(session: Session, run: Run, question: Question, now: datetime) -> bool:
    """Look at a question's votes; where they decide it, it is given to nobody any more. Says whether that is news."""
    session.flush()
    decided, changed = votes.sync(session, run, question, now)
    if decided:
        question.state = "answered"
        leases.drop(session, run.id, [question.id])
    session.flush()
    return changed


def _checks_another(question: Question, person: Person) -> bool:
    return question.state in questions.CHECKS and question.gold_person != person.id


def _repeated(before: Answer, person: Person, digest: str) -> Given:
    if before.body_hash != digest or before.person_id != person.id:
        raise AnswerConflictError(f"the answer id {before.id!r} was used before, for another answer; make a new id")
    return Given(before, [], [])


def _refuse_second_vote(session: Session, run: Run, person: Person, question: Question) -> None:
    mine = answers.standing(run.id).where(Answer.question_id == question.id, Answer.person_id == person.id)
    if question.state not in questions.CHECKS:  # a pair that checked this person may be really asked later
        mine = mine.where(Answer.source != "gold")
    if session.scalars(mine.limit(1)).first() is not None:
        raise AlreadyAnsweredError("you answered this question already; undo that answer to change it")


def _values(run: Run, person: Person, event: core.Answer, body: AnswerNew, now: datetime) -> dict[str, Any]:
    return answer_values(event) | {
        "run_id": run.id,
        "person_id": person.id,
        "at": now,
        "shown": body.shown,
        "swapped": body.swapped,
        "fence": body.fence,
    }


def _digest(body: AnswerNew) -> str:
    """Name a body; what came with later versions and is not used does not change the name."""
    used = body.model_dump(mode="json")
    for name in _LATER:
        if not used[name] and used[name] != 0:
            del used[name]
    return answers.body_hash(used)


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
    if answers.add(session, answers.retraction(given, person.id, now)):
        changed = given.counts
        if question is not None and question.state in questions.CHECKS:
            question.state, question.stage = "checked" if run.state in OVER else "gold", questions.AGAIN
        elif question is not None:
            changed = _undecide(session, run, question, now) or changed
        if changed and run.state not in OVER:
            jobs.wake_run(session, run.id)
    if question is not None and _checks_another(question, person):
        return given, None
    return given, leases.give_again(session, question, person.id, now)


def _undecide(session: Session, run: Run, question: Question, now: datetime) -> bool:
    """Look at the votes that are left; where they do not decide, the question opens. Says whether that is news."""
    session.flush()
    decided, changed = votes.sync(session, run, question, now)
    if question.state == "answered" and not decided:
        _reopen(session, run, question)
    return changed


def _reopen(session: Session, run: Run, question: Question) -> None:
    """Open the question, and those that were settled only by the answer that is gone."""
    question.state = "closed" if run.state in OVER else "open"
    question.stage = questions.AGAIN
    session.flush()
    if question.state == "open":
        reopen_free(session, run)
