"""What a restored database needs before it is put to use."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from cardsvc.audit.service import OK, record
from cardsvc.backup.archive import Manifest
from cardsvc.trust.keystore import Keystore


def finish(connection: sa.Connection, _keystore: Keystore, manifest: Manifest, *, now: datetime) -> None:
    """Put the restoration on record."""
    with Session(connection, join_transaction_mode="create_savepoint") as session, session.begin():
        record(
            session,
            event="backup.restore",
            outcome=OK,
            actor="ceremony",
            now=now,
            made_at=manifest.made_at,
            revision=manifest.revision,
            rows=sum(table.rows for table in manifest.tables),
        )
