"""The bytes a card signs to authenticate itself.

PIV keys sign any digest they are given, so every signature is bound to what it is for: a kiosk that asks for a
signature at one level, for one audience, cannot use it for another. Both sides build the same bytes; the service
builds them from what *it* knows about the challenge and the card, never from what it is told.

The construction, with test vectors in ``tests/unit/cardsvc/wire/vectors.json``::

    SHA-256( "citizen-card/auth/v1" 00
             ‖ field(issuer)  ‖ field(level)    ‖ field(key reference) ‖ field(client id) ‖ field(audience)
             ‖ field(card UUID) ‖ field(challenge) ‖ field(expiry) ‖ field(transaction hash) )

``field(x)`` is the length of x in two bytes, big endian, and x. Texts are UTF-8; the key reference is one byte; the
UUID 16 bytes; the challenge 32 bytes; the expiry eight bytes (seconds since 1970, big endian); the transaction hash 32
bytes, or none.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from cardsvc.wire.levels import Level

DOMAIN: Final = b"citizen-card/auth/v1\0"
CHALLENGE_SIZE: Final = 32
TRANSACTION_HASH_SIZE: Final = 32

KEY_REFERENCE_OF_LEVEL: Final = {Level.TAP: 0x9E, Level.PIN: 0x9A}
"""The PIV key that proves each level. (At `sign`, 9C signs a document, not a challenge.)"""


_ACTIVATION_DOMAIN: Final = b"citizen-card/activation/v1\0"


def activation_hash(card_uuid: UUID) -> bytes:
    """The transaction hash of the challenge that activates a card: a proof made for anything else does not.

    SHA-256("citizen-card/activation/v1" 00 ‖ card UUID, 16 bytes).
    """
    return hashlib.sha256(_ACTIVATION_DOMAIN + card_uuid.bytes).digest()


_CONSENT_DOMAIN: Final = b"citizen-card/consent/v1\0"


def consent_hash(application_id: UUID) -> bytes:
    """The transaction hash of the challenge by which a guardian agrees to an application.

    SHA-256("citizen-card/consent/v1" 00 ‖ application id, 16 bytes).
    """
    return hashlib.sha256(_CONSENT_DOMAIN + application_id.bytes).digest()


@dataclass(frozen=True, slots=True)
class AuthenticationStatement:
    """What a card states when it authenticates itself: "I am here, now, for this caller and this audience"."""

    issuer: str
    level: Level
    key_reference: int
    client_id: str
    audience: str
    card_uuid: UUID
    challenge: bytes
    expires_at: int
    """Seconds since 1970."""
    transaction_hash: bytes = b""

    def __post_init__(self) -> None:
        if len(self.challenge) != CHALLENGE_SIZE:
            raise ValueError(f"a challenge has {CHALLENGE_SIZE} bytes, got {len(self.challenge)}")
        if len(self.transaction_hash) not in (0, TRANSACTION_HASH_SIZE):
            raise ValueError(f"a transaction hash has {TRANSACTION_HASH_SIZE} bytes, got {len(self.transaction_hash)}")

    def __bytes__(self) -> bytes:
        fields = (
            self.issuer.encode(),
            self.level.value.encode(),
            bytes((self.key_reference,)),
            self.client_id.encode(),
            self.audience.encode(),
            self.card_uuid.bytes,
            self.challenge,
            self.expires_at.to_bytes(8, "big"),
            self.transaction_hash,
        )
        return DOMAIN + b"".join(len(field).to_bytes(2, "big") + field for field in fields)

    @property
    def digest(self) -> bytes:
        """SHA-256 of the statement: the 32 bytes that GENERAL AUTHENTICATE signs."""
        return hashlib.sha256(bytes(self)).digest()
