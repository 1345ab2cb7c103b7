"""The embedded adapter: a process that looks at the jobs table by itself. No broker, nothing to install."""

from __future__ import annotations

import os
import signal
import threading
from types import FrameType

import structlog
from sqlalchemy.exc import SQLAlchemyError

from backend.store import jobs as job_rows
from backend.store.models import utc_now
from backend.store.session import session_scope
from worker.pulse import Pulse
from worker.tasks import run_job
from worker.work import Work

log = structlog.get_logger()
IDLE_SECONDS = 0.2
AFTER_ERROR_SECONDS = 2.0
PARENT_SECONDS = 1.0


def serve(work: Work, parent: int | None = None) -> None:
    """Do jobs until asked to stop, or until the parent process is gone, where one is given."""
    Pulse(work).start()
    if parent is not None:
        threading.Thread(target=_stop_after, args=(work, parent), name="parent", daemon=True).start()
    log.info("worker_ready", owner=work.owner, mode="embedded")
    while not work.stopping.is_set():
        try:
            found = _anything(work) and run_job(work)
        except SQLAlchemyError as error:
            log.warning("store_unavailable", error=str(error))
            work.stopping.wait(AFTER_ERROR_SECONDS)
            continue
        if not found:
            work.stopping.wait(IDLE_SECONDS)
    log.info("worker_stopped", owner=work.owner)


def stop_on_signals(work: Work) -> None:
    """Let SIGTERM and Ctrl-C end the worker between two batches; the step is done again by the next one."""

    def stop(number: int, frame: FrameType | None) -> None:
        work.stopping.set()

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)


def _stop_after(work: Work, parent: int) -> None:
    """Stop when the server that started this worker was killed: nobody else would end it."""
    while os.getppid() == parent:
        if work.stopping.wait(PARENT_SECONDS):
            return
    log.warning("parent_gone", parent=parent)
    work.stopping.set()


def _anything(work: Work) -> bool:
    """Look without taking the write lock: people's answers need it more."""
    with session_scope(work.sessions, read_only=True) as session:
        return bool(job_rows.overdue(session, utc_now()))
