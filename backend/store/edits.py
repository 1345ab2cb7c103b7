"""What people did to clusters in the browser: an append-only log of its own, read together with the answers.

Nothing here changes or removes a row. An undo is an event with `retracts`.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, Select, exists, func, select
from sqlalchemy.orm import Session, aliased

from backend.store.jobs import upsert
from backend.store.models import Edit
from ucal import types as core
from ucal.costs import Cost, total_cost
from ucal.types import Kind, Verdict


def read_log(session: Session, run_id: str) -> list[core.Answer]:
    """Give a run's edits as events of the label memory, in their order."""
    return [as_event(edit) for edit in session.scalars(select(Edit).where(Edit.run_id == run_id).order_by(Edit.seq))]


def newer(session: Session, run_id: str, seq: int) -> Sequence[Edit]:
    """Give the events after a sequence number."""
    query = select(Edit).where(Edit.run_id == run_id, Edit.seq > seq).order_by(Edit.seq)
    return session.scalars(query).all()


def as_event(edit: Edit) -> core.Answer:
    """Give an edit as an event of the label memory."""
    left, right = edit.groups[0][0], edit.groups[-1][-1]
    return core.Answer(
        id=edit.id,
        left=left,
        right=right,
        verdict=Verdict.SAME if edit.kind in (Kind.LOCK, Kind.NAME) else Verdict.DIFFERENT,
        person=edit.person_id,
        round=edit.round,
        at=edit.at.isoformat(),
        retracts=edit.retracts,
        kind=Kind(edit.kind),
        groups=tuple(tuple(rows) for rows in edit.groups),
        text=edit.text,
    )


def add(session: Session, values: dict[str, Any]) -> bool:
    """Add one event; False when its id is there already."""
    statement = upsert(session, Edit).values(**values)
    statement = statement.on_conflict_do_nothing(index_elements=[Edit.run_id, Edit.id])
    return session.execute(statement.returning(Edit.seq)).scalar_one_or_none() is not None


def find(session: Session, run_id: str, edit_id: str) -> Edit | None:
    """Find one event by the client's id."""
    return session.scalars(select(Edit).where(Edit.run_id == run_id, Edit.id == edit_id)).one_or_none()


def standing(run_id: str) -> Select[Edit]:
    """Select the edits that stand: neither undone nor an undo."""
    return select(Edit).where(Edit.run_id == run_id, _stands())


@cache
def _stands() -> ColumnElement[bool]:
    """Say of an event that it is an edit and was not undone. Made once: an alias takes milliseconds to build."""
    undo = aliased(Edit)
    undone = exists().where(undo.run_id == Edit.run_id, undo.retracts == Edit.id)
    return Edit.retracts.is_(None) & ~undone


def cost(session: Session, run_id: str) -> Cost:
    """Give what the edits that stand judged and took."""
    return total_cost(as_event(edit) for edit in session.scalars(standing(run_id)))


def newest(session: Session, run_id: str, offset: int, limit: int) -> Sequence[Edit]:
    """Give the edits (no undo events), newest first."""
    query = select(Edit).where(Edit.run_id == run_id, Edit.retracts.is_(None))
    return session.scalars(query.order_by(Edit.seq.desc()).offset(offset).limit(limit)).all()


def undone_ids(session: Session, run_id: str) -> set[str]:
    """Give the ids of the edits that were undone."""
    query = select(Edit.retracts).where(Edit.run_id == run_id, Edit.retracts.is_not(None))
    return {id_ for id_ in session.scalars(query) if id_ is not None}


def names(session: Session, run_id: str) -> dict[int, str]:
    """Give the names that stand, by the row that carries them, oldest first; the newest of a row counts."""
    found: dict[int, str] = {}
    for edit in session.scalars(standing(run_id).where(Edit.kind == Kind.NAME).order_by(Edit.seq)):
        found[edit.groups[0][0]] = edit.text
    return {row: text for row, text in found.items() if text}


def last_seq(session: Session, run_id: str) -> int:
    """Give the newest event's sequence number; 0 = there is none."""
    return session.scalar(select(func.max(Edit.seq)).where(Edit.run_id == run_id)) or 0
