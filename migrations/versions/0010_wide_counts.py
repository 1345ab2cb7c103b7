"""Counts of pairs of images beyond 2^31: 65,537 images have as many. SQLite's integers hold them as they are.

Revision ID: 0010
Revises: 0009
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

_NAMES = ("inferred", "known")
_MOST = 2**31 - 1


def upgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        for name in _NAMES:
            op.alter_column("runs", name, type_=sa.BigInteger(), existing_type=sa.Integer(), existing_nullable=False)


def downgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        for name in _NAMES:
            op.alter_column(
                "runs",
                name,
                type_=sa.Integer(),
                existing_type=sa.BigInteger(),
                existing_nullable=False,
                postgresql_using=f"least({name}, {_MOST})::integer",
            )
