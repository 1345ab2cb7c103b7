"""Leases: which questions are whose right now.

A lease is a person, a fencing number that grows, and an expiry by the server's clock. A question has
room while its votes and its live leases together are fewer than the votes it wants. A lease that ran
out is free for others, and still that person's while there is room. While others wait for questions,
nobody is given more than an equal share of what is there, and whose page is heard of gives back what
it holds beyond that, the last ones first.

Whoever gives out or takes back a lease locks the question's row first. In PostgreSQL a statement may
have begun before another transaction ended; so the room of a locked row is counted once more.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, Select, delete, exists, func, select, update
from sqlalchemy.orm import InstrumentedAttribute, Session, aliased

from backend.store.jobs import upsert
from backend.store.models import Answer, Question, QuestionLease, Waiting

LEASE = timedelta(seconds=120)
WAITING = timedelta(seconds=10)  # since a page asked in vain; pages ask again every 2 s
GIVEN = ("open", "gold")  # states of questions that somebody may hold
KEPT = 2  # questions that are never taken back: one may be on the screen
_TRIES = 3  # to fill a wish while others take the same rows


@dataclass(frozen=True, slots=True)
class Held:
    """A question in a person's hands."""

    question: Question
    fence: int
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Leased:
    """What a person holds now.

    given      those the page did not hold: first `again` that were this person's already, then new ones, best first
    withdrawn  of those the page held: to be dropped (settled, closed, or taken by somebody else)
    held       how many of those the page held are still its own
    """

    given: list[Held]
    withdrawn: list[str]
    held: int
    again: int = 0


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
    own = _own(session, run_id, person_id, held, now)[:count]
    given = [_extend(session, question, mine, now) for question, mine in own]
    count = min(count, len(own) + _share(session, run_id, person_id, kept.held + len(own), now))
    passed = [*held, *(one.question.id for one in given)]
    for _ in range(_TRIES):
        wanted = count - len(given)
        if wanted <= 0:
            break
        free = _free(run_id, person_id, now).where(Question.id.not_in(passed))
        found = _locked(session, free.order_by(Question.ordinal).limit(wanted))
        room = _with_room(session, found, person_id, now)
        given += [give(session, question, person_id, now) for question in found if question.id in room]
        passed += [question.id for question in found]
        if len(found) == len(room):
            break
    _note_waiting(session, run_id, person_id, now, served=bool(given) or kept.held > 0)
    return Leased(given, kept.withdrawn, kept.held, len(own))


def hand_over(session: Session, run_id: str, person_id: str, now: datetime) -> list[str]:
    """Take back what a person holds beyond an equal share while others wait; give the questions' ids.

    The last ones go first, and only those that somebody who waits could answer.
    """
    if not _n_waiting(session, run_id, person_id, now):
        return []
    mine = _locked_leases(session, run_id, person_id, QuestionLease.expires_at > now)
    open_ = [question for question, _ in mine if question.state == "open"]
    beyond = open_[max(KEPT, _fair(session, run_id, person_id, len(open_), now)) :]
    if not beyond:
        return []
    wanted = select(Question.id).where(
        Question.run_id == run_id, Question.id.in_([one.id for one in beyond]), _useful(run_id, person_id, now)
    )
    gone = list(session.scalars(wanted.order_by(Question.ordinal)))
    drop(session, run_id, gone, person_id)
    return gone


def _share(session: Session, run_id: str, person_id: str, held: int, now: datetime) -> int:
    """Say how many more questions a person may take: no limit while nobody waits, else up to an equal share."""
    if not _n_waiting(session, run_id, person_id, now):
        return 2**31
    return max(0, _fair(session, run_id, person_id, held, now) - held)


def _n_waiting(session: Session, run_id: str, person_id: str, now: datetime) -> int:
    """Count the others who wait."""
    query = select(func.count()).where(*_others_wait(run_id, person_id, now)).select_from(Waiting)
    return session.scalar(query) or 0


