"""How well people answer: figures of a run, the pairs they disagree on, and pairs of known truth to check them."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query

from backend import quality, quality_schemas
from backend.deps import Admin, Db
from backend.errors import InvalidError
from backend.store import images, projects, runs, truths
from backend.store.models import Project

router = APIRouter(tags=["quality"])


@router.get("/runs/{run_id}/quality")
def run_quality(session: Db, person: Admin, run_id: str) -> quality_schemas.Quality:
    """Say how far people agree, and how often each is right where the truth is known."""
    return quality.of_run(session, runs.seen_by(session, person, run_id))


@router.get("/runs/{run_id}/disagreements")
def list_disagreements(
    session: Db,
    person: Admin,
    run_id: str,
    offset: Annotated[int, Query(ge=0, le=10**9)] = 0,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> quality_schemas.Disagreements:
    """List the pairs of which people say different things, with who said what."""
    return quality.disagreements(session, runs.seen_by(session, person, run_id), offset, limit)


@router.get("/projects/{project_id}/gold")
def list_gold(session: Db, person: Admin, project_id: str) -> quality_schemas.Gold:
    """List the pairs of known truth that admins marked, and count the images whose identity the data tell."""
    return quality.gold_of(session, projects.get(session, person, project_id).id)


@router.post("/projects/{project_id}/gold", status_code=204)
def mark_gold(session: Db, person: Admin, project_id: str, body: quality_schemas.GoldPairNew) -> None:
    """Say what is true of a pair of images; people are checked with it. Said again, it replaces the first."""
    project = projects.get(session, person, project_id)
    truths.mark(session, project, _rows(session, project, body.left, body.right), body.same)


@router.delete("/projects/{project_id}/gold/{left}/{right}", status_code=204)
def unmark_gold(session: Db, person: Admin, project_id: str, left: str, right: str) -> None:
    """Take back what was said of a pair of images (their ids); answers that it checked stay as they are."""
    project = projects.get(session, person, project_id)
    truths.unmark(session, project.id, _rows(session, project, left, right))


def _rows(session: Db, project: Project, left: str, right: str) -> tuple[int, int]:
    rows = images.rows_by_id(session, project.id, (left, right))
    if len(rows) != 2:
        raise InvalidError("expected the ids of two different training images of this project")
    return rows[left], rows[right]
