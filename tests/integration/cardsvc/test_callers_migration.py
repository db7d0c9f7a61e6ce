"""The migrations that say who gave a caller its key read it from the audit log."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import sqlalchemy as sa

from cardsvc import schema
from cardsvc.db import create_database_engine, new_id

BEFORE, AFTER = "0011", "0012"
AT = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
HISTORY = (
    ("caller.register", "ceremony", "kiosk-1"),
    ("caller.register", "ana", "desk-1"),
    ("caller.key", "bo", "desk-1"),
    ("caller.key", "desk-1", "desk-1"),
    ("caller.disable", "cy", "desk-1"),
)


def write(
    engine: sa.Engine, kind: str, names: Iterable[str], history: Iterable[tuple[str, str, dict[str, Any]]]
) -> None:
    """Callers, and what the audit log says about them."""
    tables = sa.MetaData()
    tables.reflect(engine, only=["callers", "audit_records"])
    with engine.begin() as connection:
        for name in names:
            about = {"client_id": name, "kind": kind, "title": name, "audience": name, "thumbprint": name}
            row = {**about, "id": uuid4().hex, "public_jwk": {}, "scopes": [], "created_at": AT}
            connection.execute(tables.tables["callers"].insert().values(row))
        for event, actor, detail in history:
            row = {"id": new_id().hex, "at": AT, "event": event, "actor": actor, "outcome": "ok", "detail": detail}
            connection.execute(tables.tables["audit_records"].insert().values(row))


def keyed_by(engine: sa.Engine) -> dict[str, str | None]:
    with engine.connect() as connection:
        return {row.client_id: row.keyed_by for row in connection.execute(sa.text("SELECT * FROM callers"))}


def test_whoever_gave_the_present_key_is_found(empty_database_url: str) -> None:
    engine = create_database_engine(empty_database_url)
    schema.upgrade(engine, BEFORE)
    history = [(event, actor, {"client_id": name}) for event, actor, name in HISTORY]
    write(engine, "desk", ["kiosk-1", "desk-1", "desk-2"], history)
    schema.upgrade(engine, AFTER)
    assert keyed_by(engine) == {"kiosk-1": "ceremony", "desk-1": "bo", "desk-2": None}
    engine.dispose()


def test_the_founding_officers_and_who_changed_it_since_have_keys_of_their_own(empty_database_url: str) -> None:
    engine = create_database_engine(empty_database_url)
    schema.upgrade(engine, "0020")
    write(engine, "desk", ["desk-1"], [("caller.key", "desk-1", {"client_id": "desk-1"})])
    history: list[tuple[str, str, dict[str, Any]]] = [
        ("ceremony.found", "ceremony", {"officers": ["ana", "bo"]}),
        ("caller.key", "cy", {"client_id": "cy"}),
        ("caller.key", "ana", {"client_id": "desk-1"}),
    ]
    write(engine, "officer", ["ana", "bo", "cy", "di"], history)
    with engine.begin() as connection:
        connection.execute(sa.text("UPDATE callers SET keyed_by = 'ceremony'"))
    schema.upgrade(engine, "0021")
    own = dict.fromkeys(["ana", "bo", "cy"])
    assert keyed_by(engine) == {**own, "di": "ceremony", "desk-1": "ceremony"}
    engine.dispose()
