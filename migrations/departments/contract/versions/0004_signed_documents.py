"""documents that citizens sign.

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
        "kept_drafts",
        sa.Column("receipt", sa.String(length=40), nullable=False),
        sa.Column("sha256", sa.LargeBinary(length=32), nullable=False),
        sa.Column("service", sa.String(length=64), nullable=False),
        sa.Column("pseudonym", sa.String(length=128), nullable=False),
        sa.Column("input", sa.JSON(), nullable=False),
        sa.Column("attributes", sa.JSON(), nullable=False),
        sa.Column("answers", sa.JSON(), nullable=False),
        sa.Column("language", sa.String(length=10), nullable=False),
        sa.Column("written_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("keep_until", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("receipt", name=op.f("pk_kept_drafts")),
        sa.UniqueConstraint("sha256", name=op.f("uq_kept_drafts_sha256")),
    )
    op.create_index(op.f("ix_kept_drafts_keep_until"), "kept_drafts", ["keep_until"])
    op.create_table(
        "kept_signatures",
        sa.Column("receipt", sa.String(length=40), nullable=False),
        sa.Column("service", sa.String(length=64), nullable=False),
        sa.Column("pseudonym", sa.String(length=128), nullable=False),
        sa.Column("media_type", sa.String(length=100), nullable=False),
        sa.Column("document", sa.LargeBinary(), nullable=False),
        sa.Column("cms", sa.LargeBinary(), nullable=False),
        sa.Column("assertion", sa.Text(), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("receipt", name=op.f("pk_kept_signatures")),
    )
    op.create_index(op.f("ix_kept_signatures_pseudonym"), "kept_signatures", ["pseudonym"])


def downgrade() -> None:
    op.drop_table("kept_signatures")
    op.drop_table("kept_drafts")
