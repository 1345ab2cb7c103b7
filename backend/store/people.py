"""People and their rights."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from backend.errors import NameTakenError, NotFoundError, StateError
from backend.schemas import Role
from backend.store import logins
from backend.store.models import Person


def create(session: Session, name: str, password_hash: str | None, role: Role) -> Person:
    """Add somebody.

    Raises:
        NameTakenError: the name is in use, in whatever case.
    """
    if by_name(session, name) is not None:
        raise NameTakenError(f"the name {name!r} is in use; choose another")
    person = Person(name=name, password_hash=password_hash, role=role.value)
    session.add(person)
    session.flush()
    return person


def by_name(session: Session, name: str) -> Person | None:
    """Find somebody by name, in whatever case."""
    return session.scalars(select(Person).where(func.lower(Person.name) == name.lower())).one_or_none()


def get(session: Session, person_id: str) -> Person:
    """Give somebody.

    Raises:
        NotFoundError: there is nobody with this id.
    """
    person = session.get(Person, person_id)
    if person is None:
        raise NotFoundError(f"no person {person_id!r}")
    return person


def everybody(session: Session) -> Sequence[Person]:
    """Give all people, by name."""
    return session.scalars(select(Person).order_by(func.lower(Person.name))).all()


def names(session: Session, ids: set[str]) -> dict[str, str]:
    """Give people's names; somebody who is gone has none."""
    query = select(Person.id, Person.name).where(Person.id.in_(ids))
    return {row.id: row.name for row in session.execute(query)}


def set_role(session: Session, person: Person, role: Role) -> None:
    """Change somebody's rights.

    Raises:
        StateError: nobody would be left to administer.
    """
    if role is not Role.ADMIN:
        _keep_an_admin(session, person)
    person.role = role.value


def set_active(session: Session, person: Person, active: bool) -> None:
    """Let somebody in, or shut them out at once, everywhere.

    Raises:
        StateError: nobody would be left to administer.
    """
    if not active:
        _keep_an_admin(session, person)
        logins.end_all(session, person.id)
    person.active = active


def set_password(session: Session, person: Person, password_hash: str) -> None:
    """Change somebody's password; every signed-in browser of theirs has to sign in again."""
    person.password_hash = password_hash
    logins.end_all(session, person.id)


def admins(session: Session) -> Sequence[Person]:
    """Give the active admins, the first one first."""
    query = select(Person).where(Person.role == Role.ADMIN.value, Person.active)
    return session.scalars(query.order_by(Person.created_at)).all()


def _keep_an_admin(session: Session, person: Person) -> None:
    if [admin.id for admin in admins(session)] == [person.id]:
        raise StateError(f"{person.name!r} is the only active admin; make another one first")
