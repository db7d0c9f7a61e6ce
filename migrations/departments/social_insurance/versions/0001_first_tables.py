"""first tables.

Revision ID: 0001
Revises: nothing
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "insured",
        sa.Column("document_number", sa.String(length=20), nullable=False),
        sa.Column("since", sa.Date(), nullable=False),
        sa.PrimaryKeyConstraint("document_number", name=op.f("pk_insured")),
    )
    op.create_table(
        "contributions",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("document_number", sa.String(length=20), nullable=False),
        sa.Column("month", sa.Date(), nullable=False),
        sa.Column("employer", sa.String(length=100), nullable=False),
        sa.Column("employer_fen", sa.BigInteger(), nullable=False),
        sa.Column("own_fen", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("employer_fen >= 0 AND own_fen >= 0", name=op.f("ck_contributions_not_negative")),
        sa.ForeignKeyConstraint(
            ["document_number"], ["insured.document_number"], name=op.f("fk_contributions_document_number_insured")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contributions")),
        sa.UniqueConstraint("document_number", "month", name=op.f("uq_contributions_document_number_month")),
    )
    with op.batch_alter_table("contributions", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_contributions_document_number"), ["document_number"], unique=False)


def downgrade() -> None:
    with op.batch_alter_table("contributions", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_contributions_document_number"))

    op.drop_table("contributions")
    op.drop_table("insured")
