"""Bringing a database to this version, and knowing whether it is."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine
from sqlalchemy.engine import make_url

FOLDER = Path(__file__).resolve().parents[1] / "migrations"


def alembic_config(url: str) -> Config:
    """Give Alembic's settings for a database."""
    config = Config()
    config.set_main_option("script_location", str(FOLDER))
    config.attributes["url"] = url
    return config


def upgrade(url: str) -> None:
    """Bring a database to this version; an SQLite file is made where there is none."""
    parsed = make_url(url)
    if parsed.get_backend_name() == "sqlite" and parsed.database:
        Path(parsed.database).parent.mkdir(parents=True, exist_ok=True)
    command.upgrade(alembic_config(url), "head")


def is_current(engine: Engine) -> bool:
    """Say whether a database is at this version."""
    with engine.connect().execution_options(read_only=True) as connection:
        current = MigrationContext.configure(connection).get_current_heads()
    return set(current) == set(ScriptDirectory(str(FOLDER)).get_heads())
