"""Rows of the store as what goes over the wire."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Literal

from sqlalchemy.orm import Session

from backend import schemas
from backend.schemas import OVER, ImportState, Role, RunState
from backend.store import answers, images, people, projects, questions, runs
from backend.store.leases import Held
from backend.store.models import Answer, Image, Person, Project, Run


def person_out(person: Person) -> schemas.Person:
    """Show somebody, without what is secret."""
    return schemas.Person(
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


def projects_out(session: Session, found: Sequence[Project]) -> list[schemas.Project]:
    """Show projects."""
    counts = projects.run_counts(session, [project.id for project in found])
    return [_project_out(project, *counts.get(project.id, (0, None))) for project in found]


def project_out(session: Session, project: Project) -> schemas.Project:
    """Show one project."""
    return projects_out(session, [project])[0]


def _project_out(project: Project, n_runs: int, active: str | None) -> schemas.Project:
    return schemas.Project(
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
    )


def _import_out(project: Project) -> schemas.ImportReport:
    return schemas.ImportReport(
        state=ImportState(project.import_state),
        source=project.import_source,
        done=project.import_done,
        total=project.import_total,
        error=project.import_error,
        bad_files=project.n_bad_files,
    )


# -- runs --------------------------------------------------------------------------------------


def run_out(session: Session, run: Run, now: datetime) -> schemas.Run:
    """Show a run: the state line, the counts, the settings."""
    asked, open_, leased = questions.counts(session, run.id, now)
    held = runs.is_held(run, now) and run.heartbeat_at is not None
    age = (now - run.heartbeat_at).total_seconds() if held and run.heartbeat_at is not None else None
    return schemas.Run(
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
        progress=schemas.Progress(**run.progress) if run.progress else None,
        config=run.config,
        asked=asked,
        answered=(standing := answers.count_standing(session, run.id)),
        judged=standing,
        actions=standing,
        inferred=run.inferred,
        open=open_,
        leased=leased,
        conflicts=run.conflicts,
        stopped=run.stopped,
    )


def _waiting_for(run: Run, open_: int, held: bool) -> str | None:
    if run.state in OVER:
        return None
    if run.state == RunState.PAUSED:
        return "somebody to resume it"
    if open_ and run.state == RunState.ASKING:
        return f"{open_} answer{'s' if open_ > 1 else ''}"
    return None if held else "the worker"


# -- questions and answers ---------------------------------------------------------------------


def leases_out(session: Session, run: Run, found: Sequence[Held]) -> list[schemas.Lease]:
    """Show leased questions with the facts of their images."""
    rows = {row for held in found for row in (*held.question.left_rows, *held.question.right_rows)}
    known = images.by_rows(session, run.project_id, rows)
    return [_lease_out(held, known) for held in found]


def _lease_out(held: Held, known: dict[int, Image]) -> schemas.Lease:
    question = held.question
    shown = schemas.QuestionOut(
        id=question.id,
        kind="pair",
        reason=question.reason,
        round=question.round,
        left=_side(question.left_rows, question.left_size, known),
        right=_side(question.right_rows, question.right_size, known),
        tiles=[],
        disputed=[],
    )
    return schemas.Lease(question=shown, fence=held.fence, expires_at=held.expires_at)


def _side(rows: Sequence[int], size: int, known: dict[int, Image]) -> schemas.Side:
    return schemas.Side(images=[image_out(known[row]) for row in rows], size=size)


def answers_out(session: Session, run: Run, found: Sequence[Answer]) -> list[schemas.AnswerOut]:
    """Show answers with who gave them and what they link."""
    known = images.by_rows(session, run.project_id, {row for a in found for row in (a.left_row, a.right_row)})
    undone = answers.undone_ids(session, run.id, [answer.id for answer in found])
    names = people.names(session, {answer.person_id for answer in found})
    return [
        schemas.AnswerOut(
            id=answer.id,
            question_id=answer.question_id,
            kind="pair",
            verdict=answer.verdict,
            person=names.get(answer.person_id) or answer.source,
            at=answer.at,
            undone=answer.id in undone,
            late=answer.late,
            bad_sides=_bad_sides(answer),
            swapped=answer.swapped,
            seconds=answer.seconds,
            actions=1,
            tiles=[],
            bad_images=[known[row].id for row in answer.bad_rows],
            left=image_out(known[answer.left_row]),
            right=image_out(known[answer.right_row]),
        )
        for answer in found
    ]


def _bad_sides(answer: Answer) -> list[Literal["left", "right"]]:
    sides: list[Literal["left", "right"]] = []
    if answer.left_row in answer.bad_rows:
        sides.append("left")
    if answer.right_row in answer.bad_rows:
        sides.append("right")
    return sides
