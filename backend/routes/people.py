"""Signing in, people, API tokens."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from fastapi import APIRouter, Request, Response

from backend import people_schemas
from backend.auth import (
    LINK_LIFE,
    TOKEN_PREFIX,
    fingerprint,
    hash_password,
    make_login_link,
    new_secret,
    password_fits,
)
from backend.deps import Admin, At, Context, Db, Everyone, SignedIn, cookie_name
from backend.errors import SignInError, TooManyAttemptsError
from backend.store import logins, people
from backend.store.models import ApiToken, Person, utc_now
from backend.store.session import session_scope
from backend.views import person_out

router = APIRouter(tags=["people"])

MAX_BY_NAME = 10
MAX_BY_ADDRESS = 50


@router.post("/session")
def sign_in(
    at: At, _: Everyone, body: people_schemas.SignIn, request: Request, response: Response
) -> people_schemas.Session:
    """Sign in with name and password; the answer carries the session's cookie."""
    keys = [f"name:{body.name.lower()[:64]}", f"address:{_address(request)}"]
    _limit(at, keys)
    with session_scope(at.sessions, read_only=True) as session:
        person = people.by_name(session, body.name)
    if not password_fits(person.password_hash if person else None, body.password) or person is None:
        raise SignInError("this name and password do not fit, or the account is switched off")
    if not person.active:
        raise SignInError("this name and password do not fit, or the account is switched off")
    with session_scope(at.sessions) as session:
        logins.forget_attempts(session, keys)
    return _begin(at, person, request, response)


@router.post("/session/link")
def sign_in_by_link(
    at: At, _: Everyone, body: people_schemas.SignInLink, request: Request, response: Response
) -> people_schemas.Session:
    """Sign in with a one-time link's token."""
    _limit(at, [f"address:{_address(request)}"])
    with session_scope(at.sessions) as session:
        person = logins.use_link(session, fingerprint(body.token), utc_now())
    if person is None:
        raise SignInError("this link was used already or ran out; ask for a new one")
    return _begin(at, person, request, response)


@router.get("/session")
def current_session(at: At, person: SignedIn) -> people_schemas.Session:
    """Say who is signed in."""
    return people_schemas.Session(person=person_out(person), embedded=at.settings.embedded)


@router.delete("/session", status_code=204)
def sign_out(at: At, session: Db, person: SignedIn, request: Request, response: Response) -> None:
    """Sign out: the session ends on the server too."""
    name = cookie_name(at.settings)
    cookie = request.cookies.get(name)
    if cookie:
        logins.end(session, fingerprint(cookie))
    response.delete_cookie(name, path="/", secure=at.settings.https, httponly=True, samesite="lax")


@router.get("/people")
def list_people(session: Db, _: Admin) -> list[people_schemas.Person]:
    """List everybody."""
    return [person_out(person) for person in people.everybody(session)]


@router.post("/people", status_code=201)
def create_person(session: Db, _: Admin, body: people_schemas.PersonNew) -> people_schemas.Person:
    """Add somebody."""
    return person_out(people.create(session, body.name, hash_password(body.password), body.role))


@router.patch("/people/{person_id}")
def change_person(session: Db, _: Admin, person_id: str, body: people_schemas.PersonChange) -> people_schemas.Person:
    """Change somebody's password or rights, or switch the account off and on."""
    person = people.get(session, person_id)
    if body.password is not None:
        people.set_password(session, person, hash_password(body.password))
    if body.role is not None:
        people.set_role(session, person, body.role)
    if body.active is not None:
        people.set_active(session, person, body.active)
    return person_out(person)


@router.post("/people/{person_id}/link", status_code=201)
def invite_person(session: Db, _: Admin, person_id: str) -> people_schemas.LinkMade:
    """Make a sign-in link for somebody, which works once; an account that is switched off stays so."""
    person = people.get(session, person_id)
    return people_schemas.LinkMade(token=make_login_link(session, person), expires_at=utc_now() + LINK_LIFE)


@router.get("/tokens")
def list_tokens(session: Db, person: SignedIn) -> list[people_schemas.Token]:
    """List one's own API tokens."""
    return [people_schemas.Token(**_token(token)) for token in logins.tokens(session, person.id)]


@router.post("/tokens", status_code=201)
def create_token(session: Db, person: SignedIn, body: people_schemas.TokenNew) -> people_schemas.TokenMade:
    """Make an API token with one's own rights; its secret is shown this once."""
    secret, now = new_secret(TOKEN_PREFIX), utc_now()
    token = ApiToken(
        person_id=person.id,
        label=body.label,
        token_hash=fingerprint(secret),
        created_at=now,
        expires_at=now + timedelta(days=body.days),
    )
    session.add(token)
    session.flush()
    return people_schemas.TokenMade(**_token(token), secret=secret)


@router.delete("/tokens/{token_id}", status_code=204)
def delete_token(session: Db, person: SignedIn, token_id: str) -> None:
    """Take one of one's own tokens back; it stops working at once."""
    logins.drop_token(session, person.id, token_id)


def _token(token: ApiToken) -> dict[str, Any]:
    return {name: getattr(token, name) for name in ("id", "label", "created_at", "expires_at", "last_used_at")}


def _address(request: Request) -> str:
    return request.client.host if request.client else "unknown"


def _limit(at: Context, keys: list[str]) -> None:
    """Note the attempt and refuse too many; committed by itself, so that a failure does not undo it."""
    with session_scope(at.sessions) as session:
        counts = logins.note_attempts(session, keys, utc_now())
    limits = [MAX_BY_NAME if key.startswith("name:") else MAX_BY_ADDRESS for key in keys]
    if any(count > limit for count, limit in zip(counts, limits, strict=True)):
        wait = int(logins.WINDOW.total_seconds())
        raise TooManyAttemptsError(f"too many sign-ins; try again in {wait // 60} minutes", wait)


def _begin(at: Context, person: Person, request: Request, response: Response) -> people_schemas.Session:
    """Begin a new session under a new secret; one that the browser brought along ends."""
    secret, now, name = new_secret(), utc_now(), cookie_name(at.settings)
    before = request.cookies.get(name)
    with session_scope(at.sessions) as session:
        if before:
            logins.end(session, fingerprint(before))
        logins.start(session, fingerprint(secret), person.id, now)
    response.set_cookie(
        name,
        secret,
        max_age=int(logins.LIFE.total_seconds()),
        path="/",
        httponly=True,
        samesite="lax",
        secure=at.settings.https,
    )
    return people_schemas.Session(person=person_out(person), embedded=at.settings.embedded)
