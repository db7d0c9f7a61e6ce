"""Run the migrations of one chain of a department's database.

`kiosk.departments.contract.migrating` passes the chain and the connection; the ``alembic`` command is not used here.
"""

from __future__ import annotations

from typing import Any, Literal

import sqlalchemy as sa
from alembic import context
from alembic.autogenerate.api import AutogenContext

from kiosk.departments.contract.migrating import Chain
from kiosk.departments.contract.storage import Utc


def plain_types(kind: str, item: Any, _context: AutogenContext) -> str | Literal[False]:
    """Write our column types as what the database sees: a migration must not change when our code does."""
    if kind == "type" and isinstance(item, Utc):
        return "sa.DateTime(timezone=True)"
    return False


def migrate(chain: Chain, connection: sa.Connection) -> None:
    """Run within the caller's transaction. The tables of other chains are none of ours."""
    context.configure(
        connection=connection,
        target_metadata=chain.metadata,
        version_table=chain.version_table,
        include_name=lambda name, kind, _parents: kind != "table" or name in chain.metadata.tables,
        render_as_batch=connection.dialect.name == "sqlite",
        render_item=plain_types,
        compare_type=True,
        compare_server_default=True,
        transactional_ddl=True,
    )
    with context.begin_transaction():
        context.run_migrations()


migrate(context.config.attributes["chain"], context.config.attributes["connection"])
