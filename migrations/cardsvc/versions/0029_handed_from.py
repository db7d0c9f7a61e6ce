"""Where handed cards were before: an office's stock is reckoned back by that.

Revision ID: 0029
Revises: 0028
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("hand_over_cards", sa.Column("from_office", sa.String(40), nullable=True))


def downgrade() -> None:
    op.drop_column("hand_over_cards", "from_office")
