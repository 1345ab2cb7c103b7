"""Pulse: a worker process says that it lives, and wakes what nobody does."""

from __future__ import annotations

import threading
from datetime import timedelta

import structlog
from sqlalchemy import select, update
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from backend import jobs
from backend.store import jobs as job_rows
from backend.store import runs, workers
from backend.store.models import Job, Run, utc_now
from backend.store.session import session_scope
from worker.work import Work, is_dead

log = structlog.get_logger()
PULSE_SECONDS = 5.0
LATE = timedelta(seconds=2)


class Pulse:
    """The thread that beats and sweeps. It ends with the process."""

    def __init__(self, work: Work) -> None:
        self.work = work
        self._thread = threading.Thread(target=self._run, name="pulse", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def _run(self) -> None:
        while True:
            try:
                beat(self.work)
                if not self.work.busy.is_set():  # a busy worker could not take what it wakes
                    sweep(self.work)
            except SQLAlchemyError as error:
                log.warning("pulse_failed", error=str(error))
            if self.work.stopping.wait(PULSE_SECONDS):
                return


def beat(work: Work) -> None:
    """Say that this worker lives."""
    with session_scope(work.sessions) as session:
        workers.beat(session, work.owner, utc_now())


def sweep(work: Work) -> list[str]:
    """Free what dead workers hold, wake runs that nobody was told of, and send lost messages again."""
    with session_scope(work.sessions) as session:
        _free_dead(session)
        runs.sweep_stale(session, utc_now())
    with session_scope(work.sessions) as session:
        late = list(job_rows.overdue(session, utc_now() - LATE))
        for key in late:
            jobs.announce(session, key)
    return late


def _free_dead(session: Session) -> None:
    """End the leases of processes of this host that are gone, without waiting for them to run out."""
    past = utc_now() - LATE - timedelta(seconds=1)
    for table in (Run, Job):
        owners = session.scalars(select(table.lease_owner).where(table.lease_expires > past).distinct())
        dead = [owner for owner in owners if owner is not None and is_dead(owner)]
        if dead:
            change = update(table).where(table.lease_owner.in_(dead)).values(lease_expires=past)
            session.execute(change, execution_options={"synchronize_session": False})
