"""Giving records their places in the log: one after the other, without gaps, each once.

Transactions write records and say that they wait (`AuditWaiting`); they do not wait themselves. Any number of processes
run a sequencer; whoever holds the lock takes what waits, appends it to the tree and signs a checkpoint, in one
transaction. What waits is found by its row, not by being newer than something: a record of a transaction that took long
is not passed over.

Before it appends, the sequencer sees that the log is still what was signed last, and what this process saw last. A
log that was cut off or changed at its end does not grow: it would be signed that nothing is missing.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import BigInteger, Connection, bindparam, delete, exists, func, insert, select, text

from cardsvc.audit.errors import LogDamaged
from cardsvc.audit.leaf import leaf_of
from cardsvc.audit.models import AuditEntry, AuditRecord, AuditWaiting
from cardsvc.audit.signing import LogSigner
from cardsvc.audit.storage import TileReader, keep_checkpoint, latest_note, log_size, read_tiles, write_tiles
from cardsvc.audit.tree import GrowingTree, TreeDamaged, edge_places, nodes_of, subtree_root
from cardsvc.clock import Clock
from cardsvc.db import SessionFactory, looking_up, table_of, transaction
from cardsvc.wire.merkle import EMPTY_ROOT, leaf_hash
from cardsvc.wire.notes import Checkpoint, NoteInvalid

LARGEST_BATCH: Final = 500
"""So many records in a transaction: in SQLite nobody else writes meanwhile."""
LATE: Final = timedelta(seconds=10)
"""A record that waits longer for its place is a reason for alarm."""
LOCK_NUMBER: Final = 261655840224021915
"""PostgreSQL's advisory lock: SHA-256("citizen-card/audit/sequencer")[:8] without its first bit, nobody else's."""

_records: Final = table_of(AuditRecord)
_waiting: Final = table_of(AuditWaiting)
_entries: Final = table_of(AuditEntry)
_ANY: Final = select(_waiting.c.record_id).limit(1)
_first: Final = select(_waiting.c.record_id).order_by(_waiting.c.record_id).limit(1).subquery()
_OLDEST: Final = select(_first.c.record_id, _records.c.at).outerjoin(_records, _records.c.id == _first.c.record_id)
_LOCK: Final = text("SELECT pg_try_advisory_xact_lock(:number)").bindparams(number=LOCK_NUMBER)
_PLACE: Final = (
    insert(_entries)
    .from_select(
        ["tree_index", "record_id"],
        select(
            bindparam("size", type_=BigInteger) + func.row_number().over(order_by=_waiting.c.record_id) - 1,
            _waiting.c.record_id,
        )
        .where(exists().where(_records.c.id == _waiting.c.record_id))
        .order_by(_waiting.c.record_id)
        .limit(bindparam("most")),
    )
    .execution_options(preserve_rowcount=True)
)
_new: Final = _entries.c.tree_index >= bindparam("size")
_PLACED: Final = (
    select(_records).join(_entries, _entries.c.record_id == _records.c.id).where(_new).order_by(_entries.c.tree_index)
)
_DONE: Final = delete(_waiting).where(_waiting.c.record_id.in_(select(_entries.c.record_id).where(_new)))


class Sequencer:
    """Appends to the log. Belongs to one thread."""

    def __init__(
        self, sessions: SessionFactory, signer: LogSigner, clock: Clock, largest_batch: int = LARGEST_BATCH
    ) -> None:
        self._sessions = sessions
        self._signer = signer
        self._clock = clock
        self._largest_batch = largest_batch
        self._seen: Checkpoint | None = None

    def sequence(self) -> int:
        """Give all that wait their places; how many there were, as far as no other process was at it.

        Raises LogDamaged, NotCanonical (a record was tampered with), SQLAlchemyError.
        """
        done = 0
        while self._anything_waits():
            with transaction(self._sessions) as session:
                batch, signed = self._append(session.connection())
            self._seen = signed or self._seen  # only now: what is not committed was never in the log
            done += batch
            if batch < self._largest_batch:
                break
        return done

    def _anything_waits(self) -> bool:
        with looking_up(self._sessions) as connection:
            return connection.scalar(_ANY) is not None

    def _append(self, connection: Connection) -> tuple[int, Checkpoint | None]:
        """How many were given a place, and what was signed then."""
        if not _alone(connection):
            return 0, None
        tree = self._open_tree(connection)
        size = {"size": tree.size}
        # In one statement, since others may add to what waits meanwhile; the rest goes by what this one placed.
        placed = connection.execute(_PLACE, {**size, "most": self._largest_batch}).rowcount
        if not placed:
            return 0, None
        tree.append([leaf_hash(leaf_of(row)) for row in connection.execute(_PLACED, size).mappings()])
        connection.execute(_DONE, size)
        write_tiles(connection, tree.changed)
        root = tree.root()
        keep_checkpoint(connection, tree.size, self._signer.checkpoint(tree.size, root), self._clock())
        return placed, Checkpoint(self._signer.key.name, tree.size, root)

    def _open_tree(self, connection: Connection) -> GrowingTree:
        """The tree as it was signed last. Raises LogDamaged."""
        size = log_size(connection)
        try:
            tree = GrowingTree(size, read_tiles(connection, edge_places(size)))
            last = self._last_checkpoint(connection)
            if (last.size, last.root) != (size, tree.root()):
                raise LogDamaged("The log is not the one that was signed last")
            self._compare_with_seen(connection, last)
        except TreeDamaged as error:
            raise LogDamaged(f"The log's tree is damaged: {error}") from None
        return tree

    def _last_checkpoint(self, connection: Connection) -> Checkpoint:
        note = latest_note(connection)
        if note is None:
            return Checkpoint(self._signer.key.name, 0, EMPTY_ROOT)
        try:
            return Checkpoint.open(note, self._signer.key)
        except NoteInvalid as error:
            raise LogDamaged(f"The last checkpoint is not good: {error}") from None

    def _compare_with_seen(self, connection: Connection, last: Checkpoint) -> None:
        """The log still has what it had when this process looked last: it was not set back to an older state."""
        seen = self._seen
        if seen is None or seen == last:
            return
        if last.size < seen.size or subtree_root(nodes_of(TileReader(connection)), 0, seen.size) != seen.root:
            raise LogDamaged("The log was set back, or changed, while the service was running")


def is_late(connection: Connection, now: datetime) -> bool:
    """Whether a record waits too long for its place, or is gone while it waits."""
    oldest = connection.execute(_OLDEST).one_or_none()
    return oldest is not None and (oldest.at is None or now - oldest.at > LATE)


def _alone(connection: Connection) -> bool:
    """Whether nobody else sequences, until the end of the transaction. In SQLite whoever writes is alone."""
    return connection.dialect.name != "postgresql" or bool(connection.scalar(_LOCK))
