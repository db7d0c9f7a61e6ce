"""Run the migrations of the card database.

`cardsvc migrate` and the tests pass the connection to use; ``alembic`` itself takes ``CARDSVC_DATABASE_URL``.
"""

from __future__ import annotations

from typing import Any, Literal

import sqlalchemy as sa
from alembic import context
from alembic.autogenerate.api import AutogenContext

from cardsvc.db import Text, Utc, create_database_engine
from cardsvc.models import Base
from cardsvc.settings import Settings


def plain_types(kind: str, item: Any, _context: AutogenContext) -> str | Literal[False]:
    """Write our column types as what the database sees: a migration must not change when our code does."""
    if kind == "type" and isinstance(item, Utc):
        return "sa.DateTime(timezone=True)"
    if kind == "type" and isinstance(item, Text):
        return "sa.String(length=32)"
    return False


def migrate(connection: sa.Connection) -> None:
    """Run within a transaction: a migration that fails half-way changes nothing, on SQLite too."""
    context.configure(
        connection=connection,
        target_metadata=Base.metadata,
        render_as_batch=connection.dialect.name == "sqlite",
        render_item=plain_types,
        compare_type=True,
        compare_server_default=True,
        transactional_ddl=True,
    )
    with context.begin_transaction():
        context.run_migrations()


given = context.config.attributes.get("connection")
if given is not None:
    migrate(given)
else:
    engine = create_database_engine(Settings().database_url)
    with engine.connect() as opened:
        migrate(opened)
    engine.dispose()
