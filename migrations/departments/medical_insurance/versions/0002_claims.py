"""claims.

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
        "claims",
        sa.Column("number", sa.String(length=20), nullable=False),
        sa.Column("document_number", sa.String(length=20), nullable=False),
        sa.Column("clinic", sa.String(length=64), nullable=False),
        sa.Column("treated_on", sa.Date(), nullable=False),
        sa.Column("cost_fen", sa.BigInteger(), nullable=False),
        sa.Column("fund_fen", sa.BigInteger(), nullable=False),
        sa.Column("own_fen", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("fund_fen >= 0 AND own_fen >= 0", name=op.f("ck_claims_not_negative")),
        sa.CheckConstraint("cost_fen = fund_fen + own_fen", name=op.f("ck_claims_adds_up")),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_claims")),
    )
    with op.batch_alter_table("claims", schema=None) as batch_op:
        batch_op.create_index("ix_claims_document_number", ["document_number"], unique=False)


def downgrade() -> None:
    with op.batch_alter_table("claims", schema=None) as batch_op:
        batch_op.drop_index("ix_claims_document_number")

    op.drop_table("claims")
