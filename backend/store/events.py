"""A run's whole log: answers and edits in the order of their moments."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from backend.store import answers, edits
from ucal import types as core


def read_log(session: Session, run_id: str) -> list[core.Answer]:
    """Give all events of a run's label memory, oldest first."""
    given, edited = answers.read_log(session, run_id), edits.read_log(session, run_id)
    return sorted([*given, *edited], key=_moment) if edited else given


def _moment(event: core.Answer) -> datetime:
    return datetime.fromisoformat(event.at)
