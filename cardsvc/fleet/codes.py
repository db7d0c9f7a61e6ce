"""One-time codes: made here, shown once, and kept as a digest."""

from __future__ import annotations

import base64
import hashlib
from typing import Final

from cardsvc.wire.fleet import normal_code

_RFC4648: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
_CROCKFORD: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_DIGITS: Final = str.maketrans(_RFC4648, _CROCKFORD)
_GROUP: Final = 4


def write_code(raw: bytes) -> str:
    """As somebody reads it out: in groups of four, without letters that look like digits (Crockford's base 32)."""
    digits = base64.b32encode(raw).decode().translate(_DIGITS)
    return "-".join(digits[place : place + _GROUP] for place in range(0, len(digits), _GROUP))


def digest_of(written: str) -> bytes:
    """What is kept of a code, and what a proof names."""
    return hashlib.sha256(normal_code(written).encode()).digest()
