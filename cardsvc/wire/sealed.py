"""Sealed entries: a commitment is published at once, and what it commits to when the entry is released.

Every day has one batch of commitments, of a fixed size, in the audit log: most of them are to nothing, and nobody
without the service's keys can tell which. A commitment is SHA-256 over `DOMAIN`, 32 random bytes (the salt) and the
content, a JSON object. Once content and salt are known, anybody can compare.
"""

from __future__ import annotations

import hashlib
import json
from datetime import date
from typing import Any, Final
from uuid import UUID

from pydantic import Field

from cardsvc.wire.audit import Receipt
from cardsvc.wire.base import Message
from cardsvc.wire.notes import NoteKey

DOMAIN: Final = b"citizen-card/sealed/v1\0"
SALT_SIZE: Final = 32
BATCH_EVENT: Final = "sealed.batch"
"""The event of the audit record that has a day's commitments."""
RELEASE_EVENT: Final = "sealed.release"
"""The event of the audit record that opens one of them."""


class OpeningFalse(ValueError):
    """Raised when something does not open a commitment, or the commitment was not published."""


def commitment(salt: bytes, content: bytes) -> bytes:
    """32 bytes that give away nothing about the content, and fit no other."""
    return hashlib.sha256(DOMAIN + salt + content).digest()


class Opening(Message):
    """What a released entry was committed to, and the proof."""

    day: date
    """Of the batch that has the commitment."""
    commitment: str = Field(pattern=r"^[0-9a-f]{64}$")
    salt: str = Field(pattern=r"^[0-9a-f]{64}$")
    content: str = Field(max_length=2000)
    """The very text that was committed to: a JSON object."""

    def verify(self) -> dict[str, Any]:
        """The content. Raises OpeningFalse when it is not what was committed to."""
        if commitment(bytes.fromhex(self.salt), self.content.encode()).hex() != self.commitment:
            raise OpeningFalse("the commitment is to something else")
        content = json.loads(self.content)
        if not isinstance(content, dict):
            raise OpeningFalse("the content is no object")
        return content


class SealedBatch(Message):
    """What the audit log says about one day."""

    record_id: UUID
    receipt: Receipt

    def commitments(self, key: NoteKey, day: date) -> frozenset[str]:
        """The commitments of that day, as the log whose key this is vouches for them.

        Raises OpeningFalse, NoteInvalid, ProofInvalid.
        """
        self.receipt.verify(key)
        return commitments_of(json.loads(self.receipt.entry), day)


def commitments_of(entry: dict[str, Any], day: date) -> frozenset[str]:
    """The commitments of a day in an entry of the audit log. Raises OpeningFalse when it is about something else."""
    if entry["event"] != BATCH_EVENT or entry["detail"]["day"] != day.isoformat():
        raise OpeningFalse("this is no batch of that day")
    return frozenset(entry["detail"]["commitments"])


def verify_opening(opening: Opening, batch: SealedBatch, key: NoteKey) -> dict[str, Any]:
    """The content of a released entry, once all of it is proved: it was committed to on that day, in this log.

    Raises OpeningFalse, NoteInvalid, ProofInvalid.
    """
    content = opening.verify()
    if opening.commitment not in batch.commitments(key, opening.day):
        raise OpeningFalse("the commitment was not published on that day")
    return content
