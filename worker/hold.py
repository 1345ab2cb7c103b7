"""Hold: keeps a job, and the run it moves on, in this worker's hands while it works."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from types import TracebackType
from typing import Any, Self

import structlog
from sqlalchemy.exc import SQLAlchemyError

from backend.store import jobs, runs
from backend.store.models import utc_now
from backend.store.session import session_scope
from ucal.errors import InterruptedRun, StaleRunError
from worker.work import Work

log = structlog.get_logger()
BEAT_SECONDS = 5.0


class Hold:
    """A lease renewed by a thread, and by `check` between batches, which also hears pause and cancel.

    Used with `with`, as often as needed. A beat writes lease, heartbeat and progress in one transaction.
    """

    def __init__(self, work: Work, key: str, run_id: str | None = None) -> None:
        self.work = work
        self.key = key
        self.run_id = run_id
        self.progress: Callable[[], dict[str, Any] | None] = lambda: None
        self._asked = "none"
        self._beaten = 0.0
        self._lock = threading.Lock()
        self._end = threading.Event()
        self._thread: threading.Thread | None = None

    def __enter__(self) -> Self:
        self._asked, self._beaten = "none", 0.0
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._keep, name=f"hold {self.key}", daemon=True)
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._end.set()
        if self._thread is not None:
            self._thread.join()

    def check(self) -> None:
        """Between batches: keep the hold, hear what is asked.

        Raises:
            InterruptedRun: pause or cancel was asked for, or the worker is to stop.
            StaleRunError: the hold is lost; somebody else does the step.
        """
        if self.work.stopping.is_set():
            raise InterruptedRun("the worker stops")
        if time.monotonic() - self._beaten >= self.work.look_seconds:
            self._beat()
        if self._asked == "lost":
            raise StaleRunError(f"{self.key}: the lease ran out and another worker took it")
        if self._asked in ("pause", "cancel"):
            raise InterruptedRun(self._asked)

    def _keep(self) -> None:
        while not self._end.wait(BEAT_SECONDS):
            try:
                self._beat()
            except SQLAlchemyError as error:  # the store may be back before the lease runs out
                log.warning("heartbeat_failed", key=self.key, error=str(error))

    def _beat(self) -> None:
        with self._lock, session_scope(self.work.sessions) as session:
            asked = "none"
            if self.run_id is not None:  # the run before its job: everybody locks them in this order
                asked = runs.heartbeat(session, self.run_id, self.work.owner, utc_now(), self.progress())
            mine = jobs.extend(session, self.key, self.work.owner, utc_now())
        self._asked = asked if mine else "lost"
        self._beaten = time.monotonic()
