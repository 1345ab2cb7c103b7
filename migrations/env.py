"""How Alembic reaches the database: the server's own engine and settings."""

from __future__ import annotations

from typing import Any

from alembic import context
from alembic.autogenerate.api import AutogenContext
from sqlalchemy import Connection

from backend.settings import Settings
from backend.store.models import Base, UtcDateTime
from backend.store.session import make_engine


def render_item(kind: str, item: Any, _context: AutogenContext) -> str | bool:
    """Write our own column type without its module's name: history must not depend on code that changes."""
    return "sa.DateTime(timezone=True)" if kind == "type" and isinstance(item, UtcDateTime) else False


def keep_rows(connection: Connection) -> None:
    """Let SQLite make a table anew without deleting what refers to it: dropping the old one would cascade.

    Takes effect outside a transaction only, so before the first statement; the connection is used for nothing else.
    """
    if connection.dialect.name == "sqlite":
        cursor = connection.connection.cursor()
        cursor.execute("PRAGMA foreign_keys=OFF")
        cursor.close()


def check_references(connection: Connection) -> None:
    """Refuse changes after which rows refer to what is not there."""
    if connection.dialect.name == "sqlite":
        broken = connection.exec_driver_sql("PRAGMA foreign_key_check").all()
        if broken:
            raise RuntimeError(
                f"expected rows that refer to rows that are there, got {len(broken)} others: {broken[:5]}"
            )


def run() -> None:
    """Apply the changes in one transaction."""
    engine = make_engine(context.config.attributes.get("url") or Settings().database)
    with engine.connect() as connection:
        keep_rows(connection)
        context.configure(
            connection=connection,
            target_metadata=Base.metadata,
            render_as_batch=True,
            render_item=render_item,
            compare_type=True,
        )
        with context.begin_transaction():
            context.run_migrations()
            check_references(connection)
        connection.commit()
    engine.dispose()


run()
