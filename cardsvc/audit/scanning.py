"""Reading the log entry by entry, whatever somebody did to the database."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Connection, String, Uuid, select, type_coerce
from sqlalchemy.exc import DBAPIError

from cardsvc.audit.leaf import NotCanonical, leaf_of
from cardsvc.audit.models import AuditEntry, AuditRecord
from cardsvc.db import table_of
from cardsvc.wire.merkle import leaf_hash

BATCH: Final = 1000
_records: Final = table_of(AuditRecord)
_entries: Final = table_of(AuditEntry)
_PLACED: Final = (
    select(_entries.c.tree_index, _entries.c.record_id, *_records.c)
    .outerjoin(_records, _records.c.id == _entries.c.record_id)
    .order_by(_entries.c.tree_index)
)
_ids: Final = [column for column in _records.c if isinstance(column.type, Uuid)]
_SPELLED: Final = _PLACED.add_columns(
    *(type_coerce(column, String).label(f"spelled_{column.name}") for column in (*_ids, _records.c.at))
)
"""In SQLite an id and a time are text, which can say the same in two ways; then no search finds the record."""
_UNREADABLE: Final = (ValueError, TypeError, AttributeError, KeyError)


@dataclass(frozen=True, slots=True)
class Placed:
    """What stands at a place of the log. ``leaf`` is None when the record is gone or cannot be read."""

    index: int
    record_id: UUID | None
    leaf: bytes | None

    @property
    def hash(self) -> bytes | None:
        """The hash of the entry."""
        return None if self.leaf is None else leaf_hash(self.leaf)


def scan(connection: Connection, start: int, end: int) -> dict[int, Placed]:
    """What stands at the places from ``start`` to before ``end``, by index; places that are gone are not in it."""
    is_text = connection.dialect.name == "sqlite"
    statement = (_SPELLED if is_text else _PLACED).where(_entries.c.tree_index >= start, _entries.c.tree_index < end)
    try:
        rows = connection.execute(statement).mappings().all()
        if is_text:
            for row in rows:
                _check_spelling(row)
        return {placed.index: placed for placed in map(_placed, rows)}
    except unreadable(connection):
        pass
    if end - start == 1:
        return {start: Placed(start, None, None)}
    middle = (start + end) // 2
    return scan(connection, start, middle) | scan(connection, middle, end)


def unreadable(connection: Connection) -> tuple[type[Exception], ...]:
    """What is raised when a row holds what nobody would have written, by column types and by `leaf_of`.

    SQLite keeps text that is none, and fails to hand it out. With any other database that error says something else.
    """
    return (*_UNREADABLE, DBAPIError) if connection.dialect.name == "sqlite" else _UNREADABLE


def batches(start: int, end: int) -> Iterator[tuple[int, int]]:
    """From ``start`` to ``end``, a batch at a time."""
    for first in range(start, end, BATCH):
        yield first, min(first + BATCH, end)


def _check_spelling(row: Mapping[Any, Any]) -> None:
    """Raises NotCanonical for what says the same as we would have written, in other letters."""
    for column in _ids:
        value = row[column.name]
        if value is not None and row[f"spelled_{column.name}"] != value.hex:
            raise NotCanonical("an id that is written in another way than ours")
    at: datetime | None = row["at"]
    if at is not None and row["spelled_at"] != at.replace(tzinfo=None).isoformat(" ", "microseconds"):
        raise NotCanonical("a time that is written in another way than ours")


def _placed(row: Mapping[Any, Any]) -> Placed:
    leaf = None if row["id"] is None else leaf_of(row)
    return Placed(row["tree_index"], row["record_id"], leaf)
