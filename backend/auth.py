"""Secrets: passwords, session cookies, one-time links, API tokens. What is stored is always a hash."""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime, timedelta
from functools import lru_cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy.orm import Session

from backend.store import logins
from backend.store.models import Person, utc_now

LINK_LIFE = timedelta(hours=12)
TOKEN_PREFIX = "ucal_"

_hasher = PasswordHasher()  # argon2id with the library's parameters


def hash_password(password: str) -> str:
    """Hash with argon2id."""
    return _hasher.hash(password)


def password_fits(stored: str | None, password: str) -> bool:
    """Compare; as slow for somebody who does not exist as for somebody who does."""
    try:
        _hasher.verify(stored or _nobody(), password)
    except (VerificationError, InvalidHashError):
        return False
    return stored is not None


@lru_cache(maxsize=1)
def _nobody() -> str:
    return _hasher.hash(secrets.token_urlsafe(16))


def new_secret(prefix: str = "") -> str:
    """Make a secret of 256 random bits."""
    return prefix + secrets.token_urlsafe(32)


def new_password() -> str:
    """Make a password that can be typed: 100 random bits, in groups."""
    letters = "abcdefghjkmnpqrstuvwxyz23456789"
    return "-".join("".join(secrets.choice(letters) for _ in range(5)) for _ in range(4))


def fingerprint(secret: str) -> str:
    """Give what is stored of a random secret; unlike a password, it needs no slow hash."""
    return hashlib.sha256(secret.encode()).hexdigest()


def make_login_link(session: Session, person: Person, now: datetime | None = None) -> str:
    """Make a token that signs this person in once, within 12 hours: `/sign-in#token=...`.

    It stands behind the `#`, which browsers do not send: it reaches no log.
    """
    token = new_secret()
    logins.add_link(session, fingerprint(token), person.id, (now or utc_now()) + LINK_LIFE)
    return token
