"""What routes ask for: the transaction, and the one policy that says who may."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Annotated
from urllib.parse import urlsplit

from fastapi import Depends, Request
from sqlalchemy.orm import Session

from backend.auth import fingerprint
from backend.clusters import Browser
from backend.errors import CrossSiteError, ForbiddenError, NotSignedInError
from backend.observe import Metrics
from backend.schemas import Role
from backend.settings import Settings
from backend.store import logins
from backend.store.models import ApiToken, Person, utc_now
from backend.store.session import SessionFactory, session_scope

SAFE = ("GET", "HEAD", "OPTIONS")
_TOUCH = timedelta(seconds=60)  # how exact "last seen" is


@dataclass(frozen=True, slots=True)
class Context:
    """What the application has at hand; made once, in `create_app`."""

    settings: Settings
    sessions: SessionFactory
    metrics: Metrics
    browser: Browser  # clusters that somebody looks at


def context(request: Request) -> Context:
    """Give the application's context."""
    found: Context = request.app.state.context
    return found


def transaction(request: Request) -> Iterator[Session]:
    """Give the request's transaction: committed after the route and before the response."""
    with session_scope(context(request).sessions, read_only=request.method in SAFE) as session:
        yield session


At = Annotated[Context, Depends(context)]
Db = Annotated[Session, Depends(transaction, scope="function")]


# -- the policy --------------------------------------------------------------------------------


class Access(StrEnum):
    """Who may use a route."""

    EVERYONE = "everyone"
    SIGNED_IN = "signed in"
    ADMIN = "admin"


class Policy:
    """Every route has exactly one. Checks who calls, and that no other site made them call."""

    access: Access


class EveryonePolicy(Policy):
    """Lets everyone in, from this site."""

    access = Access.EVERYONE

    def __call__(self, request: Request) -> None:
        if request.method not in SAFE:
            check_same_site(request)


class PersonPolicy(Policy):
    """Lets people in: all of them, or admins."""

    def __init__(self, access: Access) -> None:
        self.access = access

    def __call__(self, request: Request) -> Person:
        person = _caller(request)
        request.state.person_id = person.id
        if self.access is Access.ADMIN and person.role != Role.ADMIN:
            raise ForbiddenError("only an admin may do this")
        return person


Everyone = Annotated[None, Depends(EveryonePolicy())]
SignedIn = Annotated[Person, Depends(PersonPolicy(Access.SIGNED_IN))]
Admin = Annotated[Person, Depends(PersonPolicy(Access.ADMIN))]


def cookie_name(settings: Settings) -> str:
    """Name the session cookie; browsers keep `__Host-` ones to this very host and to https."""
    return "__Host-ucal_session" if settings.https else "ucal_session"


def check_same_site(request: Request) -> None:
    """Refuse a changing request that another site may have sent.

    Raises:
        CrossSiteError: no `X-UCAL: 1`, which other sites cannot send, or a foreign `Origin`.
    """
    if request.headers.get("x-ucal") != "1":
        raise CrossSiteError("expected the header X-UCAL: 1")
    origin = request.headers.get("origin")
    if origin is not None and urlsplit(origin).netloc != request.headers.get("host"):
        raise CrossSiteError("this request came from another site (its Origin is not this server)")


def _caller(request: Request) -> Person:
    """Find who calls, by API token or by cookie."""
    kind, _, secret = request.headers.get("authorization", "").partition(" ")
    if kind.lower() == "bearer" and secret:
        return _by_token(context(request).sessions, fingerprint(secret.strip()))
    cookie = request.cookies.get(cookie_name(context(request).settings))
    if not cookie:
        raise NotSignedInError("sign in first")
    person = _by_cookie(context(request).sessions, fingerprint(cookie))
    if request.method not in SAFE:
        check_same_site(request)
    return person


def _by_token(sessions: SessionFactory, token_hash: str) -> Person:
    now = utc_now()
    with session_scope(sessions, read_only=True) as session:
        found = logins.by_token(session, token_hash, now)
    if found is None:
        raise NotSignedInError("this API token is unknown or ran out; make a new one")
    if _is_old(found[1], now):
        with session_scope(sessions) as session:
            logins.touch_token(session, token_hash, now)
    return found[0]


def _is_old(token: ApiToken, now: datetime) -> bool:
    return token.last_used_at is None or token.last_used_at < now - _TOUCH


def _by_cookie(sessions: SessionFactory, token_hash: str) -> Person:
    now = utc_now()
    with session_scope(sessions, read_only=True) as session:
        found = logins.by_session(session, token_hash, now)
    if found is None:
        raise NotSignedInError("this session ran out; sign in again")
    if found[1].seen_at < now - _TOUCH:
        with session_scope(sessions) as session:
            logins.touch_session(session, token_hash, now)
    return found[0]
