"""Projects, who sees them, and the state of their import."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import delete, exists, func, select
from sqlalchemy.orm import Session

from backend.errors import NotFoundError, StateError
from backend.import_schemas import ImportState
from backend.project_schemas import ProjectNew
from backend.run_schemas import OVER
from backend.schemas import Role
from backend.store.jobs import upsert
from backend.store.models import BadFile, Job, Member, Person, Project, Run


def create(session: Session, body: ProjectNew) -> Project:
    """Add a project without images."""
    project = Project(name=body.name, description=body.description, everyone=body.everyone, covers=[])
    session.add(project)
    session.flush()
    return project


def visible(session: Session, person: Person) -> Sequence[Project]:
    """Give the projects that a person sees, newest first."""
    query = select(Project).order_by(Project.created_at.desc())
    if person.role != Role.ADMIN:
        member = exists().where(Member.project_id == Project.id, Member.person_id == person.id)
        query = query.where(Project.everyone | member)
    return session.scalars(query).all()


def sees(session: Session, person: Person, project: Project) -> bool:
    """Say whether a person sees a project: the policy on objects, in one place."""
    if person.role == Role.ADMIN or project.everyone:
        return True
    return session.get(Member, (project.id, person.id)) is not None


def get(session: Session, person: Person, project_id: str) -> Project:
    """Give a project.

    Raises:
        NotFoundError: there is none with this id, or this person does not see it.
    """
    project = session.get(Project, project_id)
    if project is None or not sees(session, person, project):
        raise NotFoundError(f"no project {project_id!r}")
    return project


def remove(session: Session, project: Project) -> list[str]:
    """Delete a project with its images, runs and answers; give its runs' ids, whose folders remain.

    Raises:
        StateError: it is being imported.
    """
    if project.import_state in (ImportState.WAITING, ImportState.READING):
        raise StateError("this project is being imported; wait until that is over")
    ids = list(session.scalars(select(Run.id).where(Run.project_id == project.id)))
    keys = [f"advance_run:{id_}" for id_ in ids] + [f"import:{project.id}"]
    session.execute(delete(Job).where(Job.key.in_(keys)))
    session.execute(delete(Project).where(Project.id == project.id))
    return ids


def begin_import(project: Project, source: str) -> None:
    """Note that an import was asked for (in place).

    Raises:
        StateError: one is going on, or the project has its images already.
    """
    if project.import_state in (ImportState.WAITING, ImportState.READING):
        raise StateError("an import is going on already; wait until it is over")
    if project.import_state == ImportState.DONE:
        raise StateError("this project has its images already; make another project")
    project.import_state, project.import_source, project.import_error = ImportState.WAITING.value, source, None
    project.import_done = project.import_total = project.n_bad_files = 0
    project.import_what, project.import_since, project.notices = "", None, []


def bad_files(session: Session, project_id: str) -> Sequence[BadFile]:
    """Give the files that could not be taken."""
    return session.scalars(select(BadFile).where(BadFile.project_id == project_id).order_by(BadFile.id)).all()


def run_counts(session: Session, ids: Sequence[str]) -> dict[str, tuple[int, str | None]]:
    """Give, for each project, its number of runs and the newest one that is not over."""
    query = select(Run.project_id, Run.id, Run.state).where(Run.project_id.in_(ids)).order_by(Run.created_at)
    found: dict[str, tuple[int, str | None]] = {}
    for project_id, run_id, state in session.execute(query):
        count, active = found.get(project_id, (0, None))
        found[project_id] = (count + 1, active if state in OVER else run_id)
    return found


def members(session: Session, project_id: str) -> Sequence[Person]:
    """Give a project's members, by name."""
    query = select(Person).join(Member, Member.person_id == Person.id).where(Member.project_id == project_id)
    return session.scalars(query.order_by(func.lower(Person.name))).all()


def add_member(session: Session, project_id: str, person_id: str) -> None:
    """Let a person see a project."""
    statement = upsert(session, Member).values(project_id=project_id, person_id=person_id)
    session.execute(statement.on_conflict_do_nothing())


def remove_member(session: Session, project_id: str, person_id: str) -> None:
    """Take a member out."""
    session.execute(delete(Member).where(Member.project_id == project_id, Member.person_id == person_id))
