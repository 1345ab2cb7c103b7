"""What an import is doing since when, and what whoever uses the collection must know.

Revision ID: 0005
Revises: 0004
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("projects", sa.Column("import_what", sa.String(length=16), nullable=False, server_default=""))
    op.add_column("projects", sa.Column("import_since", sa.DateTime(timezone=True), nullable=True))
    op.add_column("projects", sa.Column("notices", sa.JSON(), nullable=False, server_default="[]"))


def downgrade() -> None:
    for name in ("notices", "import_since", "import_what"):
        op.drop_column("projects", name)
