"""The table of what waits to be done. A row survives every crash; a message (Celery) only hurries it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import and_, case, or_, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from backend.store.models import Base, Job
from backend.store.session import is_sqlite

MAX_ATTEMPTS = 3
LEASE_SECONDS = 30.0  # six heartbeats: a lost machine's work is taken up within a minute


def upsert(session: Session, table: type[Base]) -> postgresql.Insert | sqlite.Insert:
    """Give an INSERT that knows ON CONFLICT, for whichever database it is."""
    return sqlite.insert(table) if is_sqlite(session) else postgresql.insert(table)


def wake(session: Session, kind: str, key: str, payload: dict[str, Any], run_at: datetime) -> None:
    """Ask for a job. One that waits already is left to wait; one that runs will run once more."""
    statement = upsert(session, Job).values(
        key=key, kind=kind, payload=payload, state="waiting", run_at=run_at, wanted=1, taken=0, attempts=0
    )
    sooner = and_(Job.state == "waiting", Job.run_at < run_at)
    statement = statement.on_conflict_do_update(
        index_elements=[Job.key],
        set_={
            "wanted": Job.wanted + 1,
            "run_at": case((sooner, Job.run_at), else_=run_at),
            "state": case((Job.state == "running", "running"), else_="waiting"),
            "attempts": case((Job.state.in_(("idle", "failed")), 0), else_=Job.attempts),
        },
    )
    session.execute(statement)


def claim(session: Session, owner: str, now: datetime, key: str | None = None) -> Job | None:
    """Take the job that waited longest (or that very one), or one whose worker died."""
    ready = or_(
        and_(Job.state == "waiting", Job.run_at <= now),
        and_(Job.state == "running", Job.lease_expires < now),
    )
    query = select(Job).where(ready).order_by(Job.run_at).limit(1).with_for_update(skip_locked=True)
    if key is not None:
        query = query.where(Job.key == key)
    job = session.scalars(query).one_or_none()
    if job is not None:
        job.state, job.lease_owner, job.taken = "running", owner, job.wanted
        job.lease_expires = now + timedelta(seconds=LEASE_SECONDS)
        job.attempts += 1
    return job


def extend(session: Session, key: str, owner: str, now: datetime) -> bool:
    """Keep a job; False when it is no longer this worker's."""
    job = _mine(session, key, owner)
    if job is not None:
        job.lease_expires = now + timedelta(seconds=LEASE_SECONDS)
    return job is not None


def finish(session: Session, key: str, owner: str, now: datetime) -> bool:
    """Say that a job went well; True when it was asked for again meanwhile and waits once more."""
    job = _mine(session, key, owner)
    if job is None:
        return False
    again = job.wanted != job.taken
    job.state, job.run_at = ("waiting" if again else "idle"), now
    job.attempts, job.error = 0, None
    job.lease_owner = job.lease_expires = None
    return again


def put_back(session: Session, key: str, owner: str, run_at: datetime, error: str) -> bool:
    """Let a job that went wrong wait; False when it was tried `MAX_ATTEMPTS` times and is given up."""
    job = _mine(session, key, owner)
    if job is None:
        return True
    tired = job.attempts >= MAX_ATTEMPTS
    job.state, job.run_at, job.error = ("failed" if tired else "waiting"), run_at, error
    job.lease_owner = job.lease_expires = None
    return not tired


def overdue(session: Session, before: datetime) -> Sequence[str]:
    """Give the keys of jobs that should have been taken by now: their message was lost, or their worker died."""
    late = or_(
        and_(Job.state == "waiting", Job.run_at < before),
        and_(Job.state == "running", Job.lease_expires < before),
    )
    return session.scalars(select(Job.key).where(late).order_by(Job.run_at)).all()


def pending(session: Session, key: str) -> bool:
    """Say whether a job waits or runs."""
    return session.scalar(select(Job.state).where(Job.key == key)) in ("waiting", "running")


def _mine(session: Session, key: str, owner: str) -> Job | None:
    query = select(Job).where(Job.key == key, Job.lease_owner == owner, Job.state == "running").with_for_update()
    return session.scalars(query).one_or_none()
