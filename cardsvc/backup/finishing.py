"""What a restored database needs before it is put to use."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.orm import Session

from cardsvc.audit.service import OK, record
from cardsvc.backup.archive import Manifest
from cardsvc.ceremony import ACTOR
from cardsvc.citizens.erasing import read_erasures, replay_erasures


def finish(connection: sa.Connection, manifest: Manifest, *, erasures_file: Path, now: datetime) -> int:
    """Erase again who was erased after the backup was made, and put the restoration on record; how many were erased."""
    with Session(connection, join_transaction_mode="create_savepoint") as session, session.begin():
        erased = replay_erasures(session, read_erasures(erasures_file), actor=ACTOR, now=now)
        record(
            session,
            event="backup.restore",
            outcome=OK,
            actor=ACTOR,
            now=now,
            made_at=manifest.made_at,
            revision=manifest.revision,
            rows=sum(table.rows for table in manifest.tables),
            erased=erased,
        )
    return erased
