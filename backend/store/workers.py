"""Which worker processes were heard of, and when."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from backend.store.jobs import upsert
from backend.store.models import Worker

FORGET = timedelta(days=1)


def beat(session: Session, name: str, now: datetime) -> None:
    """Say that a worker lives."""
    statement = upsert(session, Worker).values(name=name, started_at=now, seen_at=now)
    session.execute(statement.on_conflict_do_update(index_elements=[Worker.name], set_={"seen_at": now}))
    session.execute(delete(Worker).where(Worker.seen_at < now - FORGET))


def leave(session: Session, name: str) -> None:
    """Say that a worker ended."""
    session.execute(delete(Worker).where(Worker.name == name))


def known(session: Session) -> Sequence[Worker]:
    """Give the workers of the last day, newest heartbeat first."""
    return session.scalars(select(Worker).order_by(Worker.seen_at.desc())).all()
