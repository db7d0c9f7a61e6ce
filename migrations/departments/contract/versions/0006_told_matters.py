"""told matters.

Revision ID: 0006
Revises: 0005
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "told_matters",
        sa.Column("pseudonym", sa.String(length=128), nullable=False),
        sa.Column("told_until", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("pseudonym", name=op.f("pk_told_matters")),
    )


def downgrade() -> None:
    op.drop_table("told_matters")
