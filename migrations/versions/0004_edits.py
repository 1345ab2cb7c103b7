"""Edits of clusters; a run that ends after its round or changes its budget; when questions and rounds came.

Revision ID: 0004
Revises: 0003
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "edits",
        sa.Column("seq", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("run_id", sa.String(length=64), nullable=False),
        sa.Column("id", sa.String(length=80), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("groups", sa.JSON(), nullable=False),
        sa.Column("text", sa.String(length=120), nullable=False),
        sa.Column("person_id", sa.String(length=64), nullable=False),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("retracts", sa.String(length=80), nullable=True),
        sa.Column("body_hash", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(["run_id"], ["runs.id"], name=op.f("fk_edits_run_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_edits")),
    )
    op.create_index(op.f("ix_edits_run_id_id"), "edits", ["run_id", "id"], unique=True)
    op.create_index(op.f("ix_edits_run_id_retracts"), "edits", ["run_id", "retracts"])
    op.add_column("runs", sa.Column("stop_after", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column("runs", sa.Column("changes", sa.JSON(), nullable=False, server_default="[]"))
    op.add_column("rounds", sa.Column("at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("questions", sa.Column("opened_at", sa.DateTime(timezone=True), nullable=True))


def downgrade() -> None:
    op.drop_column("questions", "opened_at")
    op.drop_column("rounds", "at")
    op.drop_column("runs", "changes")
    op.drop_column("runs", "stop_after")
    op.drop_table("edits")
