"""Questions: published by the worker, leased by people.

open -> answered   somebody answered it
     -> settled    it follows from other answers
     -> closed     its round is over, or its budget
An undo brings a question back to open, in stage `AGAIN`: it stays open beyond its round, until it is
answered, settled, or the run is over. A lease is a person, a fencing number and an expiry by the
server's clock; one that ran out is free for others, and still that person's until somebody takes it.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import CursorResult, Select, exists, func, or_, select, update
from sqlalchemy.orm import Session, aliased

from backend.store.jobs import upsert
from backend.store.models import Answer, Question
from ucal import types as core

LEASE = timedelta(seconds=120)
AGAIN = "again"  # the stage of a question whose answer was taken back
_CHUNK = 200  # rows a statement: below every database's limit of parameters


@dataclass(frozen=True, slots=True)
class Leased:
    """What a person holds now.

    questions  those newly given, best first, with their fencing numbers
    withdrawn  of those the page held: to be dropped (settled, closed, or taken by somebody else)
    held       how many of those the page held are still its own
    """

    questions: Sequence[Question]
    withdrawn: list[str]
    held: int


# -- the worker's side -------------------------------------------------------------------------


def publish(session: Session, run_id: str, questions: Sequence[core.Question], stage: str = "") -> int:
    """Open these questions, in this order; give how many are new.

    Publishing again changes nothing, except that what was settled or closed in between (and is
    wanted again after an undo) opens again.
    """
    first = (session.scalar(select(func.max(Question.ordinal)).where(Question.run_id == run_id)) or 0) + 1
    new = 0
    for start in range(0, len(questions), _CHUNK):
        part = questions[start : start + _CHUNK]
        rows = [_row(run_id, question, stage, first + start + i) for i, question in enumerate(part)]
        statement = upsert(session, Question).values(rows)
        statement = statement.on_conflict_do_nothing(index_elements=[Question.run_id, Question.id])
        new += len(session.scalars(statement.returning(Question.id)).all())
        _move(session, run_id, [question.id for question in part], ("settled", "closed"), "open")
    return new


def settle(session: Session, run_id: str, ids: Collection[str]) -> int:
    """Withdraw open questions that follow from other answers; give how many there were."""
    chosen = list(ids)
    parts = (chosen[start : start + _CHUNK] for start in range(0, len(chosen), _CHUNK))
    return sum(_move(session, run_id, part, ("open",), "settled") for part in parts)


def close_open(session: Session, run_id: str, keep: Collection[str] = ()) -> int:
    """Close what is still open (but for `keep`): nobody needs it any more."""
    kept = set(keep)
    chosen = [id_ for id_ in open_ids(session, run_id) if id_ not in kept]
    parts = (chosen[start : start + _CHUNK] for start in range(0, len(chosen), _CHUNK))
    return sum(_move(session, run_id, part, ("open",), "closed") for part in parts)


def open_ids(session: Session, run_id: str, stage: str | None = None) -> list[str]:
    """Give the open questions' ids, best first; with `stage`, only those of that stage."""
    query = select(Question.id).where(Question.run_id == run_id, Question.state == "open")
    query = query if stage is None else query.where(Question.stage == stage)
    return list(session.scalars(query.order_by(Question.ordinal)))


def _move(session: Session, run_id: str, ids: Collection[str], before: tuple[str, ...], after: str) -> int:
    chosen = (Question.run_id == run_id, Question.id.in_(ids), Question.state.in_(before))
    change = update(Question).where(*chosen).values(state=after, lease_person=None, lease_expires=None)
    result = session.execute(change, execution_options={"synchronize_session": False})
    assert isinstance(result, CursorResult)
    return result.rowcount


def _row(run_id: str, question: core.Question, stage: str, ordinal: int) -> dict[str, Any]:
    return {
        "run_id": run_id,
        "id": question.id,
        "kind": "pair",
        "reason": question.reason.value,
        "round": question.round,
        "stage": stage,
        "ordinal": ordinal,
        "left_row": question.left,
        "right_row": question.right,
        "left_rows": list(question.left_rows),
        "right_rows": list(question.right_rows),
        "left_size": question.left_size,
        "right_size": question.right_size,
        "similarity": question.similarity,
        "state": "open",
        "lease_fence": 0,
    }


# -- people's side -----------------------------------------------------------------------------


def find(session: Session, run_id: str, question_id: str, *, lock: bool = False) -> Question | None:
    """Find a question; with `lock`, nobody else changes it before this transaction ends."""
    query = select(Question).where(Question.run_id == run_id, Question.id == question_id)
    query = query.execution_options(populate_existing=True)
    return session.scalars(query.with_for_update() if lock else query).one_or_none()


