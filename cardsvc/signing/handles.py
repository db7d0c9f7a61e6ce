"""Handles of documents that are being signed: they carry all that the service needs to know again, and no table does.

As those of challenges (`authentication/challenges.py`)::

    payload = id (16, UUIDv7) ‖ signing time (8, seconds since 1970) ‖ expiry (8) ‖ caller (16) ‖ visit (16)
              ‖ certificate (16) ‖ department (16) ‖ SHA-256 of the document (32) ‖ service code (UTF-8)
    handle  = base64url( payload ‖ MAC("citizen-card/signature/handle/v1" 00 ‖ payload)[:16] )

That a handle is answered only once is guarded by its id, the unique challenge id of the audit record of the answer.
"""

from __future__ import annotations

import hmac
import struct
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final
from uuid import UUID

from cardsvc.authentication.challenges import bound_to
from cardsvc.authentication.errors import ChallengeExpired, ChallengeForeign, ChallengeUnknown
from cardsvc.callers.principal import Principal
from cardsvc.trust.keystore import KeyName, Keystore
from cardsvc.wire.base import decode_base64url, encode_base64url

_DOMAIN: Final = b"citizen-card/signature/handle/v1\0"
_TAG: Final = 16
_FIXED: Final = struct.Struct(">16sQQ16s16s16s16s32s")


@dataclass(frozen=True, slots=True)
class PendingSignature:
    """A document that a card is about to sign."""

    id: UUID
    signed_at: datetime
    """The signing time among what the card signs, in whole seconds."""
    expires_at: datetime
    caller: bytes
    visit_id: UUID
    certificate_id: UUID
    department_id: UUID
    document_sha256: bytes
    service: str

    def handle(self, keystore: Keystore) -> str:
        """To be shown again with the signature."""
        fixed = _FIXED.pack(
            self.id.bytes,
            int(self.signed_at.timestamp()),
            int(self.expires_at.timestamp()),
            self.caller,
            self.visit_id.bytes,
            self.certificate_id.bytes,
            self.department_id.bytes,
            self.document_sha256,
        )
        payload = fixed + self.service.encode()
        return encode_base64url(payload + _tag(keystore, payload))


def read_handle(keystore: Keystore, handle: str, *, actor: Principal, now: datetime) -> PendingSignature:
    """What is being signed under this handle.

    Raises ChallengeUnknown unless it is ours, bit for bit; ChallengeForeign, ChallengeExpired.
    """
    pending = _read(keystore, handle)
    if pending.caller != bound_to(actor):
        raise ChallengeForeign
    if now >= pending.expires_at:
        raise ChallengeExpired
    return pending


def _read(keystore: Keystore, handle: str) -> PendingSignature:
    try:
        raw = decode_base64url(handle)
    except ValueError as error:
        raise ChallengeUnknown from error
    payload, tag = raw[:-_TAG], raw[-_TAG:]
    if len(payload) <= _FIXED.size or not hmac.compare_digest(tag, _tag(keystore, payload)):
        raise ChallengeUnknown
    own, signed_at, expires_at, caller, visit, certificate, department, document = _FIXED.unpack_from(payload)
    return PendingSignature(
        id=UUID(bytes=own),
        signed_at=datetime.fromtimestamp(signed_at, UTC),
        expires_at=datetime.fromtimestamp(expires_at, UTC),
        caller=caller,
        visit_id=UUID(bytes=visit),
        certificate_id=UUID(bytes=certificate),
        department_id=UUID(bytes=department),
        document_sha256=document,
        service=payload[_FIXED.size :].decode(),
    )


def _tag(keystore: Keystore, payload: bytes) -> bytes:
    return keystore.mac(KeyName.CHALLENGE, _DOMAIN + payload)[:_TAG]
