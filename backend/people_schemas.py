"""What goes over the wire of people: sign-in, accounts, members, API tokens."""

from __future__ import annotations

from datetime import datetime

from pydantic import BaseModel, Field

from backend.schemas import Body, Role


class SignIn(Body):
    name: str = Field(min_length=1, max_length=64)
    password: str = Field(min_length=1, max_length=256)


class SignInLink(Body):
    token: str = Field(min_length=1, max_length=256)


class Person(BaseModel):
    id: str
    name: str
    role: Role
    active: bool
    created_at: datetime


class PersonNew(Body):
    name: str = Field(min_length=1, max_length=64, pattern=r"^[\w.@-]+$")
    password: str = Field(min_length=10, max_length=256)
    role: Role = Role.ANNOTATOR


class PersonChange(Body):
    password: str | None = Field(default=None, min_length=10, max_length=256)
    role: Role | None = None
    active: bool | None = None


class TokenNew(Body):
    label: str = Field(min_length=1, max_length=64)
    days: int = Field(default=90, ge=1, le=366)


class LinkMade(BaseModel):
    """A one-time sign-in link: `/sign-in#token=...`; shown once."""

    token: str
    expires_at: datetime


class MemberNew(Body):
    person_id: str = Field(min_length=1, max_length=64)


class Token(BaseModel):
    id: str
    label: str
    created_at: datetime
    expires_at: datetime
    last_used_at: datetime | None


class TokenMade(Token):
    secret: str  # shown once


class Session(BaseModel):
    person: Person
    embedded: bool  # one-process mode (the demo)
