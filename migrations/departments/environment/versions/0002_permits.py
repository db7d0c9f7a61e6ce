"""permits.

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
    op.create_table(
        "permits",
        sa.Column("number", sa.String(length=10), nullable=False),
        sa.Column("subject", sa.String(length=120), nullable=False),
        sa.Column("objections_until", sa.Date(), nullable=False),
        sa.Column("reviewed_since", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_permits")),
    )
    op.create_table(
        "objections",
        sa.Column("receipt", sa.String(length=40), nullable=False),
        sa.Column("permit", sa.String(length=10), nullable=False),
        sa.Column("pseudonym", sa.String(length=128), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["permit"], ["permits.number"], name=op.f("fk_objections_permit_permits")),
        sa.PrimaryKeyConstraint("receipt", name=op.f("pk_objections")),
        sa.UniqueConstraint("permit", "pseudonym", name=op.f("uq_objections_permit_pseudonym")),
    )


def downgrade() -> None:
    op.drop_table("objections")
    op.drop_table("permits")
