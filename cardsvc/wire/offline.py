"""The bytes a card signs when the kiosk has no network, and the chain of a kiosk's journal.

Nobody gave a challenge, so the kiosk's journal takes its place: the card signs which entry it will be in, and the hash
of the one before. Nothing that is signed here is good for an authentication: the domain is another. The
constructions, with test vectors in ``tests/unit/cardsvc/wire/vectors.json``::

    SHA-256( "citizen-card/offline/v1" 00
             ‖ field(kiosk) ‖ field(sequence) ‖ field(previous hash) ‖ field(time)
             ‖ field(card UUID) ‖ field(department) ‖ field(service) )

    SHA-256( "citizen-card/offline-entry/v1" 00
             ‖ field(kiosk) ‖ field(sequence) ‖ field(previous hash) ‖ content )

    SHA-256( "citizen-card/offline-presence/v1" 00 ‖ 32 random bytes ‖ card UUID )

The second is the hash of an entry. The third is what a card signs for the kiosk itself, which made the random bytes a
moment ago: that it is there now. ``field(x)`` is as in `cardsvc.wire.signed`: the length in two bytes, big endian,
and x. Sequence and time (seconds since 1970) have eight bytes, big endian; hashes 32; the UUID 16. The first entry has
sequence 1, and 32 zero bytes for the hash before it.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Final
from uuid import UUID

DOMAIN: Final = b"citizen-card/offline/v1\0"
HASH_SIZE: Final = 32
NO_ENTRY: Final = bytes(HASH_SIZE)
"""The hash before the first entry."""

CHALLENGE_SIZE: Final = 32

_PRESENCE_DOMAIN: Final = b"citizen-card/offline-presence/v1\0"
_ENTRY_DOMAIN: Final = b"citizen-card/offline-entry/v1\0"


@dataclass(frozen=True, slots=True)
class OfflineStatement:
    """What a card states at a kiosk without a network: "I am here, for this service; note it in this place"."""

    kiosk: str
    sequence: int
    previous_hash: bytes
    at: int
    """Seconds since 1970, by the kiosk's clock."""
    card_uuid: UUID
    department: str
    service: str

    def __post_init__(self) -> None:
        _check(self.sequence, self.previous_hash)

    def __bytes__(self) -> bytes:
        return DOMAIN + _fields(
            self.kiosk.encode(),
            self.sequence.to_bytes(8, "big"),
            self.previous_hash,
            self.at.to_bytes(8, "big"),
            self.card_uuid.bytes,
            self.department.encode(),
            self.service.encode(),
        )

    @property
    def digest(self) -> bytes:
        """SHA-256 of the statement: the 32 bytes that the card's 9E key signs."""
        return hashlib.sha256(bytes(self)).digest()


def entry_hash(kiosk: str, sequence: int, previous_hash: bytes, content: bytes) -> bytes:
    """What the next entry of the kiosk's journal is chained to."""
    _check(sequence, previous_hash)
    place = _fields(kiosk.encode(), sequence.to_bytes(8, "big"), previous_hash)
    return hashlib.sha256(_ENTRY_DOMAIN + place + content).digest()


def presence_digest(challenge: bytes, card_uuid: UUID) -> bytes:
    """What a card signs so that a kiosk without a network knows that it is there."""
    if len(challenge) != CHALLENGE_SIZE:
        raise ValueError(f"a challenge has {CHALLENGE_SIZE} bytes, got {len(challenge)}")
    return hashlib.sha256(_PRESENCE_DOMAIN + challenge + card_uuid.bytes).digest()


def _check(sequence: int, previous_hash: bytes) -> None:
    if sequence < 1:
        raise ValueError(f"the first entry of a journal is 1, got {sequence}")
    if len(previous_hash) != HASH_SIZE:
        raise ValueError(f"the hash of an entry has {HASH_SIZE} bytes, got {len(previous_hash)}")


def _fields(*fields: bytes) -> bytes:
    return b"".join(len(field).to_bytes(2, "big") + field for field in fields)
