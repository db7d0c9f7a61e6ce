"""Whom a department was told about, by the name it knows them by.

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


def upgrade() -> None:
    op.create_table(
        "acquaintances",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("department_id", sa.Uuid(), nullable=False),
        sa.Column("pseudonym", sa.String(length=43), nullable=False),
        sa.Column("citizen_id", sa.Uuid(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["citizen_id"], ["citizens.id"], name=op.f("fk_acquaintances_citizen_id_citizens")),
        sa.ForeignKeyConstraint(
            ["department_id"], ["departments.id"], name=op.f("fk_acquaintances_department_id_departments")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_acquaintances")),
        sa.UniqueConstraint("department_id", "pseudonym", name=op.f("uq_acquaintances_department_id_pseudonym")),
    )
    op.create_index(op.f("ix_acquaintances_citizen_id"), "acquaintances", ["citizen_id"])


def downgrade() -> None:
    op.drop_table("acquaintances")
