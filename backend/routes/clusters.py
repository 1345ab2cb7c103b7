"""The cluster browser: look at clusters, take them apart, lock and name them; an image's history. For admins.

Annotators stay blind: what the model believes is not shown to those who are asked.
"""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Response

from backend import cluster_schemas as wire
from backend import editing, history
from backend.cluster_views import Clusters, edits_out, merges_out
from backend.clusters import Browser
from backend.deps import Admin, At, Db
from backend.exports import attachment, clusters_csv, file_name
from backend.store import edits, images, runs
from backend.store.models import Run, utc_now
from backend.views import image_out

router = APIRouter(tags=["clusters"])

Offset = Annotated[int, Query(ge=0, le=10**9)]
Limit = Annotated[int, Query(ge=1, le=200)]


@router.get("/runs/{run_id}/clusters")
def list_clusters(
    at: At,
    session: Db,
    person: Admin,
    run_id: str,
    wish: Annotated[wire.ClustersWish, Query()],
) -> wire.ClusterPage:
    """List a run's clusters as they stand now: the model's newest grouping with all answers and edits."""
    return _clusters(at.browser, session, runs.seen_by(session, person, run_id)).page(
        wish.sort, wish.offset, wish.limit
    )


@router.get("/runs/{run_id}/clusters.csv", response_class=Response, responses={200: {"content": {"text/csv": {}}}})
def download_clusters(at: At, session: Db, person: Admin, run_id: str) -> Response:
    """Download every image with its cluster as it stands now, its name, and whether people confirmed it."""
    run = runs.seen_by(session, person, run_id)
    text = clusters_csv(session, run, at.browser.now(session, run).clusters)
    headers = attachment(file_name(run, "clusters.csv"))
    return Response(text, media_type="text/csv; charset=utf-8", headers=headers)


@router.get("/runs/{run_id}/merges")
def list_merges(
    at: At, session: Db, person: Admin, run_id: str, offset: Offset = 0, limit: Limit = 48
) -> wire.MergePage:
    """List the pairs of images that somebody called the same, newest first."""
    run = runs.seen_by(session, person, run_id)
    return merges_out(session, run, at.browser.now(session, run).clusters, offset, limit)


@router.get("/runs/{run_id}/merges/{left}/{right}")
def preview_unmerge(at: At, session: Db, person: Admin, run_id: str, left: str, right: str) -> wire.Parting:
    """Say what an unmerge of two images would take apart; changes nothing."""
    return editing.parting(session, at.browser, runs.seen_by(session, person, run_id), left, right)


@router.get("/runs/{run_id}/clusters/{image_id}")
def open_cluster(
    at: At,
    session: Db,
    person: Admin,
    run_id: str,
    image_id: str,
    wish: Annotated[wire.ClusterWish, Query()],
) -> wire.ClusterOpen:
    """Open the cluster that holds an image: confirmed groups first, then the model's guesses, the least fit first."""
    run = runs.seen_by(session, person, run_id)
    (row,) = editing.rows_of(session, run, [image_id])
    return _clusters(at.browser, session, run).open(row, wish)


@router.post("/runs/{run_id}/edits")
def edit_cluster(at: At, session: Db, person: Admin, run_id: str, body: wire.EditNew) -> wire.EditOut:
    """Split, unmerge, lock or name. Safe to send again: the same id and body gives the first result."""
    run = runs.seen_by(session, person, run_id)
    return edits_out(session, run, [editing.edit(session, at.browser, run, person, body)])[0]


@router.get("/runs/{run_id}/edits")
def list_edits(session: Db, person: Admin, run_id: str, offset: Offset = 0, limit: Limit = 48) -> list[wire.EditOut]:
    """List the edits, newest first; those that were undone are marked."""
    run = runs.seen_by(session, person, run_id)
    return edits_out(session, run, edits.newest(session, run.id, offset, limit))


@router.post("/runs/{run_id}/edits/{edit_id}/undo")
def undo_edit(session: Db, person: Admin, run_id: str, edit_id: str) -> wire.EditOut:
    """Take an edit back by adding an event."""
    run = runs.seen_by(session, person, run_id)
    given = editing.undo(session, run, person, edit_id, utc_now())
    session.flush()
    return edits_out(session, run, [given])[0]


@router.get("/runs/{run_id}/images/{image_id}/history")
def image_history(at: At, session: Db, person: Admin, run_id: str, image_id: str) -> wire.HistoryOut:
    """Say who said what of an image, when, seeing what."""
    run = runs.seen_by(session, person, run_id)
    (row,) = editing.rows_of(session, run, [image_id])
    return wire.HistoryOut(
        image=image_out(images.by_rows(session, run.project_id, [row])[row]),
        size=len(at.browser.now(session, run).clusters.with_row(row)),
        events=history.of_image(session, run, row),
    )


def _clusters(browser: Browser, session: Db, run: Run) -> Clusters:
    return Clusters(session, run, browser)
