"""A run's own votes, in place of its project's; the log of a run in its order, for those who read on.

Revision ID: 0009
Revises: 0008
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("runs", sa.Column("votes", sa.Integer(), nullable=True))
    op.add_column("runs", sa.Column("second_votes", sa.String(length=16), nullable=True))
    op.create_index(op.f("ix_answers_run_id_seq"), "answers", ["run_id", "seq"])


def downgrade() -> None:
    op.drop_index(op.f("ix_answers_run_id_seq"), table_name="answers")
    op.drop_column("runs", "second_votes")
    op.drop_column("runs", "votes")
