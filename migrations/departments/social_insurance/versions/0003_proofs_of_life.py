"""proofs of life.

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
        "attendants",
        sa.Column("pseudonym", sa.String(length=128), nullable=False),
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("pseudonym", name=op.f("pk_attendants")),
    )
    op.create_table(
        "pensioners",
        sa.Column("document_number", sa.String(length=20), nullable=False),
        sa.Column("since", sa.Date(), nullable=False),
        sa.PrimaryKeyConstraint("document_number", name=op.f("pk_pensioners")),
    )
    op.create_table(
        "proofs_of_life",
        sa.Column("receipt", sa.String(length=40), nullable=False),
        sa.Column("document_number", sa.String(length=20), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("attendant", sa.String(length=128), nullable=False),
        sa.Column("proved_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["attendant"], ["attendants.pseudonym"], name=op.f("fk_proofs_of_life_attendant_attendants")
        ),
        sa.ForeignKeyConstraint(
            ["document_number"],
            ["pensioners.document_number"],
            name=op.f("fk_proofs_of_life_document_number_pensioners"),
        ),
        sa.PrimaryKeyConstraint("receipt", name=op.f("pk_proofs_of_life")),
        sa.UniqueConstraint("document_number", "year", name=op.f("uq_proofs_of_life_document_number_year")),
    )


def downgrade() -> None:
    op.drop_table("proofs_of_life")
    op.drop_table("pensioners")
    op.drop_table("attendants")
