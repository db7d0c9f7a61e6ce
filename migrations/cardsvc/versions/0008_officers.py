"""Offices, officers' roles, and who asked for them.

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

ALL_ROLES = "administrator approver auditor clerk stock-keeper supervisor"
"""What an officer could do before there were roles."""


def upgrade() -> None:
    op.create_table(
        "offices",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("code", sa.String(length=64), nullable=False),
        sa.Column("title", sa.String(length=100), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_offices")),
        sa.UniqueConstraint("code", name=op.f("uq_offices_code")),
    )
    op.add_column("callers", sa.Column("roles", sa.String(length=200), nullable=True))
    office = sa.ForeignKey("offices.id", name=op.f("fk_callers_office_id_offices"))
    op.add_column("callers", sa.Column("office_id", sa.Uuid(), office, nullable=True), inline_references=True)
    op.create_index(op.f("ix_callers_office_id"), "callers", ["office_id"])
    op.execute(f"UPDATE callers SET roles = '{ALL_ROLES}' WHERE kind = 'officer'")  # noqa: S608 (ours)
    op.create_table(
        "role_grants",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("caller_id", sa.Uuid(), nullable=False),
        sa.Column("role", sa.String(length=32), nullable=False),
        sa.Column("requested_by", sa.String(length=64), nullable=False),
        sa.Column("requested_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("granted_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["caller_id"], ["callers.id"], name=op.f("fk_role_grants_caller_id_callers")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_role_grants")),
    )
    op.create_index(op.f("ix_role_grants_caller_id"), "role_grants", ["caller_id"])


def downgrade() -> None:
    op.drop_table("role_grants")
    op.drop_index(op.f("ix_callers_office_id"), "callers")
    op.drop_column("callers", "office_id")
    op.drop_column("callers", "roles")
    op.drop_table("offices")
