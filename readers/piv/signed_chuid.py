"""What the signature of a CHUID is over (SP 800-73-5 part 1 §3.1.2)."""

from __future__ import annotations

from itertools import combinations
from typing import Final

from readers import tlv

CHUID_CONTENT: Final = "2.16.840.1.101.3.6.1"
"""id-PIV-CHUIDSecurityObject (FIPS 201-3 table B-1)."""

_SIGNATURE: Final = 0x3E
_NOT_SIGNED_BY_ALL: Final = (0xFE, 0xEE, 0x3D)
"""Error detection code, buffer length, authentication key map: issuers differ in whether they sign these."""


def signed_contents(content: bytes) -> list[bytes]:
    """The bytes that may have been signed, the likeliest first: all elements but the signature.

    Raises MalformedTlv.
    """
    elements = [(tag, value) for tag, value in tlv.iterate(content) if tag != _SIGNATURE]
    omissions = [left_out for size in range(4) for left_out in combinations(_NOT_SIGNED_BY_ALL, size)]
    readings = [
        b"".join(tlv.encode(tag, value) for tag, value in elements if tag not in left_out) for left_out in omissions
    ]
    return list(dict.fromkeys(readings))
