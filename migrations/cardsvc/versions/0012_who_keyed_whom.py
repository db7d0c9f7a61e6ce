"""Who gave a caller its key: of a desk, that may be two people's key.

Revision ID: 0012
Revises: 0011
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

_EVENTS = ("caller.register", "caller.key")
_records = sa.table(
    "audit_records", sa.column("id"), sa.column("event"), sa.column("actor"), sa.column("detail", sa.JSON())
)
_callers = sa.table("callers", sa.column("client_id"), sa.column("keyed_by"))


def upgrade() -> None:
    op.add_column("callers", sa.Column("keyed_by", sa.String(length=64), nullable=True))
    connection = op.get_bind()
    statement = sa.select(_records.c.actor, _records.c.detail).where(_records.c.event.in_(_EVENTS))
    for actor, detail in connection.execute(statement.order_by(_records.c.id)).all():
        name = (detail or {}).get("client_id")
        if actor != name:  # else they changed it themselves: whoever had the key before has the new one
            connection.execute(sa.update(_callers).where(_callers.c.client_id == name).values(keyed_by=actor))


def downgrade() -> None:
    op.drop_column("callers", "keyed_by")
