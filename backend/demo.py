"""The demo: a project of people who do not exist, and a run that asks about them. Safe to do twice."""

from __future__ import annotations

import time

import structlog
from sqlalchemy import select
from sqlalchemy.orm import Session

from backend import jobs
from backend.import_schemas import ImportState, ImportSynth
from backend.project_schemas import ProjectNew
from backend.store import projects, runs
from backend.store.models import Project
from backend.store.session import SessionFactory, session_scope
from ucal.presets import preset

NAME = "Demo: generated people"
TEXT = "Drawn people who do not exist, seen by four cameras: who is who? Label them; nothing leaves this machine."
DATA = ImportSynth()
PRESET = "pages"
FEW_WAITS = {"query_from": 0, "pages_per_round": 10, "epochs": 12, "lr_step": 12, "idle_rounds": 2}
"""Questions at once, and plans of one page, as the images are few."""

log = structlog.get_logger()


def prepare(factory: SessionFactory) -> None:
    """Make the project and ask for its images, where it is not there yet."""
    with session_scope(factory) as session:
        project = _find(session)
        if project is None:
            project = projects.create(session, ProjectNew(name=NAME, description=TEXT, everyone=True))
        if project.import_state in (ImportState.NONE, ImportState.FAILED):
            projects.begin_import(project, "generated")
            jobs.wake_import(session, project.id, {"kind": "synth", **DATA.model_dump()})


def start_run(factory: SessionFactory) -> None:
    """Wait for the images, then start the project's first run."""
    while not _try_start(factory):
        time.sleep(0.5)


def _try_start(factory: SessionFactory) -> bool:
    with session_scope(factory, read_only=True) as session:
        project = _find(session)
        if project is None or project.import_state == ImportState.FAILED:
            return True
        if runs.of_project(session, project.id):
            return True
        if project.import_state != ImportState.DONE:
            return False
    with session_scope(factory) as session:
        config = preset(PRESET).config.replace(**FEW_WAITS)
        run = runs.create(session, session.get_one(Project, project.id), "Fewest actions", config)
        log.info("demo_run_started", run=run.id)
    return True


def _find(session: Session) -> Project | None:
    return session.scalars(select(Project).where(Project.name == NAME).order_by(Project.created_at)).first()
