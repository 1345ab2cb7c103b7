"""run_import: the backend's importer, done under a hold that keeps the job and hears the end of the worker."""

from __future__ import annotations

from typing import Any

from backend import importing, jobs
from backend.errors import BackendError
from backend.store.session import session_scope
from ucal.errors import InterruptedRun
from worker.hold import Hold
from worker.work import Work


def run_import(work: Work, project_id: str, source: dict[str, Any]) -> None:
    """Import a project's images. It may be killed anywhere and done again.

    Raises:
        UcalError: data that cannot be used.
        StaleRunError: another worker took the job.
    """
    hold = Hold(work, jobs.import_key(project_id))
    try:
        with hold:
            importing.run_import(work.sessions, work.settings, project_id, source, hold.check)
    except InterruptedRun:  # the worker stops: the next one does it again
        with session_scope(work.sessions) as session:
            jobs.wake_import(session, project_id, source)
    except BackendError as error:  # a path that is gone or not allowed; nothing happens if the project is gone
        with session_scope(work.sessions) as session:
            importing.fail_import(session, project_id, str(error))
