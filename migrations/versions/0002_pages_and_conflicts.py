"""Page and conflict questions, and their answers.

Revision ID: 0002
Revises: 0001
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for name in ("tiles", "live", "disputed"):
        op.add_column("questions", sa.Column(name, sa.JSON(), nullable=False, server_default="[]"))
    op.add_column("questions", sa.Column("gain", sa.Float(precision=53), nullable=False, server_default="0"))
    op.add_column("answers", sa.Column("kind", sa.String(length=16), nullable=False, server_default="pair"))
    op.add_column("answers", sa.Column("tiles", sa.JSON(), nullable=False, server_default="[]"))
    op.add_column("answers", sa.Column("judged", sa.Integer(), nullable=False, server_default="1"))
    op.add_column("answers", sa.Column("actions", sa.Integer(), nullable=False, server_default="1"))
    op.execute("UPDATE answers SET judged = 0, actions = 0 WHERE retracts IS NOT NULL")


def downgrade() -> None:
    for name in ("actions", "judged", "tiles", "kind"):
        op.drop_column("answers", name)
    for name in ("gain", "disputed", "live", "tiles"):
        op.drop_column("questions", name)
