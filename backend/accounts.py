"""People, as an operator changes them on the server itself."""

from __future__ import annotations

from sqlalchemy.orm import Session

from backend.auth import hash_password, make_login_link, new_password
from backend.errors import InvalidError, NotFoundError
from backend.schemas import Role
from backend.settings import Settings
from backend.store import people
from backend.store.models import Person
from backend.store.session import make_engine, make_factory, session_scope

SHORTEST = 10


def change_account(
    settings: Settings, verb: str, name: str, role: str | None = None, password: str | None = None
) -> list[str]:
    """Do `add`, `list`, `password`, `disable`, `enable` or `link`; give lines for the operator.

    Raises:
        BackendError: its kinds say why not.
    """
    if password is not None and len(password) < SHORTEST:
        raise InvalidError(f"password: expected {SHORTEST} characters or more, got {len(password)}")
    with session_scope(make_factory(make_engine(settings.database))) as session:
        if verb == "list":
            return [_line(person) for person in people.everybody(session)]
        if verb == "add":
            made = password or new_password()
            person = people.create(session, name, hash_password(made), Role(role or Role.ANNOTATOR))
            return [_line(person), *([] if password else [f"Password: {made}   (shown this once)"])]
        return _change(session, _find(session, name), verb, password)


def _change(session: Session, person: Person, verb: str, password: str | None) -> list[str]:
    if verb == "password":
        made = password or new_password()
        people.set_password(session, person, hash_password(made))
        return [_line(person), *([] if password else [f"Password: {made}   (shown this once)"])]
    if verb == "link":
        return [f"/sign-in#token={make_login_link(session, person)}"]
    people.set_active(session, person, verb == "enable")
    return [_line(person)]


def _find(session: Session, name: str) -> Person:
    person = people.by_name(session, name)
    if person is None:
        raise NotFoundError(f"nobody is called {name!r}")
    return person


def _line(person: Person) -> str:
    return f"{person.id}  {person.name}  {person.role}{'' if person.active else '  (switched off)'}"
