"""What follows from answers is not asked: open questions that an answer settles, and those that an undo brings back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from sqlalchemy import ColumnElement, Row, or_, select
from sqlalchemy.orm import Session

from backend.store import leases
from backend.store.memories import memories_of
from backend.store.models import Question, Run
from backend.store.shapes import core_question, renew
from ucal import types as core
from ucal.asking import open_part
from ucal.types import Kind, Reason

_CHUNK = 200  # rows a statement: below every database's limit of parameters
_PLAIN = (
    Question.kind.in_((Kind.PAIR.value, Kind.CARD.value)),
    Question.reason.not_in((Reason.CONFLICT.value, Reason.SECOND_LOOK.value)),
)  # questions whose pair alone says whether they are open
_OTHER = or_(Question.kind.in_((Kind.PAGE.value, Kind.CONFLICT.value)), Question.reason == Reason.CONFLICT.value)


@dataclass(slots=True)
class Settled:
    """What an answer did to open questions: ids of those withdrawn, and pages that lost tiles."""

    withdrawn: list[str] = field(default_factory=list)
    shortened: list[Question] = field(default_factory=list)


def settle_others(session: Session, run: Run) -> Settled:
    """Withdraw the open questions that follow now, and tiles of pages. A row that somebody changes is the worker's."""
    pairs = _pairs(session, run, Question.state == "open")
    others = _others(session, run, Question.state == "open")
    if not pairs and not others:
        return Settled()
    gone: list[str] = []
    less: dict[str, core.Question] = {}
    with memories_of(session).of(session, run) as memory:
        gone = [id_ for id_, left, right in pairs if memory.decided(left, right)]
        for row in others:
            question = core_question(row)
            part = open_part(question, memory)
            if part is None:
                gone.append(row.id)
            elif part is not question:
                less[row.id] = part
    withdrawn = [row.id for row in _change(session, run, gone, ("open", "settled"))]
    found = _lock(session, run, list(less), "open")
    for row in found:
        renew(row, less[row.id])
    return Settled(withdrawn, found)


def reopen_free(session: Session, run: Run) -> None:
    """Open what was settled in this round and follows no more; a page with the tiles that are open again."""
    here = (Question.state == "settled", Question.round == run.round)
    pairs, others = _pairs(session, run, *here), _others(session, run, *here)
    if not pairs and not others:
        return
    with memories_of(session).of(session, run) as memory:
        free = [id_ for id_, left, right in pairs if not memory.decided(left, right)]
        parts = {row.id: open_part(core_question(row, whole=True), memory) for row in others}
    wanted = {id_: part for id_, part in parts.items() if part is not None}
    for row in _change(session, run, [*free, *wanted], ("settled", "open")):
        if row.id in wanted:
            renew(row, wanted[row.id])


def _pairs(session: Session, run: Run, *which: ColumnElement[bool]) -> Sequence[Row[str, int, int]]:
    """Read (id, left, right) of some plain questions, where answers are inferred from; locks nothing."""
    if run.config["memory"] != "closure":
        return []
    query = select(Question.id, Question.left_row, Question.right_row).where(Question.run_id == run.id, *which, *_PLAIN)
    return session.execute(query.order_by(Question.ordinal)).all()


def _others(session: Session, run: Run, *which: ColumnElement[bool]) -> Sequence[Question]:
    query = select(Question).where(Question.run_id == run.id, _OTHER, *which).order_by(Question.ordinal)
    return session.scalars(query.execution_options(populate_existing=True)).all()


def _change(session: Session, run: Run, ids: Sequence[str], states: tuple[str, str]) -> list[Question]:
    """Move questions from one state to the other, those that nobody else is changing; give them."""
    before, after = states
    found = _lock(session, run, ids, before)
    for question in found:
        question.state = after
    leases.drop(session, run.id, [question.id for question in found])
    return found


def _lock(session: Session, run: Run, ids: Sequence[str], state: str) -> list[Question]:
    found: list[Question] = []
    for start in range(0, len(ids), _CHUNK):
        part = ids[start : start + _CHUNK]
        query = select(Question).where(Question.run_id == run.id, Question.id.in_(part), Question.state == state)
        query = query.order_by(Question.ordinal).with_for_update(skip_locked=True)
        found += session.scalars(query.execution_options(populate_existing=True)).all()
    return found
