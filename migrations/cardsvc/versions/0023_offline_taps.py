"""Taps that kiosks took without their network and brought back.

Revision ID: 0023
Revises: 0022
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "offline_taps",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("caller_id", sa.Uuid(), nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.Column("hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("taken_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("verdict", sa.String(length=32), nullable=False),
        sa.Column("reason", sa.String(length=64), nullable=True),
        sa.Column("tapped_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("card", sa.String(length=32), nullable=True),
        sa.Column("citizen_id", sa.Uuid(), nullable=True),
        sa.Column("department_id", sa.Uuid(), nullable=True),
        sa.Column("service", sa.String(length=64), nullable=True),
        sa.Column("policy_version", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["caller_id"], ["callers.id"], name="fk_offline_taps_caller_id_callers"),
        sa.ForeignKeyConstraint(["citizen_id"], ["citizens.id"], name="fk_offline_taps_citizen_id_citizens"),
        sa.ForeignKeyConstraint(
            ["department_id"], ["departments.id"], name="fk_offline_taps_department_id_departments"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_offline_taps"),
        sa.UniqueConstraint("caller_id", "sequence", name="uq_offline_taps_caller_id_sequence"),
    )
    op.create_index("ix_offline_taps_citizen_id", "offline_taps", ["citizen_id"])
    op.create_index("ix_offline_taps_taken_at", "offline_taps", ["taken_at"])


def downgrade() -> None:
    op.drop_table("offline_taps")
