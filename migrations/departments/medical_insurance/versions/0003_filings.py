"""filings.

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
        "filings",
        sa.Column("pseudonym", sa.String(length=128), nullable=False),
        sa.Column("receipt", sa.String(length=40), nullable=False),
        sa.Column("region", sa.String(length=40), nullable=False),
        sa.Column("since", sa.Date(), nullable=False),
        sa.Column("until", sa.Date(), nullable=False),
        sa.CheckConstraint("until >= since", name=op.f("ck_filings_in_order")),
        sa.PrimaryKeyConstraint("pseudonym", name=op.f("pk_filings")),
        sa.UniqueConstraint("receipt", name=op.f("uq_filings_receipt")),
    )


def downgrade() -> None:
    op.drop_table("filings")
