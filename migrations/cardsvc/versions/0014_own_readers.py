"""Departments may ask for a token with which they authenticate cards at readers of their own; policies say which do.

Revision ID: 0014
Revises: 0013
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

SCOPE = "authenticate:own-reader"
_CALLERS = sa.table(
    "callers", sa.column("id", sa.Uuid()), sa.column("kind", sa.String()), sa.column("scopes", sa.JSON())
)


def upgrade() -> None:
    _change({SCOPE}, set())


def downgrade() -> None:
    _change(set(), {SCOPE})


def _change(more: set[str], less: set[str]) -> None:
    connection = op.get_bind()
    for id_, _, scopes in connection.execute(sa.select(_CALLERS).where(_CALLERS.c.kind == "department")).all():
        changed = sorted({*scopes, *more} - less)
        connection.execute(sa.update(_CALLERS).where(_CALLERS.c.id == id_).values(scopes=changed))
