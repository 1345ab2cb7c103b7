"""Rows of the store as what goes over the wire."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import cast

from sqlalchemy.orm import Session

from backend import import_schemas, people_schemas, project_schemas, run_schemas, schemas
from backend.import_schemas import ImportState
from backend.run_schemas import OVER, RunState
from backend.schemas import Role
from backend.store import disguise, edits, projects, questions, runs, votes
from backend.store.models import Image, Person, Project, Run, utc_now
from backend.store.tallies import tallies_of


def person_out(person: Person) -> people_schemas.Person:
    """Show somebody, without what is secret."""
    return people_schemas.Person(
        id=person.id,
        name=person.name,
        role=Role(person.role),
        active=person.active,
        created_at=person.created_at,
    )


def image_out(image: Image) -> schemas.ImageOut:
    """Show an image's facts."""
    return schemas.ImageOut(
        id=image.id,
        row=image.row,
        key=image.key,
        width=image.width,
        height=image.height,
        camera=image.camera,
    )


# -- projects ----------------------------------------------------------------------------------


def projects_out(session: Session, found: Sequence[Project]) -> list[project_schemas.Project]:
    """Show projects."""
    counts = projects.run_counts(session, [project.id for project in found])
    return [_project_out(project, *counts.get(project.id, (0, None))) for project in found]


def project_out(session: Session, project: Project) -> project_schemas.Project:
    """Show one project."""
    return projects_out(session, [project])[0]


def _project_out(project: Project, n_runs: int, active: str | None) -> project_schemas.Project:
    return project_schemas.Project(
        id=project.id,
        name=project.name,
        description=project.description,
        created_at=project.created_at,
        everyone=project.everyone,
        images=project.n_train,
        queries=project.n_query,
        gallery=project.n_gallery,
        identities=project.n_identities,
        cameras=project.n_cameras,
        imported=_import_out(project),
        runs=n_runs,
        active_run=active,
        covers=project.covers,
        votes=project.votes,
        second_votes=cast(project_schemas.SecondVotes, project.second_votes),
        links=project.n_links,
        imported_links=project.imported_links,
        gold_rate=project.gold_rate,
    )


def _import_out(project: Project) -> import_schemas.ImportReport:
    rate = _rate(project)
    return import_schemas.ImportReport(
        state=ImportState(project.import_state),
        source=project.import_source,
        done=project.import_done,
        total=project.import_total,
        error=project.import_error,
        bad_files=project.n_bad_files,
        what=project.import_what,
        rate=rate,
        seconds_left=None if not rate else max(0, project.import_total - project.import_done) / rate,
        notices=project.notices,
    )


def _rate(project: Project) -> float | None:
    """Give the files a second of what an import is doing now; None in its first second."""
    if project.import_state != ImportState.READING or project.import_since is None or not project.import_done:
        return None
    seconds = (utc_now() - project.import_since).total_seconds()
    return project.import_done / seconds if seconds >= 1 else None


# -- runs --------------------------------------------------------------------------------------


def run_out(session: Session, run: Run, now: datetime, viewer: Person | None = None) -> run_schemas.Run:
    """Show a run: the state line, the counts as this person may see them, the settings."""
    asked, open_, leased = questions.counts(session, run.id, now)
    checks = disguise.for_viewer(session, run, viewer, now)
    open_, leased = checks.open(open_), leased + checks.held
    total, edited = checks.totals(tallies_of(session).of(session, run.id)[0]), edits.cost(session, run.id)
    rule = votes.rule_of(session, run)
    held = runs.is_held(run, now) and run.heartbeat_at is not None
    age = (now - run.heartbeat_at).total_seconds() if held and run.heartbeat_at is not None else None
    return run_schemas.Run(
        id=run.id,
        project_id=run.project_id,
        name=run.name,
        state=RunState(run.state),
        state_since=run.state_since,
        waiting_for=_waiting_for(run, open_, held),
        round=run.round,
        rounds=run.config["epochs"],
        created_at=run.created_at,
        finished_at=run.finished_at,
        heartbeat_age=None if age is None else max(0.0, age),
        pausing=run.control == "pause",
        error=run.error,
        progress=run_schemas.Progress(**run.progress) if run.progress else None,
        config=run.config,
        asked=asked,
        answered=total.answers,
        judged=total.judged + edited.answers,
        actions=total.actions + edited.actions,
        inferred=run.inferred,
        known=run.known,
        open=open_,
        leased=leased,
        conflicts=run.conflicts,
        stopped=run.stopped,
        stopping=run.stop_after and run.state not in OVER,
        changes=[run_schemas.SettingChange(**change) for change in run.changes],
        votes=rule.votes,
        second_votes=cast(project_schemas.SecondVotes, rule.second),
        own_votes=run.votes is not None or run.second_votes is not None,
    )


def _waiting_for(run: Run, open_: int, held: bool) -> str | None:
    if run.state in OVER:
        return None
    if run.state == RunState.PAUSED:
        return "somebody to resume it"
    if open_ and run.state == RunState.ASKING:
        return f"{open_} answer{'s' if open_ > 1 else ''}"
    return None if held else "the worker"
