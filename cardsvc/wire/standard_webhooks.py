"""Signatures of webhooks as Standard Webhooks 1.0 describes them: HMAC-SHA256 under a secret that both sides have.

https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Iterable
from typing import Final

ID_HEADER: Final = "webhook-id"
TIMESTAMP_HEADER: Final = "webhook-timestamp"
SIGNATURE_HEADER: Final = "webhook-signature"
SECRET_SIZE: Final = 32
"""The specification allows 24 to 64 bytes."""
_SECRET_SIZES: Final = range(24, 65)
_PREFIX: Final = "whsec_"
_VERSION: Final = "v1"


def write_secret(secret: bytes) -> str:
    """A secret as people copy it: ``whsec_`` and base64."""
    return _PREFIX + base64.b64encode(secret).decode()


def read_secret(text: str) -> bytes:
    """The secret. Raises ValueError, which does not quote it."""
    try:
        secret = base64.b64decode(text.removeprefix(_PREFIX), validate=True)
    except (binascii.Error, ValueError):
        raise ValueError("a webhook secret is whsec_ and base64") from None
    if len(secret) not in _SECRET_SIZES:
        raise ValueError("a webhook secret has 24 to 64 bytes")
    return secret


def sign(secret: bytes, message_id: str, timestamp: int, body: bytes) -> str:
    """One signature, ``v1,…``; the timestamp is in seconds since 1970."""
    return f"{_VERSION},{base64.b64encode(_mac(secret, message_id, timestamp, body)).decode()}"


def sign_all(secrets: Iterable[bytes], message_id: str, timestamp: int, body: bytes) -> str:
    """The header's value: a signature under each secret, the newest first. The receiver needs one that is good."""
    return " ".join(sign(secret, message_id, timestamp, body) for secret in secrets)


def is_signed(secret: bytes, message_id: str, timestamp: int, body: bytes, header: str) -> bool:
    """Whether one of the header's signatures is good. How much of one is right does not show in the time it takes."""
    expected = sign(secret, message_id, timestamp, body).encode()
    return any(hmac.compare_digest(expected, signature.encode()) for signature in header.split(" "))


def _mac(secret: bytes, message_id: str, timestamp: int, body: bytes) -> bytes:
    return hmac.digest(secret, f"{message_id}.{timestamp}.".encode() + body, hashlib.sha256)
