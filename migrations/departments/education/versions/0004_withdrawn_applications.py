"""withdrawn applications.

Revision ID: 0004
Revises: 0003
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _index("state NOT IN ('refused', 'withdrawn')")


def downgrade() -> None:
    _index("state != 'refused'")


def _index(where: str) -> None:
    op.drop_index("uq_place_applications_child", "place_applications")
    op.create_index(
        "uq_place_applications_child",
        "place_applications",
        ["child", "round"],
        unique=True,
        sqlite_where=sa.text(where),
        postgresql_where=sa.text(where),
    )
