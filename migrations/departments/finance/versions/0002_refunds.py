"""refunds.

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
        "refunds",
        sa.Column("booking_id", sa.Uuid(), nullable=False),
        sa.Column("receipt", sa.String(length=40), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["booking_id"], ["bookings.id"], name=op.f("fk_refunds_booking_id_bookings")),
        sa.PrimaryKeyConstraint("booking_id", name=op.f("pk_refunds")),
        sa.UniqueConstraint("receipt", name=op.f("uq_refunds_receipt")),
    )


def downgrade() -> None:
    op.drop_table("refunds")
