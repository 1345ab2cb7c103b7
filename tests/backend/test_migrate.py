"""The database's history leads to exactly the tables that the code has, and back."""

from __future__ import annotations

from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import inspect, text

from backend import migrate
from backend.store.models import Base
from backend.store.session import make_engine
from tests import services


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.services)])
def empty_url(request: pytest.FixtureRequest, tmp_path: Path):
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path}/new/ucal.sqlite3"
    else:
        with services.fresh_database(request.getfixturevalue("postgres_server")) as url:
            yield url


def test_migrations_and_models_do_not_drift_apart(both_url: str):
    engine = make_engine(both_url)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, Base.metadata) == []
    engine.dispose()


def test_a_database_goes_up_down_and_up_again(empty_url: str):
    migrate.upgrade(empty_url)
    engine = make_engine(empty_url)
    assert migrate.is_current(engine)
    command.downgrade(migrate.alembic_config(empty_url), "base")
    assert not migrate.is_current(engine)
    assert set(inspect(engine).get_table_names()) == {"alembic_version"}
    migrate.upgrade(empty_url)
    migrate.upgrade(empty_url)  # at head already: nothing to do
    assert set(inspect(engine).get_table_names()) == {*Base.metadata.tables, "alembic_version"}
    engine.dispose()


def test_sqlite_keeps_what_it_acknowledged_and_knows_foreign_keys(sqlite_url: str):
    engine = make_engine(sqlite_url)
    with engine.connect() as connection:
        found = [connection.execute(text(f"PRAGMA {name}")).scalar() for name in ("journal_mode", "synchronous")]
        assert found == ["wal", 2]
        assert connection.execute(text("PRAGMA foreign_keys")).scalar() == 1
    engine.dispose()
