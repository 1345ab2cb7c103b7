"""The database's history leads to exactly the tables that the code has, and back."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import JSON, Boolean, Column, DateTime, Engine, MetaData, inspect, text
from sqlalchemy.engine import make_url

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


def test_rows_live_through_every_change_up_and_down(empty_url: str):
    if empty_url.startswith("sqlite"):
        Path(make_url(empty_url).database or "").parent.mkdir()
    command.upgrade(migrate.alembic_config(empty_url), "0001")
    engine = make_engine(empty_url)
    _fill(engine)
    before = _counts(engine)
    assert set(before.values()) == {1, 2}
    migrate.upgrade(empty_url)
    assert _counts(engine) == before
    with engine.connect() as connection:
        assert connection.execute(text("SELECT person_id, fence FROM question_leases")).all() == [("p", 3)]
        votes = connection.execute(text("SELECT id, n_votes, votes_base FROM questions ORDER BY id")).all()
        assert votes == [("answered", 1, 1), ("open", 0, 1)]
        assert connection.execute(text("SELECT judged, actions FROM answers ORDER BY seq")).all() == [(1, 1), (1, 1)]
    command.downgrade(migrate.alembic_config(empty_url), "0001")
    assert _counts(engine) == before
    migrate.upgrade(empty_url)
    assert _counts(engine) == before
    engine.dispose()


def _fill(engine: Engine) -> None:
    """Put a project, a run, a leased and an answered question into a database of the first version."""
    now = datetime.now(UTC)
    tables = MetaData()
    tables.reflect(engine)
    rows: list[tuple[str, dict[str, Any]]] = [
        ("people", {"id": "p", "name": "p"}),
        ("projects", {"id": "yard", "name": "Yard"}),
        ("members", {"project_id": "yard", "person_id": "p"}),
        ("images", {"id": "i", "project_id": "yard", "split": "train", "row": 0}),
        ("runs", {"id": "run", "project_id": "yard", "name": "Run 1"}),
        ("questions", {"id": "open", "run_id": "run", "state": "open"}),
        ("questions", {"id": "answered", "run_id": "run", "state": "answered"}),
        ("answers", {"id": "a1", "run_id": "run", "question_id": "answered", "verdict": "same"}),
        ("answers", {"id": "a2", "run_id": "run", "question_id": "gone", "verdict": "same"}),
        ("rounds", {"run_id": "run", "round": 0}),
    ]
    leased = {"lease_person": "p", "lease_fence": 3, "lease_expires": now}
    with engine.begin() as connection:
        for name, given in rows:
            table = tables.tables[name]
            values = given | (leased if given.get("state") == "open" else {})
            for column in table.columns:
                if column.name not in values and not column.nullable and column.name != "seq":
                    values[column.name] = _some(column, now)
            connection.execute(table.insert().values(values))


def _some(column: Column[Any], now: datetime) -> Any:
    """Give a value that fits a column."""
    kind = column.type
    if isinstance(kind, JSON):
        return []
    return now if isinstance(kind, DateTime) else False if isinstance(kind, Boolean) else kind.python_type()


def _counts(engine: Engine) -> dict[str, int]:
    names = ("people", "projects", "members", "images", "runs", "questions", "answers", "rounds")
    with engine.connect() as connection:
        return {name: connection.execute(text(f"SELECT count(*) FROM {name}")).scalar_one() for name in names}
