"""officers and the cases they settle.

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

OPEN = sa.text("verdict IS NULL")


def upgrade() -> None:
    op.create_table(
        "officers",
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("invitation_sha256", sa.LargeBinary(length=32), nullable=True),
        sa.Column("invited_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("session_sha256", sa.LargeBinary(length=32), nullable=True),
        sa.Column("signed_in_until", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_officers")),
        sa.UniqueConstraint("invitation_sha256", name=op.f("uq_officers_invitation_sha256")),
        sa.UniqueConstraint("session_sha256", name=op.f("uq_officers_session_sha256")),
    )
    op.create_table(
        "cases",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("receipt", sa.String(length=40), nullable=False),
        sa.Column("service", sa.String(length=64), nullable=False),
        sa.Column("pseudonym", sa.String(length=128), nullable=False),
        sa.Column("lines", sa.JSON(), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("verdict", sa.String(length=40), nullable=True),
        sa.Column("note", sa.String(length=300), nullable=True),
        sa.Column("decided_by", sa.String(length=40), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["decided_by"], ["officers.name"], name=op.f("fk_cases_decided_by_officers")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_cases")),
        sa.UniqueConstraint("receipt", name=op.f("uq_cases_receipt")),
    )
    op.create_index("ix_cases_pseudonym", "cases", ["pseudonym"])
    op.create_index("ix_cases_open", "cases", ["opened_at"], sqlite_where=OPEN, postgresql_where=OPEN)


def downgrade() -> None:
    op.drop_table("cases")
    op.drop_table("officers")
