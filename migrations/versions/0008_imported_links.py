"""What a collection's tracklets and frames say: how much that is, whether runs take it, and what it settled.

Revision ID: 0008
Revises: 0007
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("projects", sa.Column("n_links", sa.Integer(), nullable=False, server_default="0"))
    op.add_column("projects", sa.Column("imported_links", sa.Boolean(), nullable=False, server_default=sa.true()))
    op.add_column("runs", sa.Column("known", sa.Integer(), nullable=False, server_default="0"))


def downgrade() -> None:
    op.drop_column("runs", "known")
    for name in ("imported_links", "n_links"):
        op.drop_column("projects", name)
