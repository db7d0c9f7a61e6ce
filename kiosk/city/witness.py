"""Looking from outside: what is in the databases and on the card, whatever the programs say about it."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any
from uuid import UUID


class Disagreement(Exception):
    """Raised when what is seen from outside is not what should be there."""


def expect(seen: object, wanted: object, what: str) -> None:
    """Raise Disagreement unless ``seen`` equals ``wanted``."""
    if seen != wanted:
        raise Disagreement(f"{what}: expected {wanted!r}, found {seen!r}")


class DatabaseWitness:
    """Reads an SQLite database with nothing but SQL, without locking out who writes."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def rows(self, sql: str, *parameters: object) -> list[tuple[Any, ...]]:
        """All rows of a query."""
        with closing(sqlite3.connect(f"file:{self._path}?mode=ro", uri=True, timeout=10)) as connection:
            return connection.execute(sql, parameters).fetchall()

    def value(self, sql: str, *parameters: object) -> Any:
        """The first column of the only row. Raises Disagreement when there is not exactly one."""
        rows = self.rows(sql, *parameters)
        if len(rows) != 1:
            raise Disagreement(f"expected one row, found {len(rows)}: {sql}")
        return rows[0][0]

    def contains(self, text: str) -> bool:
        """Whether ``text`` stands anywhere in the database's files, as UTF-8 or UTF-16."""
        needles = (text.encode(), text.encode("utf-16-le"))
        files = self._path.parent.glob(self._path.name + "*")
        return any(needle in content for content in map(Path.read_bytes, files) for needle in needles)


class CardRecordWitness:
    """What the card service has on record about one card."""

    def __init__(self, database: DatabaseWitness, card_uuid: UUID) -> None:
        self._database = database
        self._uuid = card_uuid.hex

    @property
    def state(self) -> str:
        """State of the card."""
        return str(self._database.value("SELECT state FROM cards WHERE uuid = ?", self._uuid))

    @property
    def certificates(self) -> list[str]:
        """Status of each certificate of the card."""
        sql = "SELECT status FROM certificates WHERE card_id = (SELECT id FROM cards WHERE uuid = ?)"
        return sorted(row[0] for row in self._database.rows(sql, self._uuid))

    def audit(self, event: str) -> list[str]:
        """Outcomes of the audit records of one kind that name the card, oldest first."""
        sql = "SELECT outcome FROM audit_records WHERE event = ? AND card_id = (SELECT id FROM cards WHERE uuid = ?)"
        return [row[0] for row in self._database.rows(f"{sql} ORDER BY id", event, self._uuid)]
