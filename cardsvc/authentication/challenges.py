"""Challenges, made and recognised without a table.

A challenge is derived from its *handle*, which says what it is for and carries our authentication code::

    payload   = challenge id (16, UUIDv7) ‖ level (1) ‖ expiry (8, seconds since 1970) ‖ caller (16)
                ‖ transaction hash (0 or 32)
    handle    = base64url( payload ‖ MAC("citizen-card/challenge/handle/v1" 00 ‖ payload)[:16] )
    challenge = MAC("citizen-card/challenge/value/v1" 00 ‖ payload)

``caller`` is the start of SHA-256(client id 00 audience); MAC is HMAC-SHA256 with the keystore's challenge key. Whoever
has no handle of ours cannot have us accept an answer, and nobody can make a handle. That a challenge is answered only
once is guarded where the answer is written down: by the unique challenge id of its audit record.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import UUID

from cardsvc.authentication.errors import ChallengeUnknown
from cardsvc.callers.principal import Principal
from cardsvc.db import new_id
from cardsvc.trust.keystore import KeyName, Keystore
from cardsvc.wire.authentication import Challenge
from cardsvc.wire.base import encode_base64url
from cardsvc.wire.levels import Level
from cardsvc.wire.signed import TRANSACTION_HASH_SIZE

_HANDLE_DOMAIN: Final = b"citizen-card/challenge/handle/v1\0"
_VALUE_DOMAIN: Final = b"citizen-card/challenge/value/v1\0"
_TAG: Final = 16
_FIXED: Final = 16 + 1 + 8 + 16
_LEVELS: Final = tuple(Level)


@dataclass(frozen=True, slots=True)
class IssuedChallenge:
    """What one of our challenges is for, as its handle says and our code on it proves."""

    id: UUID
    level: Level
    expires_at: int
    """Seconds since 1970."""
    caller: bytes
    transaction_hash: bytes = b""

    def is_for(self, actor: Principal) -> bool:
        """Whether this caller, with its present audience, asked for it."""
        return hmac.compare_digest(self.caller, bound_to(actor))

    def is_over(self, now: datetime) -> bool:
        """Whether it is too late to answer."""
        return now.timestamp() >= self.expires_at

    def value(self, keystore: Keystore) -> bytes:
        """The 32 bytes that the card signs."""
        return keystore.mac(KeyName.CHALLENGE, _VALUE_DOMAIN + self._payload())

    def handle(self, keystore: Keystore) -> str:
        """The handle, to be shown again with the answer."""
        payload = self._payload()
        return encode_base64url(payload + _tag(keystore, payload))

    def _payload(self) -> bytes:
        level = bytes((_LEVELS.index(self.level),))
        return self.id.bytes + level + self.expires_at.to_bytes(8, "big") + self.caller + self.transaction_hash


def issue_challenge(
    keystore: Keystore,
    actor: Principal,
    level: Level,
    *,
    issuer: str,
    now: datetime,
    lifetime: timedelta,
    transaction_hash: bytes = b"",
) -> Challenge:
    """A new challenge for this caller. ``transaction_hash`` has 32 bytes or none."""
    expires_at = int((now + lifetime).timestamp())
    issued = IssuedChallenge(new_id(), level, expires_at, bound_to(actor), transaction_hash)
    return Challenge(
        handle=issued.handle(keystore),
        challenge=issued.value(keystore),
        issuer=issuer,
        level=level,
        client_id=actor.client_id,
        audience=actor.audience,
        expires_at=datetime.fromtimestamp(expires_at, UTC),
        transaction_hash=transaction_hash or None,
    )


def read_handle(keystore: Keystore, handle: str) -> IssuedChallenge:
    """What the challenge with this handle is for. Raises ChallengeUnknown unless the handle is ours, bit for bit."""
    try:
        raw = base64.b64decode(handle + "=" * (-len(handle) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError) as error:
        raise ChallengeUnknown from error
    payload, tag = raw[:-_TAG], raw[-_TAG:]
    if encode_base64url(raw) != handle or len(payload) not in (_FIXED, _FIXED + TRANSACTION_HASH_SIZE):
        raise ChallengeUnknown
    if not hmac.compare_digest(tag, _tag(keystore, payload)):
        raise ChallengeUnknown
    return IssuedChallenge(
        id=UUID(bytes=payload[:16]),
        level=_LEVELS[payload[16]],
        expires_at=int.from_bytes(payload[17:25], "big"),
        caller=payload[25:41],
        transaction_hash=payload[41:],
    )


def own_challenge(keystore: Keystore, handle: str, actor: Principal) -> UUID | None:
    """The challenge to be spent with a proof that is refused before it is verified, so that it serves nothing else.

    Another caller's challenge is left alone, so that nobody can spoil it.
    """
    try:
        challenge = read_handle(keystore, handle)
    except ChallengeUnknown:
        return None
    return challenge.id if challenge.is_for(actor) else None


def _tag(keystore: Keystore, payload: bytes) -> bytes:
    return keystore.mac(KeyName.CHALLENGE, _HANDLE_DOMAIN + payload)[:_TAG]


def bound_to(actor: Principal) -> bytes:
    """What a handle says of its caller."""
    return hashlib.sha256(actor.client_id.encode() + b"\0" + actor.audience.encode()).digest()[:16]
