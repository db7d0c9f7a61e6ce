"""Which officers have a key that nobody else made: the founding ones, and who changed it since.

Revision ID: 0021
Revises: 0020
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

_records = sa.table(
    "audit_records", sa.column("event"), sa.column("actor"), sa.column("outcome"), sa.column("detail", sa.JSON())
)
_callers = sa.table("callers", sa.column("client_id"), sa.column("kind"), sa.column("keyed_by"))


def upgrade() -> None:
    connection = op.get_bind()
    statement = sa.select(_records.c.event, _records.c.actor, _records.c.detail)
    events = _records.c.event.in_(("ceremony.found", "caller.key"))
    for event, actor, detail in connection.execute(statement.where(events, _records.c.outcome == "ok")).all():
        found = detail or {}
        names = found.get("officers", []) if event == "ceremony.found" else [found.get("client_id")]
        own = [name for name in names if event == "ceremony.found" or name == actor]
        theirs = sa.update(_callers).where(_callers.c.kind == "officer", _callers.c.client_id.in_(own))
        connection.execute(theirs.values(keyed_by=None))


def downgrade() -> None:
    """Who let officers in stays away: before, nothing looked at it, and the audit log has it."""
