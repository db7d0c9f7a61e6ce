"""The migration that made transitions audit records takes the old ones along, there and back."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from uuid import UUID, uuid4

import sqlalchemy as sa

from cardsvc import schema
from cardsvc.db import create_database_engine

AT = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
CHANGES = sa.table(
    "state_changes",
    sa.column("id", sa.Uuid()),
    sa.column("subject_id", sa.Uuid()),
    sa.column("state", sa.String()),
    sa.column("actor", sa.String()),
    sa.column("at", sa.DateTime(timezone=True)),
    sa.column("reason", sa.String()),
)
RECORDS = sa.table(
    "audit_records",
    sa.column("id", sa.Uuid()),
    sa.column("at", sa.DateTime(timezone=True)),
    sa.column("event", sa.String()),
    sa.column("outcome", sa.String()),
    sa.column("actor", sa.String()),
    sa.column("detail", sa.JSON()),
)
Row = tuple[UUID, UUID, str, str, str | None]


def changes(engine: sa.Engine) -> list[Row]:
    columns = (CHANGES.c.id, CHANGES.c.subject_id, CHANGES.c.state, CHANGES.c.actor, CHANGES.c.reason)
    with engine.connect() as connection:
        return [tuple(row) for row in connection.execute(sa.select(*columns).order_by(CHANGES.c.id))]


def test_transitions_become_records_that_wait_and_come_back(empty_database_url: str) -> None:
    engine = create_database_engine(empty_database_url)
    schema.upgrade(engine, "0002")
    card, look = uuid4(), uuid4()
    rows = [(uuid4(), card, "stock", "ana", None), (uuid4(), card, "revoked", "bo", "lost on the bus")]
    with engine.begin() as connection:
        names = ("id", "subject_id", "state", "actor", "reason")
        connection.execute(sa.insert(CHANGES), [dict(zip(names, row, strict=True)) | {"at": AT} for row in rows])
        record = {"id": look, "at": AT, "event": "look", "outcome": "ok", "actor": "ana", "detail": {}}
        connection.execute(sa.insert(RECORDS), record)

    for _ in range(2):
        schema.upgrade(engine, "0003")
        with engine.connect() as connection:
            waiting = connection.execute(sa.text("SELECT count(*) FROM audit_waiting")).scalar_one()
            states = connection.execute(sa.text("SELECT state FROM audit_records WHERE event = 'transition'")).scalars()
            salt, words, digest = connection.execute(
                sa.text("SELECT salt, text, note_digest FROM audit_notes JOIN audit_records ON id = record_id")
            ).one()
            assert (waiting, set(states), words) == (3, {"stock", "revoked"}, "lost on the bus")
            assert bytes(digest) == hashlib.sha256(bytes(salt) + words.encode()).digest()
        schema.downgrade(engine, "0002")
        assert changes(engine) == sorted(rows)
    with engine.connect() as connection:
        assert connection.execute(sa.select(RECORDS.c.id)).scalars().all() == [look]
    engine.dispose()
