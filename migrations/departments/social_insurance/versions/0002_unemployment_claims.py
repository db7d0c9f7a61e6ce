"""unemployment claims.

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
        "unemployment_claims",
        sa.Column("receipt", sa.String(length=40), nullable=False),
        sa.Column("document_number", sa.String(length=20), nullable=False),
        sa.Column("reason", sa.String(length=40), nullable=False),
        sa.Column("last_paid", sa.Date(), nullable=False),
        sa.Column("months", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("months > 0", name=op.f("ck_unemployment_claims_something")),
        sa.ForeignKeyConstraint(
            ["document_number"],
            ["insured.document_number"],
            name=op.f("fk_unemployment_claims_document_number_insured"),
        ),
        sa.PrimaryKeyConstraint("receipt", name=op.f("pk_unemployment_claims")),
    )
    with op.batch_alter_table("unemployment_claims", schema=None) as batch_op:
        batch_op.create_index(
            "uq_unemployment_claims_employment",
            ["document_number", "last_paid"],
            unique=True,
            sqlite_where=sa.text("state != 'refused'"),
            postgresql_where=sa.text("state != 'refused'"),
        )


def downgrade() -> None:
    with op.batch_alter_table("unemployment_claims", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_unemployment_claims_employment",
            sqlite_where=sa.text("state != 'refused'"),
            postgresql_where=sa.text("state != 'refused'"),
        )

    op.drop_table("unemployment_claims")
