"""Projects, their members, and the import of their images."""

from __future__ import annotations

import csv
import io
import shutil
from typing import Annotated, Any, Literal

from fastapi import APIRouter, BackgroundTasks, Depends, Query, Response

from backend import import_schemas, jobs, people_schemas, previewing, project_schemas
from backend.cells import harmless
from backend.deps import Admin, At, Db, SignedIn
from backend.folders import folders_below
from backend.paths import inside
from backend.store import people, projects
from backend.store.models import Project
from backend.store.session import session_scope
from backend.uploads import Received, received_zip
from backend.views import person_out, project_out, projects_out
from ucal.datasets.pattern import NamePattern

router = APIRouter(tags=["projects"])


@router.get("/projects")
def list_projects(session: Db, person: SignedIn) -> list[project_schemas.Project]:
    """List the projects that one sees, newest first."""
    return projects_out(session, projects.visible(session, person))


@router.post("/projects", status_code=201)
def create_project(session: Db, _: Admin, body: project_schemas.ProjectNew) -> project_schemas.Project:
    """Make a project; images come by an import."""
    return project_out(session, projects.create(session, body))


@router.get("/projects/{project_id}")
def get_project(session: Db, person: SignedIn, project_id: str) -> project_schemas.Project:
    """Show one project; poll it while it is imported."""
    return project_out(session, projects.get(session, person, project_id))


@router.patch("/projects/{project_id}")
def change_project(
    session: Db, person: Admin, project_id: str, body: project_schemas.ProjectChange
) -> project_schemas.Project:
    """Change a project's name, description, or who sees it."""
    project = projects.get(session, person, project_id)
    for field, value in body.model_dump(exclude_none=True).items():
        setattr(project, field, value)
    return project_out(session, project)


@router.delete("/projects/{project_id}", status_code=204)
def delete_project(at: At, session: Db, person: Admin, project_id: str, after: BackgroundTasks) -> None:
    """Delete a project with its runs, answers, thumbnails and unpacked images; imported folders stay."""
    project = projects.get(session, person, project_id)
    run_ids = projects.remove(session, project)
    folders = [at.settings.runs_dir / run_id for run_id in run_ids]
    folders += [at.settings.sets_dir / project_id, at.settings.thumbs_dir / project_id]
    for folder in folders:
        after.add_task(shutil.rmtree, folder, ignore_errors=True)


@router.get("/projects/{project_id}/members")
def list_members(session: Db, person: Admin, project_id: str) -> list[people_schemas.Person]:
    """List who sees a project that is not for everyone (besides admins)."""
    projects.get(session, person, project_id)
    return [person_out(member) for member in projects.members(session, project_id)]


@router.post("/projects/{project_id}/members", status_code=204)
def add_member(session: Db, person: Admin, project_id: str, body: people_schemas.MemberNew) -> None:
    """Let somebody see a project."""
    projects.get(session, person, project_id)
    projects.add_member(session, project_id, people.get(session, body.person_id).id)


@router.delete("/projects/{project_id}/members/{person_id}", status_code=204)
def remove_member(session: Db, person: Admin, project_id: str, person_id: str) -> None:
    """Take a member out of a project."""
    projects.get(session, person, project_id)
    projects.remove_member(session, project_id, person_id)


# -- import ------------------------------------------------------------------------------------


@router.get("/folders")
def list_folders(at: At, _: Admin, path: Annotated[str, Query(max_length=1000)] = "") -> list[import_schemas.Folder]:
    """List the folders below an allowed one; without a path, the allowed ones."""
    return folders_below(at.settings.import_roots, path)


@router.post("/import/preview")
def preview_import(at: At, _: Admin, body: import_schemas.PreviewNew) -> import_schemas.ImportPreview:
    """Say what an import would read from names: cameras, identities, what fits nowhere. Opens and keeps nothing."""
    return previewing.preview_names(at.settings.import_roots, body)


@router.post("/projects/{project_id}/import/folder", status_code=202)
def import_folder(
    at: At, session: Db, person: Admin, project_id: str, body: import_schemas.ImportFolder
) -> project_schemas.Project:
    """Import the images of a folder on the server, which stay where they are."""
    inside(at.settings.import_roots, body.path)
    if body.pattern is not None:
        NamePattern.of(body.pattern)
    source = {"kind": "folder", **body.model_dump(exclude_none=True)}
    return _begin(session, projects.get(session, person, project_id), body.path, source)


@router.post("/projects/{project_id}/import/synth", status_code=202)
def import_synth(
    session: Db, person: Admin, project_id: str, body: import_schemas.ImportSynth
) -> project_schemas.Project:
    """Generate images of people who do not exist, and import them."""
    source = {"kind": "synth", **body.model_dump()}
    return _begin(session, projects.get(session, person, project_id), "generated", source)


@router.post(
    "/projects/{project_id}/import/upload",
    status_code=202,
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {
                "multipart/form-data": {
                    "schema": {
                        "type": "object",
                        "required": ["file"],
                        "properties": {
                            "file": {"type": "string", "contentMediaType": "application/octet-stream"},
                            "pattern": {"type": "string", "maxLength": 200},
                        },
                    }
                }
            },
        }
    },
)
def import_upload(
    at: At, person: Admin, project_id: str, received: Annotated[Received, Depends(received_zip)]
) -> project_schemas.Project:
    """Import the images of an uploaded zip."""
    with session_scope(at.sessions) as session:
        project = projects.get(session, person, project_id)
        source = {"kind": "upload", "path": str(received.path), **received.how}
        shown = _begin(session, project, received.name, source)
    received.keep()
    return shown


def _begin(session: Any, project: Project, name: str, source: dict[str, Any]) -> project_schemas.Project:
    projects.begin_import(project, name)
    jobs.wake_import(session, project.id, source)
    return project_out(session, project)


@router.get(
    "/projects/{project_id}/bad-files",
    response_model=list[import_schemas.BadFileOut],
    responses={200: {"content": {"text/csv": {}}}},
)
def list_bad_files(
    session: Db, person: Admin, project_id: str, format: Literal["json", "csv"] = "json"
) -> list[import_schemas.BadFileOut] | Response:
    """List the files that were not taken, with reasons; `?format=csv` downloads them."""
    project = projects.get(session, person, project_id)
    found = projects.bad_files(session, project.id)
    if format == "json":
        return [import_schemas.BadFileOut(path=file.path, reason=file.reason) for file in found]
    text = io.StringIO()
    rows = csv.writer(text)
    rows.writerows([("path", "reason"), *((harmless(file.path), harmless(file.reason)) for file in found)])
    headers = {"content-disposition": 'attachment; filename="bad-files.csv"'}
    return Response(text.getvalue(), media_type="text/csv; charset=utf-8", headers=headers)
