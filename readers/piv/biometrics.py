"""Fingerprints, facial image and iris images: records in a signed CBEFF frame (SP 800-76-2 §9).

What is in the records is left alone; the frame says whose they are, until when, and who vouches for them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final, Self
from uuid import UUID

from cryptography import x509

from readers import cms, tlv
from readers.errors import ProtocolError
from readers.piv.identifiers import ENTRY_UUID, PIV_FASC_N

BIOMETRIC_OBJECT: Final = "2.16.840.1.101.3.6.2"
"""id-PIV-biometricObject, what their signatures are over (FIPS 201-3 table B-1)."""
HEADER_SIZE: Final = 88
FINGERPRINT_TYPE: Final = 0x000008
FACE_TYPE: Final = 0x000002
IRIS_TYPE: Final = 0x000010

PIV_SIGNER_DN: Final = "2.16.840.1.101.3.6.5"
"""pivSigner-DN, the signed attribute that says whose signature it is (FIPS 201-3 §4.2.3)."""

_RECORD: Final = 0xBC
_ERROR_DETECTION: Final = 0xFE
_VERSION: Final = 0x03
_SIGNED: Final = 0x0D
"""Signed, and in clear."""
_ENCRYPTED: Final = 0x02
_ZULU: Final = 0x5A
_OWNER: Final = 0x001B
"""INCITS M1, who defines the formats of the records."""
_FACE_FORMAT: Final = 0x0501
_RAW: Final = 0x20
"""An image as it was taken, and no template."""
_NO_QUALITY: Final = 0xFE
"""Nobody measured it: -2."""
_CREATOR_SIZE: Final = 18
_RESERVED: Final = bytes(4)
_OCTET_STRING: Final = 0x04


@dataclass(frozen=True, slots=True)
class Issuer:
    """Who signs a frame."""

    certificate: x509.Certificate
    signature_of: Callable[[bytes], bytes]
    """ECDSA-with-SHA-256 (DER) of some bytes, by the key of the certificate."""
    name: str
    """Who made the record: at most 17 ASCII characters of it have room."""


@dataclass(frozen=True, slots=True)
class Holder:
    """The card that a frame is for."""

    fasc_n: bytes
    card_uuid: UUID
    created: datetime
    not_after: datetime


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

    def __bytes__(self) -> bytes:
        """As it stands in its container."""
        return tlv.encode(_RECORD, self.signed + self.signature) + tlv.encode(_ERROR_DETECTION, b"")

    @classmethod
    def sign_face(cls, record: bytes, holder: Holder, issuer: Issuer) -> Self:
        """A facial record in a frame for one card. The certificate of who signs is in the security object.

        The frame says how long its signature is, and the signature is over that too; ECDSA signatures differ by a byte
        or two, so it is signed until the length is the one that was said: about three times.
        """
        size = 0
        while True:
            signed = _face_header(record, holder, issuer, size) + record
            signature = _signature(signed, holder, issuer)
            if len(signature) == size:
                return cls(
                    FACE_TYPE, holder.created, holder.created, holder.not_after, holder.fasc_n, signed, signature
                )
            size = len(signature)

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


def _face_header(record: bytes, holder: Holder, issuer: Issuer, signature_size: int) -> bytes:
    times = (holder.created, holder.created, holder.not_after)
    return (
        bytes((_VERSION, _SIGNED))
        + len(record).to_bytes(4, "big")
        + signature_size.to_bytes(2, "big")
        + _OWNER.to_bytes(2, "big")
        + _FACE_FORMAT.to_bytes(2, "big")
        + b"".join(map(_written, times))
        + FACE_TYPE.to_bytes(3, "big")
        + bytes((_RAW, _NO_QUALITY))
        + issuer.name.encode("ascii", errors="replace")[: _CREATOR_SIZE - 1].ljust(_CREATOR_SIZE, b"\0")
        + holder.fasc_n
        + _RESERVED
    )


def _signature(signed: bytes, holder: Holder, issuer: Issuer) -> bytes:
    """FIPS 201-3 §4.2.3: whose record it is and who says so are signed with it."""
    attributes = {
        PIV_SIGNER_DN: issuer.certificate.subject.public_bytes(),
        PIV_FASC_N.dotted_string: tlv.encode(_OCTET_STRING, holder.fasc_n),
        ENTRY_UUID.dotted_string: tlv.encode(_OCTET_STRING, holder.card_uuid.bytes),
    }
    return cms.sign(
        BIOMETRIC_OBJECT,
        signed,
        issuer.certificate,
        issuer.signature_of,
        attributes=attributes,
        embed_signer=False,
        detached=True,
    )


def _written(moment: datetime) -> bytes:
    """The reverse of `_moment`."""
    at = moment.astimezone(UTC)
    century, year = divmod(at.year, 100)
    return bytes((century, year, at.month, at.day, at.hour, at.minute, at.second, _ZULU))


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
