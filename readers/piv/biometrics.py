"""Fingerprints, facial image and iris images: records in a signed CBEFF frame (SP 800-76-2 §9).

What is in the records is left alone; the frame says whose they are, until when, and who vouches for them.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final, Self

from readers import tlv
from readers.errors import ProtocolError

BIOMETRIC_OBJECT: Final = "2.16.840.1.101.3.6.2"
"""id-PIV-biometricObject, what their signatures are over (FIPS 201-3 table B-1)."""
HEADER_SIZE: Final = 88
FINGERPRINT_TYPE: Final = 0x000008
FACE_TYPE: Final = 0x000002
IRIS_TYPE: Final = 0x000010

_RECORD: Final = 0xBC
_VERSION: Final = 0x03
_ENCRYPTED: Final = 0x02
_ZULU: Final = 0x5A


@dataclass(frozen=True, slots=True)
class BiometricObject:
    """A frame, unverified. Personal: ``repr`` shows no record, since there is none in it."""

    biometric_type: int
    created: datetime
    not_before: datetime
    not_after: datetime
    fasc_n: bytes
    """25 bytes, as in the CHUID."""
    signed: bytes
    """Header and record, over which the signature is."""
    signature: bytes
    """CMS SignedData in DER, its content left out."""

    def __repr__(self) -> str:
        return f"BiometricObject(type={self.biometric_type:06X}, not_after={self.not_after:%Y-%m-%d})"

    @classmethod
    def from_bytes(cls, content: bytes) -> Self:
        """Raises ProtocolError."""
        frame = tlv.decode(content).get(_RECORD, b"")
        if len(frame) < HEADER_SIZE or frame[0] != _VERSION:
            raise ProtocolError("not a CBEFF frame of PIV")
        if frame[1] & _ENCRYPTED:
            raise ProtocolError("an encrypted biometric record")
        record_size, signature_size = int.from_bytes(frame[2:6], "big"), int.from_bytes(frame[6:8], "big")
        end = HEADER_SIZE + record_size
        if len(frame) != end + signature_size:
            raise ProtocolError("the sizes in a CBEFF header are not those of its record and signature")
        return cls(
            biometric_type=int.from_bytes(frame[36:39], "big"),
            created=_moment(frame[12:20]),
            not_before=_moment(frame[20:28]),
            not_after=_moment(frame[28:36]),
            fasc_n=frame[59:84],
            signed=frame[:end],
            signature=frame[end:],
        )


def _moment(raw: bytes) -> datetime:
    """Table 14: ``YYYYMMDDhhmmssZ``, two digits as one binary byte, then the letter."""
    century, year, month, day, hour, minute, second, zone = raw
    try:
        moment = datetime(century * 100 + year, month, day, hour, minute, second, tzinfo=UTC)
    except ValueError as error:
        raise ProtocolError("a date in a CBEFF header is none") from error
    if zone != _ZULU:
        raise ProtocolError("a date in a CBEFF header is not in UTC")
    return moment
