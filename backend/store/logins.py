"""Signed-in browsers, one-time links, API tokens and failed sign-ins. Hashes only: no secret comes here."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import CursorResult, delete, func, select, update
from sqlalchemy.orm import Session

from backend.errors import NotFoundError
from backend.store.models import ApiToken, LoginAttempt, LoginLink, LoginSession, Person

IDLE = timedelta(hours=12)
LIFE = timedelta(days=7)
WINDOW = timedelta(minutes=15)  # in which failed sign-ins are counted


# -- browsers ----------------------------------------------------------------------------------


def start(session: Session, token_hash: str, person_id: str, now: datetime) -> None:
    """Begin a browser's session; those that ran out are cleared away."""
    session.execute(delete(LoginSession).where(LoginSession.expires_at < now))
    fresh = LoginSession(token_hash=token_hash, person_id=person_id, created_at=now, seen_at=now, expires_at=now + LIFE)
    session.add(fresh)


def by_session(session: Session, token_hash: str, now: datetime) -> tuple[Person, LoginSession] | None:
    """Find whose session this is, if it still holds and the person is active."""
    query = select(Person, LoginSession).join(LoginSession, LoginSession.person_id == Person.id)
    query = query.where(
        LoginSession.token_hash == token_hash,
        LoginSession.expires_at > now,
        LoginSession.seen_at > now - IDLE,
        Person.active,
    )
    found = session.execute(query).one_or_none()
    return None if found is None else (found[0], found[1])


def touch_session(session: Session, token_hash: str, now: datetime) -> None:
    """Note that a browser is still there."""
    session.execute(update(LoginSession).where(LoginSession.token_hash == token_hash).values(seen_at=now))


def end(session: Session, token_hash: str) -> None:
    """End a browser's session."""
    session.execute(delete(LoginSession).where(LoginSession.token_hash == token_hash))


def end_all(session: Session, person_id: str) -> None:
    """End all sessions, unused links and API tokens of a person."""
    for table in (LoginSession, LoginLink, ApiToken):
        session.execute(delete(table).where(table.person_id == person_id))


# -- links -------------------------------------------------------------------------------------


def add_link(session: Session, token_hash: str, person_id: str, expires_at: datetime) -> None:
    """Keep a one-time link."""
    session.add(LoginLink(token_hash=token_hash, person_id=person_id, expires_at=expires_at))


def use_link(session: Session, token_hash: str, now: datetime) -> Person | None:
    """Use a link up; None when it was used, ran out or never was. Two at once: one wins."""
    gone = delete(LoginLink).where(LoginLink.token_hash == token_hash)
    row = session.execute(gone.returning(LoginLink.person_id, LoginLink.expires_at)).one_or_none()
    if row is None or row.expires_at <= now:
        return None
    person = session.get(Person, row.person_id)
    return person if person is not None and person.active else None


# -- API tokens --------------------------------------------------------------------------------


def by_token(session: Session, token_hash: str, now: datetime) -> tuple[Person, ApiToken] | None:
    """Find whose API token this is, if it still holds and the person is active."""
    query = select(Person, ApiToken).join(ApiToken, ApiToken.person_id == Person.id)
    query = query.where(ApiToken.token_hash == token_hash, ApiToken.expires_at > now, Person.active)
    found = session.execute(query).one_or_none()
    return None if found is None else (found[0], found[1])


def touch_token(session: Session, token_hash: str, now: datetime) -> None:
    """Note that a token was used."""
    session.execute(update(ApiToken).where(ApiToken.token_hash == token_hash).values(last_used_at=now))


def tokens(session: Session, person_id: str) -> Sequence[ApiToken]:
    """Give a person's tokens, newest first."""
    query = select(ApiToken).where(ApiToken.person_id == person_id).order_by(ApiToken.created_at.desc())
    return session.scalars(query).all()


def drop_token(session: Session, person_id: str, token_id: str) -> None:
    """Take back one of a person's tokens.

    Raises:
        NotFoundError: this person has no such token.
    """
    gone = session.execute(delete(ApiToken).where(ApiToken.id == token_id, ApiToken.person_id == person_id))
    assert isinstance(gone, CursorResult)
    if gone.rowcount == 0:
        raise NotFoundError(f"no token {token_id!r}")


# -- failed sign-ins ---------------------------------------------------------------------------


def note_attempts(session: Session, keys: Sequence[str], now: datetime) -> list[int]:
    """Note an attempt under each key; give how many there were in the window, this one included."""
    session.execute(delete(LoginAttempt).where(LoginAttempt.at < now - WINDOW))
    session.add_all(LoginAttempt(key=key, at=now) for key in keys)
    session.flush()
    query = select(LoginAttempt.key, func.count()).where(LoginAttempt.key.in_(keys)).group_by(LoginAttempt.key)
    found = {key: int(count) for key, count in session.execute(query)}
    return [found[key] for key in keys]


def forget_attempts(session: Session, keys: Sequence[str]) -> None:
    """Forget the attempts under these keys: the sign-in went well."""
    session.execute(delete(LoginAttempt).where(LoginAttempt.key.in_(keys)))
