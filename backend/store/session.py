"""Engines and transactions: one request, one transaction, committed at the edge.

SQLite has one write lock. A transaction that will write takes it at its start (BEGIN IMMEDIATE), so
that it never fails half-way; one that only reads says so and waits for nobody (WAL).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session, sessionmaker

SessionFactory = sessionmaker[Session]

_AFTER = "after_commit"
_FAILED = "after_failure"
BUSY_SECONDS = 30
CONNECT_SECONDS = 5  # to a PostgreSQL whose machine does not answer
COMMITTING = "while committing: it is not known whether this was stored"
"""A note on errors that came too late to know."""


def make_engine(url: str) -> Engine:
    """Make an engine for `sqlite:///file` or `postgresql+psycopg://...`."""
    if make_url(url).get_backend_name() == "sqlite":
        return _sqlite(url)
    connect = {"connect_timeout": CONNECT_SECONDS}
    return create_engine(
        url, connect_args=connect, pool_pre_ping=True, pool_size=16, max_overflow=32, pool_timeout=BUSY_SECONDS
    )


def _sqlite(url: str) -> Engine:
    connect = {"timeout": BUSY_SECONDS, "check_same_thread": False, "isolation_level": None}
    engine = create_engine(url, connect_args=connect, pool_size=16, max_overflow=32)
    event.listen(engine, "connect", _sqlite_connect)
    event.listen(engine, "begin", _sqlite_begin)
    return engine


def _sqlite_connect(connection: Any, _record: object) -> None:
    cursor = connection.cursor()
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _sqlite_begin(connection: Connection) -> None:
    read_only = connection.get_execution_options().get("read_only", False)
    connection.exec_driver_sql("BEGIN" if read_only else "BEGIN IMMEDIATE")


def make_factory(engine: Engine, broker: str | None = None) -> SessionFactory:
    """Make what gives sessions. `broker`: where to send job messages (Celery mode)."""
    from backend.store.memories import Memories  # they stand on this module
    from backend.store.tallies import Tallies

    info = {"broker": broker, "memories": Memories(), "tallies": Tallies()}
    return sessionmaker(engine, expire_on_commit=False, info=info)


@contextmanager
def session_scope(factory: SessionFactory, *, read_only: bool = False) -> Iterator[Session]:
    """Give a session; commit at the end, roll back on any error, then do what waits for the commit.

    The transaction begins with the first statement, not before: no lock is held while nothing is done.
    With `read_only` nothing is committed; the objects that were read stay usable.
    """
    engine = factory.kw["bind"]
    with factory(bind=engine.execution_options(read_only=read_only)) as session:
        try:
            yield session
            if read_only:
                return
            session.flush()
            _commit(session)
        except BaseException:
            _call(session, _FAILED)
            raise
        _call(session, _AFTER)


def _commit(session: Session) -> None:
    try:
        session.commit()
    except SQLAlchemyError as error:
        error.add_note(COMMITTING)
        raise


def _call(session: Session, which: str) -> None:
    for call in session.info.pop(which, ()):
        call()


def after_commit(session: Session, call: Callable[[], None]) -> None:
    """Do something once this session's transaction is safely stored, and not at all if it is not."""
    session.info.setdefault(_AFTER, []).append(call)


def after_failure(session: Session, call: Callable[[], None]) -> None:
    """Do something if this session's transaction is not stored."""
    session.info.setdefault(_FAILED, []).append(call)


def is_sqlite(session: Session) -> bool:
    """Say whether the store is SQLite: one writer at a time, so rows need no locks."""
    return session.get_bind().dialect.name == "sqlite"
