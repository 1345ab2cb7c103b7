"""A run's whole log: answers and edits in the order of their moments."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from backend.store import answers, edits
from ucal import types as core


def read_log(session: Session, run_id: str) -> list[core.Answer]:
    """Give all events of a run's label memory, oldest first."""
    return in_order(answers.read_log(session, run_id), edits.read_log(session, run_id))


def in_order(given: list[core.Answer], edited: list[core.Answer]) -> list[core.Answer]:
    """Give the events of both logs, oldest first."""
    return sorted([*given, *edited], key=_moment) if edited else given


def _moment(event: core.Answer) -> datetime:
    return datetime.fromisoformat(event.at)
