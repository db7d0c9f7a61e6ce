"""Policies have purposes, questions and reader levels besides services.

Revision ID: 0011
Revises: 0010
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

TABLES = ("policies", "policy_drafts")


def upgrade() -> None:
    for table in TABLES:
        op.execute(f"ALTER TABLE {table} RENAME COLUMN services TO terms")
        _rewrite(table, "terms", _with_services_alone)


def downgrade() -> None:
    for table in TABLES:
        _rewrite(table, "terms", lambda terms: terms.get("services", {}))
        op.execute(f"ALTER TABLE {table} RENAME COLUMN terms TO services")


def _with_services_alone(services: Any) -> dict[str, Any]:
    return {"services": services, "purposes": {}, "questions": {}, "reader_levels": []}


def _rewrite(name: str, column: str, change: Callable[[Any], Any]) -> None:
    table = sa.table(name, sa.column("id", sa.Uuid()), sa.column(column, sa.JSON()))
    connection = op.get_bind()
    for row in connection.execute(sa.select(table)).mappings().all():
        statement = sa.update(table).where(table.c.id == row["id"]).values({column: change(row[column])})
        connection.execute(statement)
