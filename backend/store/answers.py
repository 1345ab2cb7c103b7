"""The append-only log of answers. Nothing here changes or removes a row."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Select, exists, func, select
from sqlalchemy.orm import Session, aliased

from backend.schemas import AnswersWish
from backend.store.jobs import upsert
from backend.store.models import Answer, utc_now
from ucal import types as core
from ucal.types import Verdict

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
)


def read_log(session: Session, run_id: str) -> list[core.Answer]:
    """Give a run's whole log in its order."""
    query = select(*_COLUMNS).where(Answer.run_id == run_id).order_by(Answer.seq)
    return [_core(*row) for row in session.execute(query)]


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
) -> core.Answer:
    return core.Answer(
        id_, left, right, Verdict(verdict), question, person, round_, seconds, at.isoformat(), tuple(bad), retracts
    )


def append_log(session: Session, run_id: str, answers: Sequence[core.Answer], source: str = "oracle") -> None:
    """Add answers that no person gave; an id that is there already is left as it is."""
    rows = [_row(run_id, answer, source) for answer in answers]
    for start in range(0, len(rows), 500):
        statement = upsert(session, Answer).values(rows[start : start + 500])
        session.execute(statement.on_conflict_do_nothing(index_elements=[Answer.run_id, Answer.id]))


def _row(run_id: str, answer: core.Answer, source: str) -> dict[str, Any]:
    return {
        "run_id": run_id,
        "id": answer.id,
        "question_id": answer.question,
        "left_row": answer.left,
        "right_row": answer.right,
        "verdict": answer.verdict.value,
        "bad_rows": list(answer.bad_rows),
        "person_id": answer.person,
        "source": source,
        "round": answer.round,
        "seconds": answer.seconds,
        "at": datetime.fromisoformat(answer.at) if answer.at else utc_now(),
        "shown": [],
        "swapped": False,
        "late": False,
        "retracts": answer.retracts,
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
    undo = aliased(Answer)
    undone = exists().where(undo.run_id == run_id, undo.retracts == Answer.id)
    return select(Answer).where(Answer.run_id == run_id, Answer.retracts.is_(None), ~undone)


def count_standing(session: Session, run_id: str, person_id: str | None = None) -> int:
    """Count the answers that stand, all or one person's. An answer is undone at most once."""
    given = select(func.count()).where(Answer.run_id == run_id, Answer.retracts.is_(None))
    undo = aliased(Answer)
    undone = select(func.count()).select_from(undo).where(undo.run_id == run_id, undo.retracts.is_not(None))
    if person_id is not None:
        given = given.where(Answer.person_id == person_id)
        target = aliased(Answer)
        undone = undone.join(target, (target.run_id == run_id) & (target.id == undo.retracts))
        undone = undone.where(target.person_id == person_id)
    return session.scalar(given.select_from(Answer)) - session.scalar(undone)  # type: ignore[operator]


def undone_ids(session: Session, run_id: str, ids: Collection[str]) -> set[str]:
    """Say which of these answers were undone."""
    query = select(Answer.retracts).where(Answer.run_id == run_id, Answer.retracts.in_(ids))
    return {id_ for id_ in session.scalars(query) if id_ is not None}


def newest(session: Session, run_id: str, person_id: str | None, wish: AnswersWish) -> Sequence[Answer]:
    """Give the newest answers (no undo events), newest first."""
    query = standing(run_id) if wish.standing else select(Answer).where(Answer.run_id == run_id)
    query = query.where(Answer.retracts.is_(None))
    if person_id is not None:
        query = query.where(Answer.person_id == person_id)
    return session.scalars(query.order_by(Answer.seq.desc()).offset(wish.offset).limit(wish.limit)).all()
