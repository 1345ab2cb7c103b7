"""How Alembic reaches the database: the server's own engine and settings."""

from __future__ import annotations

from typing import Any

from alembic import context
from alembic.autogenerate.api import AutogenContext

from backend.settings import Settings
from backend.store.models import Base, UtcDateTime
from backend.store.session import make_engine


def render_item(kind: str, item: Any, _context: AutogenContext) -> str | bool:
    """Write our own column type without its module's name: history must not depend on code that changes."""
    return "sa.DateTime(timezone=True)" if kind == "type" and isinstance(item, UtcDateTime) else False


def run() -> None:
    """Apply the changes in one transaction."""
    engine = make_engine(context.config.attributes.get("url") or Settings().database)
    with engine.connect() as connection:
        context.configure(
            connection=connection,
            target_metadata=Base.metadata,
            render_as_batch=True,
            render_item=render_item,
            compare_type=True,
        )
        with context.begin_transaction():
            context.run_migrations()
        connection.commit()
    engine.dispose()


run()
