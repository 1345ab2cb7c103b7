"""For operators: is it alive, is it ready, how does it do."""

from __future__ import annotations

from fastapi import APIRouter, Response
from pydantic import BaseModel
from sqlalchemy import func, select

from backend.deps import At, Db, Everyone
from backend.errors import BusyError
from backend.migrate import is_current
from backend.store import workers
from backend.store.models import Job, Question, Run, utc_now

router = APIRouter(tags=["system"])


class Health(BaseModel):
    """The process answers."""

    status: str


class Ready(BaseModel):
    """The process can do its work. No worker is no reason not to serve: people answer all the same."""

    status: str
    workers: int  # heard of in the last minute
    heartbeat_age: float | None  # seconds since a worker was last heard; None: never


@router.get("/healthz")
def healthz(_: Everyone) -> Health:
    """Say that the process lives."""
    return Health(status="ok")


@router.get("/readyz")
def readyz(at: At, session: Db, _: Everyone) -> Ready:
    """Say whether the database can be reached and is at this version; 503 otherwise."""
    if not is_current(session.get_bind().engine):
        raise BusyError("the database is not at this version: run `ucal migrate`")
    now = utc_now()
    ages = [(now - worker.seen_at).total_seconds() for worker in workers.known(session)]
    return Ready(status="ok", workers=sum(age < 60 for age in ages), heartbeat_age=min(ages, default=None))


@router.get("/metrics", response_class=Response, responses={200: {"content": {"text/plain": {}}}})
def metrics(at: At, session: Db, _: Everyone) -> Response:
    """Give Prometheus's figures."""
    from prometheus_client import generate_latest
    from prometheus_client.exposition import CONTENT_TYPE_LATEST

    ages = [(utc_now() - worker.seen_at).total_seconds() for worker in workers.known(session)]
    at.metrics.heartbeat.set(min(ages, default=-1.0))
    waiting = select(func.count()).select_from(Question).join(Run, Run.id == Question.run_id)
    at.metrics.open.set(session.scalar(waiting.where(Question.state == "open")) or 0)
    at.metrics.jobs.clear()
    for state, count in session.execute(select(Job.state, func.count()).group_by(Job.state)):
        at.metrics.jobs.labels(state).set(count)
    return Response(generate_latest(at.metrics.registry), media_type=CONTENT_TYPE_LATEST)
