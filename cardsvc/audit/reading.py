"""Looking at the log: entries, proofs and receipts."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import Connection, select

from cardsvc.audit.errors import LogDamaged, OutsideLog, RecordNotFound
from cardsvc.audit.leaf import leaf_of
from cardsvc.audit.models import AuditEntry, AuditRecord
from cardsvc.audit.signing import LogSigner
from cardsvc.audit.storage import TileReader, latest_note, log_size
from cardsvc.audit.tree import TreeDamaged, nodes_of, prove_consistency, prove_inclusion
from cardsvc.db import table_of
from cardsvc.wire import audit as wire
from cardsvc.wire.merkle import EMPTY_ROOT, leaf_hash
from cardsvc.wire.notes import Checkpoint

_records: Final = table_of(AuditRecord)
_entries: Final = table_of(AuditEntry)


def read_checkpoint(connection: Connection, signer: LogSigner) -> str:
    """The last checkpoint, as a signed note; that of the empty log before there is any."""
    return latest_note(connection) or signer.checkpoint(0, EMPTY_ROOT)


def read_entries(connection: Connection, start: int, limit: int) -> wire.LogEntries:
    """Up to ``limit`` entries. Raises LogDamaged when one is missing."""
    size = log_size(connection)
    end = min(size, start + limit)
    statement = (
        select(_records)
        .join(_entries, _entries.c.record_id == _records.c.id)
        .where(_entries.c.tree_index >= start, _entries.c.tree_index < end)
        .order_by(_entries.c.tree_index)
    )
    leaves = [leaf_of(row).decode() for row in connection.execute(statement).mappings()]
    if len(leaves) != max(0, end - start):
        raise LogDamaged(f"An entry from {start} to {end - 1} is missing")
    return wire.LogEntries(size=size, start=start, entries=leaves, next=end if start < end < size else None)


def inclusion_proof(connection: Connection, index: int, size: int) -> wire.InclusionProof:
    """That an entry is in the tree of a size. Raises OutsideLog, LogDamaged."""
    there = log_size(connection)
    if not index < size <= there:
        raise OutsideLog(there)
    nodes = nodes_of(TileReader(connection))
    with _whole():
        path = prove_inclusion(nodes, index, size)
        return wire.InclusionProof(index=index, size=size, leaf_hash=nodes(0, index), path=path)


def consistency_proof(connection: Connection, first: int, second: int) -> wire.ConsistencyProof:
    """That a tree is the beginning of a later one. Raises OutsideLog, LogDamaged."""
    there = log_size(connection)
    if not first <= second <= there:
        raise OutsideLog(there)
    with _whole():
        path = prove_consistency(nodes_of(TileReader(connection)), first, second)
    return wire.ConsistencyProof(first=first, second=second, path=path)


def make_receipt(connection: Connection, record_id: UUID, *, signer: LogSigner, now: datetime) -> wire.Receipt:
    """What the log says about a record. Raises RecordNotFound, LogDamaged."""
    found = connection.execute(select(_records).where(_records.c.id == record_id)).mappings().one_or_none()
    if found is None:
        raise RecordNotFound
    leaf = leaf_of(found)
    place = find_place(connection, record_id, leaf_hash(leaf), signer=signer, now=now)
    return wire.Receipt(**dict(place), entry=leaf.decode())


def find_place(
    connection: Connection, record_id: UUID, entry_hash: bytes, *, signer: LogSigner, now: datetime
) -> wire.Place:
    """Where a record is in the log, or the promise that it will be there. Raises LogDamaged."""
    index = connection.scalar(select(_entries.c.tree_index).where(_entries.c.record_id == record_id))
    if index is None:
        promise = signer.note(wire.promise_text(signer.key.name, record_id, entry_hash, now))
        return wire.Place(record_id=record_id, promise=promise)
    note = read_checkpoint(connection, signer)
    inclusion = inclusion_proof(connection, index, Checkpoint.open(note, signer.key).size)
    return wire.Place(record_id=record_id, inclusion=inclusion, checkpoint=note)


@contextmanager
def _whole() -> Iterator[None]:
    try:
        yield
    except TreeDamaged as error:
        raise LogDamaged(f"The log's tree is damaged: {error}") from None
