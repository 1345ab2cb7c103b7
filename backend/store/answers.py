"""The append-only log of answers. Nothing here changes or removes a row."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Sequence
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, Select, exists, func, select
from sqlalchemy.orm import Session, aliased

from backend.answer_schemas import AnswersWish
from backend.store.jobs import upsert
from backend.store.models import Answer, utc_now
from backend.store.shapes import answer_values, tile_answers
from backend.store.tail import rows_of
from ucal import types as core
from ucal.types import Kind, Verdict

_COLUMNS = (
    Answer.id,
    Answer.left_row,
    Answer.right_row,
    Answer.verdict,
    Answer.question_id,
    Answer.person_id,
    Answer.round,
    Answer.seconds,
    Answer.at,
    Answer.bad_rows,
    Answer.retracts,
    Answer.kind,
    Answer.tiles,
)


def read_log(session: Session, run_id: str) -> list[core.Answer]:
    """Give what the label memory is made of, in the log's order: all but single votes among several, and checks."""
    return read(session, run_id, Answer.counts.is_(True))


def read(session: Session, run_id: str, *which: ColumnElement[bool]) -> list[core.Answer]:
    """Give some of a run's events in the log's order."""
    query = select(*_COLUMNS).where(Answer.run_id == run_id, *which).order_by(Answer.seq)
    return [_core(*row) for row in session.execute(query)]


def count(session: Session, run_id: str) -> int:
    """Count a run's events."""
    return session.scalar(select(func.count()).select_from(Answer).where(Answer.run_id == run_id)) or 0


def read_some(session: Session, run_id: str, seqs: Sequence[int]) -> list[tuple[int, core.Answer]]:
    """Give those of these events (rising sequence numbers) that the label memory is made of, with their numbers."""
    query = select(Answer.seq, *_COLUMNS).where(Answer.run_id == run_id, Answer.counts).order_by(Answer.seq)
    return [(row[0], _core(*row[1:])) for row in rows_of(session, query, Answer.seq, seqs)]


def _core(  # noqa: PLR0913 - one argument a column, in their order
    id_: str,
    left: int,
    right: int,
    verdict: str,
    question: str,
    person: str,
    round_: int,
    seconds: float,
    at: datetime,
    bad: list[int],
    retracts: str | None,
    kind: str,
    tiles: list[dict[str, Any]],
) -> core.Answer:
    return core.Answer(
        id=id_,
        left=left,
        right=right,
        verdict=Verdict(verdict),
        question=question,
        person=person,
        round=round_,
        seconds=seconds,
        at=at.isoformat(),
        bad_rows=tuple(bad),
        retracts=retracts,
        kind=Kind(kind),
        tiles=tile_answers(tiles),
    )


def append_log(session: Session, run_id: str, answers: Sequence[core.Answer], source: str = "oracle") -> None:
    """Add answers that no person gave; an id that is there already is left as it is."""
    rows = [_row(run_id, answer, source) for answer in answers]
    for start in range(0, len(rows), 500):
        statement = upsert(session, Answer).values(rows[start : start + 500])
        session.execute(statement.on_conflict_do_nothing(index_elements=[Answer.run_id, Answer.id]))


def _row(run_id: str, answer: core.Answer, source: str) -> dict[str, Any]:
    return answer_values(answer) | {
        "run_id": run_id,
        "person_id": answer.person,
        "source": source,
        "at": datetime.fromisoformat(answer.at) if answer.at else utc_now(),
        "shown": [],
        "swapped": False,
        "late": False,
        "body_hash": "",
    }


def body_hash(body: dict[str, Any]) -> str:
    """Name a request's body, so that a repeated one is known."""
    return hashlib.sha256(json.dumps(body, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def add(session: Session, values: dict[str, Any]) -> bool:
    """Add one event; False when its id is there already."""
    statement = upsert(session, Answer).values(**values)
    statement = statement.on_conflict_do_nothing(index_elements=[Answer.run_id, Answer.id])
    return session.execute(statement.returning(Answer.seq)).scalar_one_or_none() is not None


def find(session: Session, run_id: str, answer_id: str) -> Answer | None:
    """Find one event by the client's id."""
    return session.scalars(select(Answer).where(Answer.run_id == run_id, Answer.id == answer_id)).one_or_none()


def standing(run_id: str) -> Select[Answer]:
    """Select the answers that stand: neither undone nor an undo."""
    return select(Answer).where(Answer.run_id == run_id, stands())


@cache
def stands() -> ColumnElement[bool]:
    """Say of an event that it is an answer and was not undone. Made once: an alias takes milliseconds to build."""
    undo = aliased(Answer)
    undone = exists().where(undo.run_id == Answer.run_id, undo.retracts == Answer.id)
    return Answer.retracts.is_(None) & ~undone


def retraction(given: Answer, person_id: str, now: datetime) -> dict[str, Any]:
    """Make the event that takes an answer back."""
    return {
        "run_id": given.run_id,
        "id": f"undo:{given.id}",  # a client's own id cannot hold a colon
        "question_id": given.question_id,
        "left_row": given.left_row,
        "right_row": given.right_row,
        "verdict": given.verdict,
        "kind": given.kind,
        "tiles": [],
        "judged": 0,
        "actions": 0,
        "bad_rows": [],
        "person_id": person_id,
        "source": given.source,
        "counts": given.counts,
        "round": given.round,
        "seconds": 0.0,
        "at": now,
        "shown": [],
        "swapped": False,
        "late": False,
        "retracts": given.id,
        "body_hash": "",
    }


def newer_ids(session: Session, run_id: str, seq: int) -> set[str]:
    """Name the events that came after one and that the label memory has."""
    return set(session.scalars(select(Answer.id).where(Answer.run_id == run_id, Answer.seq > seq, Answer.counts)))


def undone_ids(session: Session, run_id: str, ids: Collection[str]) -> set[str]:
    """Say which of these answers were undone."""
    query = select(Answer.retracts).where(Answer.run_id == run_id, Answer.retracts.in_(ids))
    return {id_ for id_ in session.scalars(query) if id_ is not None}


def undos(session: Session, run_id: str, ids: Sequence[str]) -> dict[str, Answer]:
    """Give the events that took these answers back, by the answer's id."""
    found: dict[str, Answer] = {}
    for start in range(0, len(ids), 500):
        query = select(Answer).where(Answer.run_id == run_id, Answer.retracts.in_(ids[start : start + 500]))
        found |= {undo.retracts: undo for undo in session.scalars(query) if undo.retracts is not None}
    return found


def newest(session: Session, run_id: str, person_id: str | None, wish: AnswersWish) -> Sequence[Answer]:
    """Give the newest answers (no undo events), newest first."""
    query = standing(run_id) if wish.standing else select(Answer).where(Answer.run_id == run_id)
    query = query.where(Answer.retracts.is_(None), Answer.source != "votes")
    if person_id is not None:
        query = query.where(Answer.person_id == person_id)
    return session.scalars(query.order_by(Answer.seq.desc()).offset(wish.offset).limit(wish.limit)).all()
