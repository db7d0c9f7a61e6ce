"""Putting a damaged log right from a copy that is signed.

What the copy has is written back: records and their places. What stood in its way and is no part of the copy waits for
a new place, at the end. What the log had behind the end of the copy stays as far as it is signed. All hashes are made
anew. Nothing is deleted but what is false beyond doubt: checkpoints, which are given back as evidence, notes, and what
is left of a record under an id that was changed.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from typing import Any, Final
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    Connection,
    String,
    bindparam,
    cast,
    delete,
    exists,
    func,
    insert,
    or_,
    select,
    text,
    update,
)

from cardsvc.audit.copies import Copy
from cardsvc.audit.errors import CopyRefused
from cardsvc.audit.findings import Progress
from cardsvc.audit.leaf import leaf_of, row_of
from cardsvc.audit.models import AuditCheckpoint, AuditEntry, AuditNote, AuditRecord, AuditTile, AuditWaiting
from cardsvc.audit.scanning import BATCH, Placed, batches, scan, unreadable
from cardsvc.audit.sequencer import LOCK_NUMBER
from cardsvc.audit.service import note_digest
from cardsvc.audit.storage import TileReader, log_size, write_tiles
from cardsvc.audit.tree import WIDTH, GrowingTree, Place
from cardsvc.cards.models import Card
from cardsvc.citizens.models import Citizen
from cardsvc.db import table_of
from cardsvc.wire.merkle import HASH_SIZE, leaf_hash
from cardsvc.wire.notes import Checkpoint, NoteInvalid, NoteKey

_records: Final = table_of(AuditRecord)
_entries: Final = table_of(AuditEntry)
_waiting: Final = table_of(AuditWaiting)
_tiles: Final = table_of(AuditTile)
_notes: Final = table_of(AuditNote)
_checkpoints: Final = table_of(AuditCheckpoint)
_citizens: Final = table_of(Citizen)
_cards: Final = table_of(Card)
NIL: Final = UUID(int=0)
_REST: Final = [column for column in _records.c if column is not _records.c.id]
_ALONE: Final = text("SELECT pg_advisory_xact_lock(:number)").bindparams(number=LOCK_NUMBER)


@dataclass
class Repaired:
    """What was put right."""

    restored: list[int] = field(default_factory=list)
    """The entries that were written back."""
    traces: set[bytes] = field(default_factory=set)
    """What the restored records whose row was gone are known by, under whatever id."""
    displaced: int = 0
    """So many records lost their place and wait for a new one."""
    notes_dropped: int = 0
    """So many notes were not those that were written, and are gone."""
    false_checkpoints: list[str] = field(default_factory=list)
    """Those that signed something else, or were not signed: evidence of what somebody did."""
    size: int = 0
    """How many entries the log has now."""


def repair(
    connection: Connection, copy: Copy, now: datetime, progress: Progress = lambda _done, _all: None
) -> Repaired:
    """Put the log right, in the caller's transaction.

    Raises CopyRefused when the copy has no entries, or is about people or cards that the database does not have.
    """
    if not copy.size or copy.note is None:
        raise CopyRefused("The copy is empty.")
    if connection.dialect.name == "postgresql":
        connection.execute(_ALONE)
    done, entries = Repaired(), copy.entries()
    for start, end in batches(0, copy.size):
        _restore(connection, start, list(islice(entries, end - start)), done)
        progress(end, copy.size)
    done.size = _rebuild(connection, copy, now, done)
    _send_to_the_end(connection, done)
    _drop_false_notes(connection, done)
    return done


def _restore(connection: Connection, start: int, leaves: list[bytes], done: Repaired) -> None:
    """Write back those entries of a batch that are not what the copy has."""
    there = scan(connection, start, start + len(leaves))
    bad = {
        index: row_of(leaf)
        for index, leaf in enumerate(leaves, start)
        if there.get(index, Placed(index, None, None)).leaf != leaf
    }
    if not bad:
        return
    ids = [row["id"] for row in bad.values()]
    connection.execute(delete(_entries).where(or_(_entries.c.tree_index.in_(bad), _entries.c.record_id.in_(ids))))
    connection.execute(delete(_waiting).where(_waiting.c.record_id.in_(ids)))
    if _names_somebody_gone(connection, bad.values()):
        first, last = min(bad), max(bad)
        raise CopyRefused(
            f"The entries from {first} to {last} are about people or cards that are not in the database any more: "
            "restore a backup first."
        )
    done.traces |= _write_back(connection, list(bad.values()))
    connection.execute(insert(_entries), [{"tree_index": index, "record_id": row["id"]} for index, row in bad.items()])
    done.restored += bad


def _names_somebody_gone(connection: Connection, rows: Collection[Mapping[str, Any]]) -> bool:
    """Whether a person or a card of theirs is not there any more."""
    for column, table in (("citizen_id", _citizens), ("card_id", _cards)):
        named = {row[column] for row in rows} - {None}
        if named - set(connection.scalars(select(table.c.id).where(table.c.id.in_(named)))):
            return True
    return False


def _write_back(connection: Connection, rows: list[dict[str, Any]]) -> set[bytes]:
    """Insert records, or write them over; the traces of those that were gone.

    Whatever else holds their unique values holds them wrongly.
    """
    ids = [row["id"] for row in rows]
    challenges = [row["challenge_id"] for row in rows if row["challenge_id"] is not None]
    connection.execute(
        update(_records)
        .where(or_(_records.c.id.in_(ids), _records.c.challenge_id.in_(challenges)))
        .values(challenge_id=None)
    )
    connection.execute(update(_records).where(_records.c.id.in_(ids)).values(citizen_counter=None))
    for row in rows:
        if row["citizen_counter"] is not None:
            same = (_records.c.citizen_id == row["citizen_id"], _records.c.citizen_counter == row["citizen_counter"])
            connection.execute(update(_records).where(*same).values(citizen_counter=None))
    known = set(connection.scalars(select(_records.c.id).where(_records.c.id.in_(ids))))
    changed = [{"this": row["id"], **row} for row in rows if row["id"] in known]
    new = [row for row in rows if row["id"] not in known]
    if changed:
        connection.execute(update(_records).where(_records.c.id == bindparam("this")), changed)
    if new:
        connection.execute(insert(_records), new)
    return {_trace(row) for row in new}


def _rebuild(connection: Connection, copy: Copy, now: datetime, done: Repaired) -> int:
    """Make the tiles anew, as far as the log is signed, and drop the checkpoints of what is not; how far that is."""
    signed, hashes = _signed(connection, copy.key), _hashes(connection, copy)
    tree, tiles, good = GrowingTree(0, {}), dict[Place, bytes](), set[int]()
    for target in sorted({copy.size, *signed}):
        tree.append(list(islice(hashes, target - tree.size)))
        if tree.size == target and (target == copy.size or tree.root() == signed[target].root):
            good.add(target)
            tiles = dict(tree.changed)
    connection.execute(delete(_tiles))
    write_tiles(connection, tiles)
    stored = {row.size: row.note for row in connection.execute(select(_checkpoints))}
    false = {size for size in stored if size not in good or size not in signed}
    connection.execute(delete(_checkpoints).where(_checkpoints.c.size.in_(false)))
    done.false_checkpoints = [stored[size] for size in sorted(false)]
    if copy.size not in stored or copy.size in false:
        connection.execute(insert(_checkpoints), {"size": copy.size, "at": now, "note": copy.note})
    return max(good)


def _signed(connection: Connection, key: NoteKey) -> dict[int, Checkpoint]:
    """The stored checkpoints that are good in themselves."""
    signed = {}
    for size, note in connection.execute(select(_checkpoints.c.size, _checkpoints.c.note)):
        try:
            checkpoint = Checkpoint.open(note, key)
        except NoteInvalid:
            continue
        if checkpoint.size == size:
            signed[size] = checkpoint
    return signed


def _hashes(connection: Connection, copy: Copy) -> Iterator[bytes]:
    """Of the copy's entries; behind them of what the tree had, or else of what stands there."""
    yield from map(leaf_hash, copy.entries())
    for start, end in batches(copy.size, log_size(connection)):
        tiles, there = TileReader(connection), scan(connection, start, end)
        for index in range(start, end):
            number, offset = divmod(index, WIDTH)
            kept = tiles((0, number))[offset * HASH_SIZE : (offset + 1) * HASH_SIZE]
            placed = there.get(index, Placed(index, None, None))
            yield kept or placed.hash or bytes(HASH_SIZE)


