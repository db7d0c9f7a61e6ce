"""mandates.

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
        "mandates",
        sa.Column("receipt", sa.String(length=40), nullable=False),
        sa.Column("accepted", sa.String(length=40), nullable=False),
        sa.Column("principal", sa.String(length=20), nullable=False),
        sa.Column("carer", sa.String(length=20), nullable=False),
        sa.Column("scope", sa.String(length=40), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("until", sa.Date(), nullable=False),
        sa.CheckConstraint("carer <> principal", name=op.f("ck_mandates_two_people")),
        sa.PrimaryKeyConstraint("receipt", name=op.f("pk_mandates")),
        sa.UniqueConstraint("accepted", name=op.f("uq_mandates_accepted")),
        sa.UniqueConstraint(
            "principal", "carer", "scope", "until", name=op.f("uq_mandates_principal_carer_scope_until")
        ),
    )
    with op.batch_alter_table("mandates", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_mandates_carer"), ["carer"], unique=False)


def downgrade() -> None:
    with op.batch_alter_table("mandates", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_mandates_carer"))

    op.drop_table("mandates")
