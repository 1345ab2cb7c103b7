"""StoreLog: a run's append-only log of answers, in the store."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from backend.store import answers, events
from backend.store.session import SessionFactory, session_scope
from ucal.types import Answer


@dataclass(frozen=True, slots=True)
class StoreLog:
    """Read whole each time: people append while the worker works."""

    sessions: SessionFactory
    run_id: str

    def read(self) -> Sequence[Answer]:
        """Give all events, oldest first."""
        with session_scope(self.sessions, read_only=True) as session:
            return events.read_log(session, self.run_id)

    def append(self, new: Sequence[Answer]) -> None:
        """Add durably; an id that is there already is left as it is."""
        if new:
            with session_scope(self.sessions) as session:
                answers.append_log(session, self.run_id, new)
