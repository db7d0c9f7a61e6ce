"""The migration that says who gave a caller its key reads it from the audit log."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import uuid4

import sqlalchemy as sa

from cardsvc import schema
from cardsvc.db import create_database_engine

BEFORE, AFTER = "0011", "0012"
AT = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
HISTORY = (
    ("caller.register", "ceremony", "kiosk-1"),
    ("caller.register", "ana", "desk-1"),
    ("caller.key", "bo", "desk-1"),
    ("caller.key", "desk-1", "desk-1"),
    ("caller.disable", "cy", "desk-1"),
)


def test_whoever_gave_the_present_key_is_found(empty_database_url: str) -> None:
    engine = create_database_engine(empty_database_url)
    schema.upgrade(engine, BEFORE)
    tables = sa.MetaData()
    tables.reflect(engine, only=["callers", "audit_records"])
    with engine.begin() as connection:
        for number, name in enumerate(("kiosk-1", "desk-1", "desk-2")):
            about = {"client_id": name, "kind": "desk", "title": name, "audience": name, "thumbprint": str(number)}
            row = {**about, "id": uuid4().hex, "public_jwk": {}, "scopes": [], "created_at": AT}
            connection.execute(tables.tables["callers"].insert().values(row))
        for number, (event, actor, name) in enumerate(HISTORY):
            row = {"id": f"{number:032x}", "at": AT, "event": event, "actor": actor, "outcome": "ok"}
            about = {"client_id": name}
            connection.execute(tables.tables["audit_records"].insert().values(row | {"detail": about}))
    schema.upgrade(engine, AFTER)
    with engine.connect() as connection:
        found = {row.client_id: row.keyed_by for row in connection.execute(sa.text("SELECT * FROM callers"))}
    assert found == {"kiosk-1": "ceremony", "desk-1": "bo", "desk-2": None}
    engine.dispose()
