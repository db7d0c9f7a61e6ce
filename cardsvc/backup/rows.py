"""Rows as lines of JSON that mean the same on every kind of database."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa

from cardsvc.backup.archive import SavedTable
from cardsvc.backup.errors import BackupDamaged
from cardsvc.db import Utc, Words


@dataclass(frozen=True)
class Kind:
    """A kind of column: how its values look in JSON, and the type that takes them back."""

    matches: type[sa.types.TypeEngine[Any] | Utc]
    type: sa.types.TypeEngine[Any]
    write: Callable[[Any], Any]
    read: Callable[[Any], Any]


def _same(value: Any) -> Any:
    return value


KINDS: Final[Mapping[str, Kind]] = {
    "uuid": Kind(sa.Uuid, sa.Uuid(), str, UUID),
    "words": Kind(Words, Words(), list, tuple),
    "time": Kind(Utc, Utc(), datetime.isoformat, datetime.fromisoformat),
    "date": Kind(sa.Date, sa.Date(), date.isoformat, date.fromisoformat),
    "json": Kind(sa.JSON, sa.JSON(none_as_null=True), _same, _same),
    "bytes": Kind(sa.LargeBinary, sa.LargeBinary(), lambda value: base64.b64encode(value).decode(), base64.b64decode),
    "boolean": Kind(sa.Boolean, sa.Boolean(), _same, _same),
    "integer": Kind(sa.Integer, sa.BigInteger(), _same, _same),
    "text": Kind(sa.String, sa.String(), _same, _same),
}
"""The first that a column's type is an instance of is its kind."""


def saved_tables(metadata: sa.MetaData) -> list[tuple[sa.Table, list[str]]]:
    """Every table before those that refer to it, with the columns that cannot be in that order."""
    in_order: Any = sa.schema.sort_tables_and_constraints  # has no types
    tables: list[sa.Table] = [table for table, _ in in_order(metadata.tables.values()) if table is not None]
    places = {table.name: place for place, table in enumerate(tables)}

    def later(table: sa.Table) -> list[str]:
        here = places[table.name]
        return sorted(key.parent.name for key in table.foreign_keys if places[key.column.table.name] >= here)

    return [(table, later(table)) for table in tables]


def kind_of(column: sa.Column[Any]) -> str:
    """Raises LookupError for a type that nobody taught us to save."""
    plain = column.type
    if isinstance(plain, sa.TypeDecorator) and not isinstance(plain, Utc | Words):
        plain = plain.impl_instance
    for name, kind in KINDS.items():
        if isinstance(plain, kind.matches):
            return name
    raise LookupError(f"columns of type {column.type!r} are not saved yet")


def write_rows(rows: Iterable[Sequence[Any]], kinds: Sequence[str]) -> Iterable[bytes]:
    """A line for each row, its values in the order of the columns."""
    writers = [KINDS[kind].write for kind in kinds]
    for row in rows:
        values = [None if value is None else write(value) for write, value in zip(writers, row, strict=True)]
        yield json.dumps(values, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"


def read_row(line: bytes, table: SavedTable) -> dict[str, Any]:
    """The row of a line, by column. Raises BackupDamaged."""
    try:
        values = json.loads(line)
        return {
            column: None if value is None else KINDS[kind].read(value)
            for (column, kind), value in zip(table.columns.items(), values, strict=True)
        }
    except (KeyError, TypeError, ValueError):
        raise BackupDamaged(f"a row of {table.name}") from None


def table_like(saved: SavedTable) -> sa.Table:
    """The table as it was when it was saved, whatever it is in this version. Raises BackupDamaged."""
    try:
        columns = [sa.Column(name, KINDS[kind].type) for name, kind in saved.columns.items()]
    except KeyError:
        raise BackupDamaged(f"the columns of {saved.name}") from None
    return sa.Table(saved.name, sa.MetaData(), *columns)
