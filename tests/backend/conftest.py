"""A store on each database, and a world on top of it."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import text

from backend import migrate
from backend.store.models import Base
from backend.store.session import make_engine
from tests import services
from tests.backend.world import World, make_world


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a migrated, empty SQLite file to copy."""
    path = tmp_path_factory.mktemp("template") / "ucal.sqlite3"
    migrate.upgrade(f"sqlite:///{path}")
    return path


@pytest.fixture(scope="session")
def postgres_migrated(postgres_server: str) -> Iterator[str]:
    """Give a migrated PostgreSQL database of this session's own."""
    with services.fresh_database(postgres_server) as url:
        migrate.upgrade(url)
        yield url


@pytest.fixture
def sqlite_url(sqlite_template: Path, tmp_path: Path) -> str:
    """Give a migrated, empty SQLite database."""
    path = tmp_path / "data" / "ucal.sqlite3"
    path.parent.mkdir()
    shutil.copy(sqlite_template, path)
    return f"sqlite:///{path}"


def _emptied(url: str) -> str:
    engine = make_engine(url)
    names = ", ".join(table.name for table in Base.metadata.sorted_tables)
    with engine.begin() as connection:
        connection.execute(text(f"TRUNCATE {names} RESTART IDENTITY CASCADE"))
    engine.dispose()
    return url


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.services)])
def both_url(request: pytest.FixtureRequest) -> str:
    """Give a migrated, empty database: the test runs on SQLite and on PostgreSQL."""
    if request.param == "sqlite":
        found: str = request.getfixturevalue("sqlite_url")
        return found
    return _emptied(request.getfixturevalue("postgres_migrated"))


@pytest.fixture
def world(tmp_path: Path, sqlite_url: str) -> Iterator[World]:
    """Give a server on SQLite."""
    made = make_world(tmp_path, sqlite_url)
    yield made
    made.close()


@pytest.fixture
def both(tmp_path: Path, both_url: str) -> Iterator[World]:
    """Give a server, on SQLite and on PostgreSQL."""
    made = make_world(tmp_path, both_url)
    yield made
    made.close()
