"""Approvals, and officers who are citizens too.

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

OPEN = sa.text("state IN ('requested', 'approved')")


def upgrade() -> None:
    op.create_table(
        "approvals",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("subject_id", sa.Uuid(), nullable=False),
        sa.Column("citizen_id", sa.Uuid(), nullable=True),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("reason", sa.String(length=200), nullable=False),
        sa.Column("requested_by", sa.String(length=64), nullable=False),
        sa.Column("requested_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_by", sa.String(length=64), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("refusal", sa.String(length=200), nullable=True),
        sa.Column("spent_by", sa.String(length=64), nullable=True),
        sa.Column("spent_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["citizen_id"], ["citizens.id"], name=op.f("fk_approvals_citizen_id_citizens")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_approvals")),
    )
    for column in ("subject_id", "state", "expires_at"):
        op.create_index(op.f(f"ix_approvals_{column}"), "approvals", [column])
    op.create_index(
        "uq_approvals_open", "approvals", ["kind", "subject_id"], unique=True, sqlite_where=OPEN, postgresql_where=OPEN
    )
    # As part of the column: SQLite could add it as a constraint of the table only by copying the table, which others
    # refer to.
    name = op.f("fk_callers_citizen_id_citizens")
    citizen = sa.Column("citizen_id", sa.Uuid(), sa.ForeignKey("citizens.id", name=name), nullable=True)
    op.add_column("callers", citizen, inline_references=True)
    op.create_index(op.f("ix_callers_citizen_id"), "callers", ["citizen_id"])


def downgrade() -> None:
    op.drop_index(op.f("ix_callers_citizen_id"), "callers")
    op.drop_column("callers", "citizen_id")
    op.drop_table("approvals")
