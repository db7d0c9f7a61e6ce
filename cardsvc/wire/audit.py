"""The audit log on the wire. Hashes are 32 bytes, base64url; entries are the very text whose UTF-8 is hashed."""

from __future__ import annotations

import base64
from typing import Annotated
from uuid import UUID

from pydantic import Field

from cardsvc.wire.base import Base64Url, Message, Timestamp
from cardsvc.wire.merkle import ProofInvalid, leaf_hash, verify_inclusion
from cardsvc.wire.notes import Checkpoint, NoteInvalid, NoteKey

MOST_ENTRIES = 1000
"""In one answer."""
Size = Annotated[int, Field(ge=0, le=2**63 - 1)]


class LogEntries(Message):
    """Entries, one after the other."""

    size: Size
    """How many entries the log has."""
    start: Size
    """The index of the first of these."""
    entries: list[str]
    next: int | None = None
    """``start`` of those that follow; null at the end."""


class InclusionProof(Message):
    """That an entry is in the tree of a size (RFC 9162 §2.1.3)."""

    index: Size
    size: Size
    leaf_hash: Base64Url
    path: list[Base64Url]


class ConsistencyProof(Message):
    """That the tree of the first size is the beginning of that of the second (RFC 9162 §2.1.4)."""

    first: Size
    second: Size
    path: list[Base64Url]


class Place(Message):
    """Where a record is in the log: the proof that it is there, or the promise that it will be."""

    record_id: UUID
    promise: str | None = None
    """A signed note, while the record waits for its place: see `promise_text`."""
    inclusion: InclusionProof | None = None
    checkpoint: str | None = None
    """The signed note of the tree that the proof is about."""

    def verify_entry(self, entry_hash: bytes, key: NoteKey) -> bool:
        """Check that the log whose key this is has the entry (True), or promises to have it (False).

        Raises NoteInvalid and ProofInvalid.
        """
        if self.inclusion is not None and self.checkpoint is not None:
            proof, checkpoint = self.inclusion, Checkpoint.open(self.checkpoint, key)
            if proof.size != checkpoint.size:
                raise ProofInvalid("the proof is about another tree than the checkpoint")
            verify_inclusion(proof.index, proof.size, entry_hash, proof.path, checkpoint.root)
            return True
        lines = key.open(self.promise or "").split("\n")
        if lines[:3] != promise_lines(key.name, self.record_id, entry_hash):
            raise NoteInvalid("a promise of something else")
        return False


class Receipt(Place):
    """What the log says about one record."""

    entry: str

    def verify(self, key: NoteKey) -> None:
        """Check that the log whose key this is vouches for the entry. Raises NoteInvalid and ProofInvalid."""
        self.verify_entry(leaf_hash(self.entry.encode()), key)


def promise_lines(origin: str, record_id: UUID, entry_hash: bytes) -> list[str]:
    """What a promise says: which log will have which record, with which hash."""
    return [f"{origin}/promise", str(record_id), base64.b64encode(entry_hash).decode()]


def promise_text(origin: str, record_id: UUID, entry_hash: bytes, at: Timestamp) -> str:
    """The text of a promise: as `promise_lines`, and when it was made.

    Its first line is never that of a checkpoint, so neither can be taken for the other.
    """
    return "\n".join([*promise_lines(origin, record_id, entry_hash), at.isoformat(), ""])