def _fair(session: Session, run_id: str, person_id: str, held: int, now: datetime) -> int:
    """Share what a person holds and what is free among this person and those who wait, rounded up."""
    open_ = (Question.run_id == run_id, Question.state == "open")
    wanted = session.scalar(select(func.sum(Question.votes_wanted - Question.n_votes)).where(*open_)) or 0
    live = select(func.count()).select_from(QuestionLease).join(Question, _lease_of_question())
    taken = session.scalar(live.where(*open_, QuestionLease.expires_at > now)) or 0
    return -(-(max(0, wanted - taken) + held) // (_n_waiting(session, run_id, person_id, now) + 1))


def _others_wait(run_id: str, person_id: str, now: datetime) -> tuple[ColumnElement[bool], ...]:
    return Waiting.run_id == run_id, Waiting.person_id != person_id, Waiting.at > now - WAITING


def _useful(run_id: str, person_id: str, now: datetime) -> ColumnElement[bool]:
    """Say whether somebody who waits neither voted on the question nor holds it."""
    held = exists().where(
        *_of_this_question(), QuestionLease.person_id == Waiting.person_id, QuestionLease.expires_at > now
    )
    voted = _voted(run_id, Waiting.person_id)
    here = [one.correlate(Question, Waiting) for one in (held, voted)]  # two levels up
    return exists().where(*_others_wait(run_id, person_id, now), *(~one for one in here)).correlate(Question)


def _note_waiting(session: Session, run_id: str, person_id: str, now: datetime, *, served: bool) -> None:
    """Note who asked in vain; not those for whom there is nothing because they answered it all."""
    mine = (Waiting.run_id == run_id, Waiting.person_id == person_id)
    any_open = exists().where(Question.run_id == run_id, Question.state == "open")
    if served or (session.scalar(select(any_open)) and not others_hold(session, run_id, person_id, now)):
        session.execute(delete(Waiting).where(*mine))
        return
    row = upsert(session, Waiting).values(run_id=run_id, person_id=person_id, at=now)
    keys = [Waiting.run_id, Waiting.person_id]
    session.execute(row.on_conflict_do_update(index_elements=keys, set_={"at": now}))


def heartbeat(session: Session, run_id: str, person_id: str, held: Sequence[str], now: datetime) -> Leased:
    """Extend the leases that the page holds; say which of them it should drop."""
    found = _locked_leases(session, run_id, person_id, Question.id.in_(held)) if held else []
    late = [question for question, mine in found if mine.expires_at <= now]
    room = _with_room(session, late, person_id, now)
    kept = [(question, mine) for question, mine in found if mine.expires_at > now or question.id in room]
    for question, mine in kept:
        _extend(session, question, mine, now)
    session.flush()
    ids = {question.id for question, _ in kept}
    ids.difference_update(hand_over(session, run_id, person_id, now))
    return Leased([], [id_ for id_ in held if id_ not in ids], len(ids))


def give(session: Session, question: Question, person_id: str, now: datetime) -> Held:
    """Lease a question, whose row is locked, to a person under a new fencing number."""
    question.lease_fence += 1
    expires = now + LEASE
    values = {"fence": question.lease_fence, "expires_at": expires}
    row = upsert(session, QuestionLease).values(
        run_id=question.run_id, question_id=question.id, person_id=person_id, **values
    )
    keys = [QuestionLease.run_id, QuestionLease.question_id, QuestionLease.person_id]
    session.execute(row.on_conflict_do_update(index_elements=keys, set_=values))
    return Held(question, question.lease_fence, expires)


def give_again(session: Session, question: Question | None, person_id: str, now: datetime) -> Held | None:
    """Lease a question, whose row is locked, to a person who wants it back; None where it has no room."""
    if question is None or question.state not in GIVEN:
        return None
    mine = of(session, question, person_id)
    if mine is not None and mine.expires_at > now:
        return _extend(session, question, mine, now)
    if question.id not in _with_room(session, [question], person_id, now):
        return None
    return give(session, question, person_id, now)


def of(session: Session, question: Question, person_id: str) -> QuestionLease | None:
    """Give a person's lease of a question, live or not."""
    key = (question.run_id, question.id, person_id)
    return session.get(QuestionLease, key, populate_existing=True)


def release(session: Session, run_id: str, person_id: str, ids: Collection[str], *, later: bool = False) -> None:
    """Put questions back for somebody else; with `later`, behind all others."""
    found = _locked_leases(session, run_id, person_id, Question.id.in_(ids))
    mine = [question for question, _ in found]
    drop(session, run_id, [question.id for question in mine], person_id)
    if later and mine:
        last = session.scalar(select(func.max(Question.ordinal)).where(Question.run_id == run_id)) or 0
        change = update(Question).where(Question.run_id == run_id, Question.id.in_([one.id for one in mine]))
        session.execute(change.values(ordinal=last + 1), execution_options={"synchronize_session": False})


def drop(session: Session, run_id: str, ids: Collection[str], person_id: str | None = None) -> None:
    """End the leases of these questions, all or one person's."""
    gone = delete(QuestionLease).where(QuestionLease.run_id == run_id, QuestionLease.question_id.in_(ids))
    gone = gone if person_id is None else gone.where(QuestionLease.person_id == person_id)
    if ids:
        session.execute(gone, execution_options={"synchronize_session": False})


# -- counting ----------------------------------------------------------------------------------


def others_hold(session: Session, run_id: str, person_id: str, now: datetime) -> int:
    """Count the open questions that this person could answer if others did not hold them."""
    query = select(func.count()).where(
        Question.run_id == run_id,
        Question.state == "open",
        ~_voted(run_id, person_id),
        _holders(now, person_id, others=False) == 0,
        _holders(now, person_id, others=True) > 0,
    )
    return session.scalar(query.select_from(Question)) or 0


def wait_for_others(session: Session, run_id: str, person_id: str) -> int:
    """Count the open questions on which this person voted: they want somebody else's vote too."""
    query = select(func.count()).where(Question.run_id == run_id, Question.state == "open", _voted(run_id, person_id))
    return session.scalar(query.select_from(Question)) or 0


def count_held(session: Session, run_id: str, now: datetime) -> int:
    """Count the open questions that somebody holds."""
    live = exists().where(*_of_this_question(), QuestionLease.expires_at > now)
    query = select(func.count()).where(Question.run_id == run_id, Question.state == "open", live)
    return session.scalar(query.select_from(Question)) or 0


# -- the rows ----------------------------------------------------------------------------------


def _own(
    session: Session, run_id: str, person_id: str, held: Sequence[str], now: datetime
) -> list[tuple[Question, QuestionLease]]:
    """Lock this person's live leases that the page does not know of (it was reloaded)."""
    return _locked_leases(session, run_id, person_id, Question.id.not_in(held), QuestionLease.expires_at > now)


def _locked_leases(
    session: Session, run_id: str, person_id: str, *which: ColumnElement[bool]
) -> list[tuple[Question, QuestionLease]]:
    query = select(Question, QuestionLease).join(QuestionLease, _lease_of_question())
    query = query.where(
        Question.run_id == run_id, QuestionLease.person_id == person_id, Question.state.in_(GIVEN), *which
    )
    query = query.order_by(Question.ordinal).with_for_update(of=Question)
    return [(row[0], row[1]) for row in session.execute(query.execution_options(populate_existing=True))]


def _extend(session: Session, question: Question, mine: QuestionLease, now: datetime) -> Held:
    mine.expires_at = now + LEASE
    return Held(question, mine.fence, mine.expires_at)


def _locked(session: Session, query: Select[Question]) -> Sequence[Question]:
    query = query.with_for_update(skip_locked=True).execution_options(populate_existing=True)
    return session.scalars(query).all()


def _free(run_id: str, person_id: str, now: datetime) -> Select[Question]:
    """Select open questions that have room, which this person neither holds nor voted on."""
    held = exists().where(*_of_this_question(), QuestionLease.person_id == person_id, QuestionLease.expires_at > now)
    room = Question.n_votes + _holders(now, person_id, others=True) < Question.votes_wanted
    return select(Question).where(
        Question.run_id == run_id, Question.state == "open", room, ~held, ~_voted(run_id, person_id)
    )


def _with_room(session: Session, found: Sequence[Question], person_id: str, now: datetime) -> set[str]:
    """Count again which of these locked questions have room for this person."""
    if not found:
        return set()
    query = select(QuestionLease.question_id, func.count()).where(
        QuestionLease.run_id == found[0].run_id,
        QuestionLease.question_id.in_([question.id for question in found]),
        QuestionLease.expires_at > now,
        QuestionLease.person_id != person_id,
    )
    taken: dict[str, int] = {row[0]: row[1] for row in session.execute(query.group_by(QuestionLease.question_id))}
    return {one.id for one in found if one.n_votes + taken.get(one.id, 0) < one.votes_wanted}


def _holders(now: datetime, person_id: str, *, others: bool) -> Any:
    who = QuestionLease.person_id != person_id if others else QuestionLease.person_id == person_id
    query = select(func.count()).select_from(QuestionLease)
    query = query.where(*_of_this_question(), QuestionLease.expires_at > now, who)
    return query.correlate(Question).scalar_subquery()


def _of_this_question() -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return QuestionLease.run_id == Question.run_id, QuestionLease.question_id == Question.id


def _lease_of_question() -> ColumnElement[bool]:
    run, question = _of_this_question()
    return run & question


def _voted(run_id: str, person_id: str | InstrumentedAttribute[str]) -> Any:
    """Say whether a vote of this person on the question stands; that it checked this person before is none."""
    undo, vote = _events()
    undone = exists().where(undo.run_id == run_id, undo.retracts == vote.id)
    return exists().where(
        vote.run_id == run_id,
        vote.question_id == Question.id,
        vote.person_id == person_id,
        vote.source != "gold",
        vote.retracts.is_(None),
        ~undone,
    )


@cache
def _events() -> tuple[type[Answer], type[Answer]]:
    """Give the log twice, as an undo and as what it takes back. Made once: an alias takes milliseconds to build."""
    return aliased(Answer), aliased(Answer)
