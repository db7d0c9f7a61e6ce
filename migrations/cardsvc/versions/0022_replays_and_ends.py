"""How often an event was asked for again, and when a subscription ended.

Of one that is disabled already nobody knows: it counts as not ended until its department says so again.

Revision ID: 0022
Revises: 0021
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("department_events", sa.Column("replays", sa.Integer(), server_default="0", nullable=False))
    op.add_column("webhook_subscriptions", sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True))


def downgrade() -> None:
    op.drop_column("webhook_subscriptions", "ended_at")
    op.drop_column("department_events", "replays")
