"""Asking a worker to do something.

The wake-up row is written in the caller's transaction, so it is stored together with what it is
about, or not at all. With Celery a message follows once that is committed; a lost message costs
time and nothing else, as the sweeper sends again what waits too long. The only file that knows
Celery, and it loads it only to send.
"""

from __future__ import annotations

from datetime import timedelta
from functools import lru_cache
from typing import Any

import structlog
from sqlalchemy.orm import Session

from backend.store import jobs
from backend.store.models import utc_now
from backend.store.session import after_commit

TASK = "ucal.run_job"
"""The Celery task's name; its one argument is the job's key."""

ADVANCE = "advance_run"
IMPORT = "import"

log = structlog.get_logger()


def run_key(run_id: str) -> str:
    """Name the job that moves a run on."""
    return f"{ADVANCE}:{run_id}"


def import_key(project_id: str) -> str:
    """Name the job that imports a project's images."""
    return f"{IMPORT}:{project_id}"


def wake_run(session: Session, run_id: str, delay: float = 0.0) -> None:
    """Let a worker move the run on, `delay` seconds from now."""
    _wake(session, ADVANCE, run_key(run_id), {"run_id": run_id}, delay)


def wake_import(session: Session, project_id: str, source: dict[str, Any]) -> None:
    """Let a worker import a project's images."""
    _wake(session, IMPORT, import_key(project_id), {"project_id": project_id, "source": source}, 0.0)


def finish(session: Session, key: str, owner: str) -> None:
    """Say that a job went well, and call again if it was asked for meanwhile."""
    if jobs.finish(session, key, owner, utc_now()):
        announce(session, key)


def announce(session: Session, key: str, delay: float = 0.0) -> None:
    """Send the job's message after the commit, where there is a broker; otherwise workers look by themselves."""
    broker = session.info.get("broker")
    if broker is not None:
        after_commit(session, lambda: _send(broker, key, delay))


def _wake(session: Session, kind: str, key: str, payload: dict[str, Any], delay: float) -> None:
    jobs.wake(session, kind, key, payload, utc_now() + timedelta(seconds=delay))
    announce(session, key, delay)


def _send(broker: str, key: str, delay: float) -> None:
    from kombu.exceptions import OperationalError

    try:
        _celery(broker).send_task(TASK, args=[key], countdown=delay or None, retry=False, ignore_result=True)
    except OperationalError as error:
        log.warning("job_message_not_sent", key=key, error=str(error))  # the row waits; the sweeper sends again


@lru_cache(maxsize=4)
def _celery(broker: str) -> Any:
    from celery import Celery

    return Celery("ucal", broker=broker, broker_connection_timeout=2)
