"""run_job: take one job and do it. Both adapters, Celery and the embedded loop, call this and nothing else.

The jobs table is the truth; a message only hurries. A job that went wrong is tried again, three
times in all (a worker that died counts), then its run or import is marked as failed, in words.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import structlog

from backend import importing, jobs
from backend.errors import NotFoundError, StaleError
from backend.store import jobs as job_rows
from backend.store import runs
from backend.store.models import utc_now
from backend.store.session import session_scope
from ucal.errors import StaleRunError, UcalError
from worker.advance import advance_run
from worker.imports import run_import
from worker.work import Work

log = structlog.get_logger()
RETRY_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class Taken:
    """A job in this worker's hands."""

    key: str
    kind: str
    payload: dict[str, Any]
    attempts: int  # this one included


def run_job(work: Work, key: str | None = None) -> bool:
    """Take the job that waited longest (or that very one) and do it; False when there is none to take."""
    job = _take(work, key)
    if job is None:
        return False
    work.busy.set()
    try:
        _do(work, job)
    finally:
        work.busy.clear()
    return True


def _take(work: Work, key: str | None) -> Taken | None:
    with session_scope(work.sessions) as session:
        job = job_rows.claim(session, work.owner, utc_now(), key)
        return None if job is None else Taken(job.key, job.kind, dict(job.payload), job.attempts)


def _do(work: Work, job: Taken) -> None:
    try:
        if job.attempts > job_rows.MAX_ATTEMPTS:
            _give_up(work, job, f"the worker died {job_rows.MAX_ATTEMPTS} times while doing this step (out of memory?)")
        else:
            _HANDLERS[job.kind](work, job.payload)
    except (StaleRunError, StaleError, NotFoundError) as error:  # somebody else does it, or it was deleted
        log.info("job_left", key=job.key, reason=str(error))
    except UcalError as error:  # trying again would not help
        log.error("job_failed", key=job.key, error=str(error))
        if _is_still_mine(work, job):
            _give_up(work, job, str(error))
    except Exception as error:  # the task boundary: whatever it is, it must not end the worker
        log.exception("job_went_wrong", key=job.key, attempt=job.attempts)
        _try_again(work, job, error)
        return
    with session_scope(work.sessions) as session:
        jobs.finish(session, job.key, work.owner)


def _try_again(work: Work, job: Taken, error: Exception) -> None:
    work.bench = None
    words = f"{type(error).__name__}: {error}"
    at = utc_now() + timedelta(seconds=RETRY_SECONDS * job.attempts)
    with session_scope(work.sessions) as session:
        again = job_rows.put_back(session, job.key, work.owner, at, words)
        if again:
            jobs.announce(session, job.key, RETRY_SECONDS * job.attempts)
    if not again:
        _give_up(work, job, f"tried {job.attempts} times, at last: {words}")


def _is_still_mine(work: Work, job: Taken) -> bool:
    """Say whether the job was not taken over: a worker that slept past its lease must not fail another's run."""
    with session_scope(work.sessions) as session:
        return job_rows.extend(session, job.key, work.owner, utc_now())


def _give_up(work: Work, job: Taken, reason: str) -> None:
    work.bench = None
    with suppress(NotFoundError), session_scope(work.sessions) as session:
        _FAILURES[job.kind](session, job.payload, reason)


def _fail_run(session: Any, payload: dict[str, Any], reason: str) -> None:
    runs.fail(session, payload["run_id"], f"{reason}. All answers are kept.", utc_now())


_HANDLERS: dict[str, Callable[[Work, dict[str, Any]], object]] = {
    jobs.ADVANCE: lambda work, payload: advance_run(work, payload["run_id"]),
    jobs.IMPORT: lambda work, payload: run_import(work, payload["project_id"], payload["source"]),
}
_FAILURES: dict[str, Callable[[Any, dict[str, Any], str], None]] = {
    jobs.ADVANCE: _fail_run,
    jobs.IMPORT: lambda session, payload, reason: importing.fail_import(session, payload["project_id"], reason),
}
