"""Several people a question: leases of their own, votes, pairs that check people.

Revision ID: 0003
Revises: 0002
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "gold_pairs",
        sa.Column("project_id", sa.String(length=64), nullable=False),
        sa.Column("left_row", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("right_row", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("same", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["project_id"], ["projects.id"], name=op.f("fk_gold_pairs_project_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("project_id", "left_row", "right_row", name=op.f("pk_gold_pairs")),
    )
    op.create_table(
        "question_leases",
        sa.Column("run_id", sa.String(length=64), nullable=False),
        sa.Column("question_id", sa.String(length=64), nullable=False),
        sa.Column("person_id", sa.String(length=64), nullable=False),
        sa.Column("fence", sa.Integer(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["run_id", "question_id"],
            ["questions.run_id", "questions.id"],
            name=op.f("fk_question_leases_run_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("run_id", "question_id", "person_id", name=op.f("pk_question_leases")),
    )
    with op.batch_alter_table("question_leases", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_question_leases_run_id_person_id"), ["run_id", "person_id"], unique=False)
    op.execute(
        "INSERT INTO question_leases (run_id, question_id, person_id, fence, expires_at) "
        "SELECT run_id, id, lease_person, lease_fence, lease_expires FROM questions "
        "WHERE state = 'open' AND lease_person IS NOT NULL AND lease_expires IS NOT NULL"
    )
    with op.batch_alter_table("questions", schema=None) as batch_op:
        batch_op.add_column(sa.Column("votes_base", sa.Integer(), nullable=False, server_default="1"))
        batch_op.add_column(sa.Column("votes_wanted", sa.Integer(), nullable=False, server_default="1"))
        batch_op.add_column(sa.Column("n_votes", sa.Integer(), nullable=False, server_default="0"))
        batch_op.add_column(sa.Column("gold", sa.String(length=16), nullable=True))
        batch_op.add_column(sa.Column("gold_person", sa.String(length=64), nullable=True))
        batch_op.drop_index(batch_op.f("ix_questions_run_id_lease_person"))
        batch_op.drop_column("lease_person")
        batch_op.drop_column("lease_expires")
    op.execute(
        "UPDATE questions SET n_votes = (SELECT count(*) FROM answers WHERE answers.run_id = questions.run_id "
        "AND answers.question_id = questions.id AND answers.retracts IS NULL AND NOT EXISTS "
        "(SELECT 1 FROM answers AS undo WHERE undo.run_id = answers.run_id AND undo.retracts = answers.id))"
    )
    with op.batch_alter_table("answers", schema=None) as batch_op:
        batch_op.add_column(sa.Column("counts", sa.Boolean(), nullable=False, server_default=sa.true()))
    with op.batch_alter_table("projects", schema=None) as batch_op:
        batch_op.add_column(sa.Column("votes", sa.Integer(), nullable=False, server_default="1"))
        batch_op.add_column(sa.Column("second_votes", sa.String(length=16), nullable=False, server_default="all"))
        batch_op.add_column(sa.Column("gold_rate", sa.Float(precision=53), nullable=False, server_default="0"))


def downgrade() -> None:
    op.execute("DELETE FROM answers WHERE source IN ('gold', 'votes')")
    op.execute("DELETE FROM questions WHERE state IN ('gold', 'checked')")
    with op.batch_alter_table("projects", schema=None) as batch_op:
        batch_op.drop_column("gold_rate")
        batch_op.drop_column("second_votes")
        batch_op.drop_column("votes")
    with op.batch_alter_table("answers", schema=None) as batch_op:
        batch_op.drop_column("counts")
    with op.batch_alter_table("questions", schema=None) as batch_op:
        batch_op.add_column(sa.Column("lease_person", sa.String(length=64), nullable=True))
        batch_op.add_column(sa.Column("lease_expires", sa.DateTime(timezone=True), nullable=True))
        batch_op.create_index(batch_op.f("ix_questions_run_id_lease_person"), ["run_id", "lease_person"], unique=False)
        batch_op.drop_column("gold_person")
        batch_op.drop_column("gold")
        batch_op.drop_column("n_votes")
        batch_op.drop_column("votes_wanted")
        batch_op.drop_column("votes_base")
    op.drop_table("question_leases")
    op.drop_table("gold_pairs")
