"""Downloads of a run's files."""

from __future__ import annotations

from fastapi import APIRouter, Response
from fastapi.responses import FileResponse
from starlette.background import BackgroundTask

from backend import snapshot
from backend.deps import Admin, At, Db
from backend.exports import Export, attachment, csv_text, export_file, file_name, zip_all
from backend.store import runs

router = APIRouter(tags=["exports"])

_FILE = {"content": {"application/octet-stream": {}}, "description": "The file"}


@router.get("/runs/{run_id}/snapshot", response_class=Response, responses={200: _FILE})
def download_snapshot(at: At, session: Db, person: Admin, run_id: str) -> Response:
    """Download what reproduces a run, at any time: settings, versions, image hashes, the whole log."""
    run = runs.seen_by(session, person, run_id)
    path = snapshot.write(session, at.settings.runs_dir, run)
    name = file_name(run, "snapshot.zip")
    return FileResponse(path, filename=name, background=BackgroundTask(path.unlink, missing_ok=True))


@router.get("/runs/{run_id}/export/{what}", response_class=Response, responses={200: _FILE})
def export_run(at: At, session: Db, person: Admin, run_id: str, what: Export) -> Response:
    """Download one of a finished run's files, or all of them as a zip."""
    run = runs.seen_by(session, person, run_id)
    name = file_name(run, what.value)
    if what is Export.ALL:
        path = zip_all(at.settings.runs_dir, run)
        return FileResponse(path, filename=name, background=BackgroundTask(path.unlink, missing_ok=True))
    path = export_file(at.settings.runs_dir, run, what)
    if path.suffix == ".csv":
        return Response(csv_text(path), media_type="text/csv; charset=utf-8", headers=attachment(name))
    return FileResponse(path, filename=name)