def _send_to_the_end(connection: Connection, done: Repaired) -> None:
    """What has no place any more waits for a new one; what is left of a restored record under another id goes."""
    connection.execute(delete(_entries).where(_entries.c.tree_index >= done.size))
    connection.execute(delete(_waiting).where(~exists().where(_records.c.id == _waiting.c.record_id)))
    spelling = _spelling(connection)
    lost = select(spelling).where(
        ~exists().where(_entries.c.record_id == _records.c.id), ~exists().where(_waiting.c.record_id == _records.c.id)
    )
    for spelled in connection.scalars(lost).all():
        try:
            row = connection.execute(select(*_REST).where(spelling == spelled)).mappings().one()
            if _trace(row) in done.traces:
                connection.execute(delete(_records).where(spelling == spelled))
            else:
                connection.execute(insert(_waiting), {"record_id": UUID(bytes.fromhex(spelled).decode())})
                done.displaced += 1
        except unreadable(connection):
            continue  # `verify` goes on telling of it


def _spelling(connection: Connection) -> ColumnElement[str]:
    """The id of a record as hex of its text: SQLite may hold one that is no UUID, and not even text."""
    if connection.dialect.name == "sqlite":
        return func.hex(_records.c.id)
    return func.encode(func.convert_to(cast(_records.c.id, String), "UTF8"), "hex")


def _trace(row: Mapping[Any, Any]) -> bytes:
    """A record without its id, and without what no two records may have."""
    return leaf_of({**row, "id": NIL, "challenge_id": None, "citizen_counter": None})


def _drop_false_notes(connection: Connection, done: Repaired) -> None:
    """The copy has no notes: rather no word than a false one."""
    statement = select(_notes.c.record_id, _notes.c.salt, _notes.c.text, _records.c.note_digest).outerjoin(
        _records, _records.c.id == _notes.c.record_id
    )
    rows = connection.execute(statement)
    false = [record_id for record_id, salt, words, digest in rows if digest != note_digest(salt, words)]
    for start in range(0, len(false), BATCH):
        connection.execute(delete(_notes).where(_notes.c.record_id.in_(false[start : start + BATCH])))
    done.notes_dropped = len(false)
