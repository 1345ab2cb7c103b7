"""Questions: published by the worker, given to people (`leases`), withdrawn when nobody needs them.

open -> answered   somebody answered it
     -> settled    it follows from other answers
     -> closed     its round is over, or its budget
An undo brings a question back to open, in stage `AGAIN`: it stays open beyond its round, until it is
answered, settled, or the run is over.

Beside them stand the pairs that check people (`gold`): gold -> checked. The worker knows nothing of them.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import exists, func, select, update
from sqlalchemy.orm import Session

from backend.store import leases, shapes, votes
from backend.store.jobs import upsert
from backend.store.models import Question, Run
from ucal import types as core

CHECKS = ("gold", "checked")  # states of pairs that check a person
AGAIN = "again"  # the stage of a question whose answer was taken back
_CHUNK = 200  # rows a statement: below every database's limit of parameters


# -- the worker's side -------------------------------------------------------------------------


def publish(session: Session, run_id: str, questions: Sequence[core.Question], stage: str = "") -> int:
    """Open these questions, in this order; give how many are new.

    Publishing again changes nothing, except that what was settled or closed in between (and is
    wanted again after an undo) opens again, as does a pair that checked somebody and is now really asked.
    """
    first = (session.scalar(select(func.max(Question.ordinal)).where(Question.run_id == run_id)) or 0) + 1
    rule = votes.rule_of(session, session.get_one(Run, run_id))
    new = 0
    for start in range(0, len(questions), _CHUNK):
        part = questions[start : start + _CHUNK]
        rows = [_row(run_id, question, stage, first + start + i) for i, question in enumerate(part)]
        for row, question in zip(rows, part, strict=True):
            row["votes_base"] = row["votes_wanted"] = votes.base_of(rule, question)
        statement = upsert(session, Question).values(rows)
        statement = statement.on_conflict_do_nothing(index_elements=[Question.run_id, Question.id])
        new += len(session.scalars(statement.returning(Question.id)).all())
        _really_ask(session, run_id, rows)
        _move(session, run_id, [question.id for question in part], ("settled", "closed"), "open")
        _renew(session, run_id, part)
    return new


def _really_ask(session: Session, run_id: str, rows: Sequence[dict[str, Any]]) -> None:
    """Make questions of pairs that checked somebody: with the groups, the place and the votes of any other."""
    wanted = {row["id"]: row for row in rows}
    checks = (Question.run_id == run_id, Question.id.in_(wanted), Question.state.in_(CHECKS))
    query = select(Question).where(*checks).with_for_update().execution_options(populate_existing=True)
    found = session.scalars(query).all()
    for question in found:
        for name, value in wanted[question.id].items():
            if name != "lease_fence":  # it only grows
                setattr(question, name, value)
    leases.drop(session, run_id, [question.id for question in found])
    session.flush()


def settle(session: Session, run_id: str, ids: Collection[str]) -> int:
    """Withdraw open questions that follow from other answers; give how many there were."""
    chosen = list(ids)
    parts = (chosen[start : start + _CHUNK] for start in range(0, len(chosen), _CHUNK))
    return sum(_move(session, run_id, part, ("open",), "settled") for part in parts)


def close_open(session: Session, run_id: str, keep: Collection[str] = ()) -> int:
    """Close what is still open (but for `keep`): nobody needs it any more. Checks go with the last question."""
    kept = set(keep)
    chosen = [id_ for id_ in open_ids(session, run_id) if id_ not in kept]
    parts = (chosen[start : start + _CHUNK] for start in range(0, len(chosen), _CHUNK))
    n = sum(_move(session, run_id, part, ("open",), "closed") for part in parts)
    rest = exists().where(Question.run_id == run_id, Question.state == "open", Question.stage != AGAIN)
    if not session.scalar(select(rest)):
        checks = select(Question.id).where(Question.run_id == run_id, Question.state == "gold", Question.stage != AGAIN)
        _move(session, run_id, session.scalars(checks).all(), ("gold",), "checked")
    return n


def open_ids(session: Session, run_id: str, stage: str | None = None) -> list[str]:
    """Give the open questions' ids, best first; with `stage`, only those of that stage."""
    query = select(Question.id).where(Question.run_id == run_id, Question.state == "open")
    query = query if stage is None else query.where(Question.stage == stage)
    return list(session.scalars(query.order_by(Question.ordinal)))


def open_rows(session: Session, run_id: str, but: Collection[str] = ()) -> list[Question]:
    """Give the open questions, best first; those in `but` are not even read."""
    passed = set(but)
    ids = [id_ for id_ in open_ids(session, run_id) if id_ not in passed]
    found: list[Question] = []
    for start in range(0, len(ids), _CHUNK):
        part = ids[start : start + _CHUNK]
        query = select(Question).where(Question.run_id == run_id, Question.id.in_(part), Question.state == "open")
        found += session.scalars(query.order_by(Question.ordinal)).all()
    return found


def _move(session: Session, run_id: str, ids: Collection[str], before: tuple[str, ...], after: str) -> int:
    chosen = (Question.run_id == run_id, Question.id.in_(ids), Question.state.in_(before))
    change = update(Question).where(*chosen).values(state=after).returning(Question.id)
    moved = list(session.scalars(change, execution_options={"synchronize_session": False}))
    leases.drop(session, run_id, moved)
    return len(moved)


def _renew(session: Session, run_id: str, questions: Sequence[core.Question]) -> None:
    """Show the tiles that pages have now: some follow from answers, others came back with an undo."""
    pages = {question.id: question for question in questions if question.tiles}
    if not pages:
        return
    chosen = (Question.run_id == run_id, Question.id.in_(pages), Question.state == "open")
    query = select(Question).where(*chosen).with_for_update().execution_options(populate_existing=True)
    for row in session.scalars(query):
        shapes.renew(row, pages[row.id])
    session.flush()


def _row(run_id: str, question: core.Question, stage: str, ordinal: int) -> dict[str, Any]:
    return shapes.question_values(question) | {
        "run_id": run_id,
        "stage": stage,
        "ordinal": ordinal,
        "state": "open",
        "lease_fence": 0,
    }


# -- looking ---------------------------------------------------------------------------------------


def find(session: Session, run_id: str, question_id: str, *, lock: bool = False) -> Question | None:
    """Find a question; with `lock`, nobody else changes it before this transaction ends."""
    query = select(Question).where(Question.run_id == run_id, Question.id == question_id)
    query = query.execution_options(populate_existing=True)
    return session.scalars(query.with_for_update() if lock else query).one_or_none()


def counts(session: Session, run_id: str, now: datetime) -> tuple[int, int, int]:
    """Count a run's questions: all ever asked, open, and of these leased."""
    query = select(func.count(), func.count().filter(Question.state == "open"))
    query = query.select_from(Question).where(Question.run_id == run_id, Question.state.not_in(CHECKS))
    asked, open_ = session.execute(query).one()
    return int(asked), int(open_), leases.count_held(session, run_id, now)


def round_counts(session: Session, run_id: str, round_: int) -> dict[str, int]:
    """Count a round's questions by state."""
    query = select(Question.state, func.count()).where(Question.run_id == run_id, Question.round == round_)
    return {state: int(count) for state, count in session.execute(query.group_by(Question.state))}