def lease(session: Session, run_id: str, person_id: str, wish: tuple[int, Sequence[str]], now: datetime) -> Leased:
    """Keep what the page holds and give up to `wish[0]` more: first this person's own live leases, then the best.

    Args:
        session: of the store
        run_id: the run
        person_id: who asks
        wish: how many more questions, and the ids that the page holds already
        now: the server's clock
    """
    count, held = wish
    kept = heartbeat(session, run_id, person_id, held, now)
    mine = select(Question).where(
        Question.run_id == run_id,
        Question.lease_person == person_id,
        Question.state == "open",
        Question.lease_expires > now,
        Question.id.not_in(held),
    )
    own = _take(session, mine, count)
    free = _free(run_id, person_id, now).where(Question.id.not_in(held))
    new = _take(session, free, count - len(own)) if len(own) < count else []
    for question in new:
        question.lease_person = person_id
        question.lease_fence += 1
    for question in (*own, *new):
        question.lease_expires = now + LEASE
    return Leased([*own, *new], kept.withdrawn, kept.held)


def _take(session: Session, query: Select[Question], count: int) -> Sequence[Question]:
    query = query.order_by(Question.ordinal).limit(count).with_for_update(skip_locked=True)
    return session.scalars(query.execution_options(populate_existing=True)).all()


def _free(run_id: str, person_id: str, now: datetime) -> Select[Question]:
    """Select open questions that nobody holds and that this person did not answer."""
    undo, vote = aliased(Answer), aliased(Answer)
    undone = exists().where(undo.run_id == run_id, undo.retracts == vote.id)
    voted = exists().where(
        vote.run_id == run_id,
        vote.question_id == Question.id,
        vote.person_id == person_id,
        vote.retracts.is_(None),
        ~undone,
    )
    nobody = or_(Question.lease_expires.is_(None), Question.lease_expires <= now)
    return select(Question).where(Question.run_id == run_id, Question.state == "open", nobody, ~voted)


def heartbeat(session: Session, run_id: str, person_id: str, held: Sequence[str], now: datetime) -> Leased:
    """Extend the leases that the page holds; say which of them it should drop."""
    query = select(Question).where(
        Question.run_id == run_id,
        Question.id.in_(held),
        Question.state == "open",
        Question.lease_person == person_id,
    )
    query = query.order_by(Question.ordinal).with_for_update().execution_options(populate_existing=True)
    kept = session.scalars(query).all() if held else []
    for question in kept:
        question.lease_expires = now + LEASE
    ids = {question.id for question in kept}
    return Leased([], [id_ for id_ in held if id_ not in ids], len(ids))


def release(session: Session, run_id: str, person_id: str, ids: Collection[str], *, later: bool = False) -> None:
    """Put questions back for somebody else; with `later`, behind all others."""
    values: dict[str, Any] = {"lease_person": None, "lease_expires": None}
    if later:
        last = session.scalar(select(func.max(Question.ordinal)).where(Question.run_id == run_id)) or 0
        values["ordinal"] = last + 1
    mine = (Question.run_id == run_id, Question.id.in_(ids), Question.lease_person == person_id)
    change = update(Question).where(*mine, Question.state == "open").values(values)
    session.execute(change, execution_options={"synchronize_session": False})


def others_hold(session: Session, run_id: str, person_id: str, now: datetime) -> int:
    """Count the open questions that others hold."""
    query = select(func.count()).where(
        Question.run_id == run_id,
        Question.state == "open",
        Question.lease_person != person_id,
        Question.lease_expires > now,
    )
    return session.scalar(query.select_from(Question)) or 0


def counts(session: Session, run_id: str, now: datetime) -> tuple[int, int, int]:
    """Count a run's questions: all ever asked, open, and of these leased."""
    leased = func.count().filter(Question.state == "open", Question.lease_expires > now)
    query = select(func.count(), func.count().filter(Question.state == "open"), leased)
    asked, open_, held = session.execute(query.select_from(Question).where(Question.run_id == run_id)).one()
    return int(asked), int(open_), int(held)


def round_counts(session: Session, run_id: str, round_: int) -> dict[str, int]:
    """Count a round's questions by state."""
    query = select(Question.state, func.count()).where(Question.run_id == run_id, Question.round == round_)
    return {state: int(count) for state, count in session.execute(query.group_by(Question.state))}
