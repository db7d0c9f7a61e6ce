"""The key that a caller had before, and until when it stays good.

Revision ID: 0019
Revises: 0018
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("callers", sa.Column("former_jwk", sa.JSON(none_as_null=True), nullable=True))
    op.add_column("callers", sa.Column("former_thumbprint", sa.String(length=43), nullable=True))
    op.add_column("callers", sa.Column("former_until", sa.DateTime(timezone=True), nullable=True))
    op.create_index(op.f("ix_callers_former_thumbprint"), "callers", ["former_thumbprint"], unique=True)


def downgrade() -> None:
    op.drop_index(op.f("ix_callers_former_thumbprint"), "callers")
    op.drop_column("callers", "former_until")
    op.drop_column("callers", "former_thumbprint")
    op.drop_column("callers", "former_jwk")
