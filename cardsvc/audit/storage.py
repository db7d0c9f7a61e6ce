"""Where the log's tree is kept: tiles, places and checkpoints, read and written in the caller's transaction."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from sqlalchemy import Connection, and_, delete, func, insert, or_, select
from sqlalchemy.dialects import postgresql, sqlite

from cardsvc.audit.models import AuditCheckpoint, AuditEntry, AuditTile
from cardsvc.audit.tree import Place
from cardsvc.db import table_of

_entries: Final = table_of(AuditEntry)
_tiles: Final = table_of(AuditTile)
_checkpoints: Final = table_of(AuditCheckpoint)


def log_size(connection: Connection) -> int:
    """How many entries the log has."""
    last = connection.scalar(select(func.max(_entries.c.tree_index)))
    return 0 if last is None else last + 1


def read_tiles(connection: Connection, places: Iterable[Place]) -> dict[Place, bytes]:
    """Those tiles that are there."""
    wanted = [and_(_tiles.c.level == level, _tiles.c.number == number) for level, number in places]
    if not wanted:
        return {}
    return {(row.level, row.number): row.hashes for row in connection.execute(select(_tiles).where(or_(*wanted)))}


def write_tiles(connection: Connection, tiles: Mapping[Place, bytes]) -> None:
    """Write tiles, over those that are there."""
    build = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    statement = build(_tiles)
    statement = statement.on_conflict_do_update(
        index_elements=[_tiles.c.level, _tiles.c.number], set_={"hashes": statement.excluded.hashes}
    )
    rows = [{"level": level, "number": number, "hashes": hashes} for (level, number), hashes in tiles.items()]
    if rows:
        connection.execute(statement, rows)


@dataclass
class TileReader:
    """Reads each tile once; what is not there is empty."""

    connection: Connection
    _seen: dict[Place, bytes] = field(default_factory=dict)

    def __call__(self, place: Place) -> bytes:
        """The hashes of a tile."""
        if place not in self._seen:
            self._seen[place] = read_tiles(self.connection, [place]).get(place, b"")
        return self._seen[place]


def latest_note(connection: Connection) -> str | None:
    """The last checkpoint, as a note."""
    return connection.scalar(select(_checkpoints.c.note).order_by(_checkpoints.c.size.desc()).limit(1))


def keep_checkpoint(connection: Connection, size: int, note: str, at: datetime) -> None:
    """Keep a new checkpoint, in place of those of the same hour."""
    hour = at.replace(minute=0, second=0, microsecond=0)
    connection.execute(delete(_checkpoints).where(_checkpoints.c.at >= hour))
    connection.execute(insert(_checkpoints), {"size": size, "at": at, "note": note})
