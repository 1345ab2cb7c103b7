"""A worker's start: from the settings to what it has at hand."""

from __future__ import annotations

from backend.observe import configure_logging
from backend.settings import Settings
from backend.store.session import make_engine, make_factory
from worker.work import Work, owner_name


def make_work(settings: Settings) -> Work:
    """Connect to the store and make the folder of runs."""
    configure_logging(settings.log_level)
    settings.runs_dir.mkdir(parents=True, exist_ok=True)
    sessions = make_factory(make_engine(settings.database), settings.broker)
    return Work(sessions, settings, owner_name())
