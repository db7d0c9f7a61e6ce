"""Data objects of a PIV card (SP 800-73-5 part 1 §3 and appendix A).

Each class is the *content* of an object: what stands in the 53 container of GET DATA and PUT DATA (in the 7E of
discovery). ``from_bytes`` and ``bytes()`` mirror each other. Contents come from a card and are unverified; what makes
no sense is refused with ProtocolError. Elements we have no use for, which other issuers may write, are skipped.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass, field
from datetime import date
from enum import IntEnum, IntFlag
from typing import Final, Self
from uuid import UUID

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from readers import tlv
from readers.certificates import decode_certificate
from readers.errors import ProtocolError
from readers.piv.fascn import FASC_N_SIZE, FascN
from readers.piv.identifiers import PIV_AID

MAX_CERTIFICATE: Final = 32 * 1024
"""Bytes of a certificate after unpacking; SP 800-73-5 part 1 table 10 allows 1 856 on the card."""

_ERROR_DETECTION: Final = 0xFE
"""Ends most objects and is always empty (part 1 appendix A)."""


@dataclass(frozen=True, slots=True)
class Chuid:
    """Card holder unique identifier (part 1 §3.1.2, table 9). The GUID is the card UUID."""

    fasc_n: FascN
    guid: UUID
    expiry: date
    issuer_signature: bytes = b""

    def __bytes__(self) -> bytes:
        return _encode(
            (_ChuidTag.FASC_N, bytes(self.fasc_n)),
            (_ChuidTag.GUID, self.guid.bytes),
            (_ChuidTag.EXPIRATION_DATE, self.expiry.strftime("%Y%m%d").rjust(8, "0").encode("ascii")),
            (_ChuidTag.ISSUER_SIGNATURE, self.issuer_signature),
            (_ERROR_DETECTION, b""),
        )

    @classmethod
    def from_bytes(cls, content: bytes) -> Self:
        """Raises ProtocolError."""
        elements = tlv.decode(content)
        return cls(
            FascN.from_bytes(_sized(elements, _ChuidTag.FASC_N, FASC_N_SIZE)),
            UUID(bytes=_sized(elements, _ChuidTag.GUID, 16)),
            _compact_date(_sized(elements, _ChuidTag.EXPIRATION_DATE, 8)),
            elements.get(_ChuidTag.ISSUER_SIGNATURE, b""),
        )


class _ChuidTag(IntEnum):
    FASC_N = 0x30
    GUID = 0x34
    EXPIRATION_DATE = 0x35
    ISSUER_SIGNATURE = 0x3E


@dataclass(frozen=True, slots=True)
class CertificateObject:
    """The certificate of a key (part 1 table 10). Written plain, read plain or gzip-compressed."""

    certificate: x509.Certificate

    def __bytes__(self) -> bytes:
        return _encode(
            (_CertificateTag.CERTIFICATE, self.certificate.public_bytes(Encoding.DER)),
            (_CertificateTag.CERT_INFO, b"\0"),
            (_ERROR_DETECTION, b""),
        )

    @classmethod
    def from_bytes(cls, content: bytes) -> Self:
        """Raises ProtocolError, also when the certificate unpacks to more than `MAX_CERTIFICATE`."""
        elements = tlv.decode(content)
        packed = _present(elements, _CertificateTag.CERTIFICATE)
        info = elements.get(_CertificateTag.CERT_INFO, b"\0")
        der = _gunzip(packed) if info[:1] == b"\x01" else packed
        return cls(decode_certificate(der))


class _CertificateTag(IntEnum):
    CERTIFICATE = 0x70
    CERT_INFO = 0x71


def _gunzip(packed: bytes) -> bytes:
    inflate = zlib.decompressobj(wbits=zlib.MAX_WBITS | 16)
    try:
        plain = inflate.decompress(packed, MAX_CERTIFICATE)
    except zlib.error as error:
        raise ProtocolError("the compressed certificate cannot be unpacked") from error
    if not inflate.eof:
        raise ProtocolError(f"the compressed certificate is cut off or unpacks to more than {MAX_CERTIFICATE} bytes")
    return plain


@dataclass(frozen=True, slots=True)
class Ccc:
    """Card capability container (part 1 §3.1.1, table 8): nobody needs it, many middlewares look for it.

    ``card_identifier`` holds 14 bytes that differ from card to card.
    """

    card_identifier: bytes

    def __post_init__(self) -> None:
        if len(self.card_identifier) != CARD_IDENTIFIER_SIZE:
            raise ValueError(f"a card identifier has {CARD_IDENTIFIER_SIZE} bytes, got {len(self.card_identifier)}")

    def __bytes__(self) -> bytes:
        return _encode((_CARD_IDENTIFIER, _GSC_PREFIX + self.card_identifier), *_CCC_REST)

    @classmethod
    def from_bytes(cls, content: bytes) -> Self:
        """Raises ProtocolError."""
        size = len(_GSC_PREFIX) + CARD_IDENTIFIER_SIZE
        return cls(_sized(tlv.decode(content), _CARD_IDENTIFIER, size)[len(_GSC_PREFIX) :])


_CARD_IDENTIFIER: Final = 0xF0
CARD_IDENTIFIER_SIZE: Final = 14
_GSC_PREFIX: Final = bytes.fromhex("A000000116 FF 02")
"""GSC-RID, manufacturer "none assigned", card type Java Card (NISTIR 6887 §6.2)."""
_CCC_REST: Final = (
    (0xF1, b"\x21"),  # capability container version
    (0xF2, b"\x21"),  # capability grammar version
    (0xF3, b""),  # applications CardURL
    (0xF4, b"\x00"),  # PKCS #15: none
    (0xF5, b"\x10"),  # registered data model number, fixed for PIV
    (0xF6, b""),  # access control rule table
    (0xF7, b""),  # card APDUs
    (0xFA, b""),  # redirection tag
    (0xFB, b""),  # capability tuples
    (0xFC, b""),  # status tuples
    (0xFD, b""),  # next CCC
    (_ERROR_DETECTION, b""),
)


class PinUsage(IntFlag):
    """Which reference data opens the card: first byte of the PIN usage policy (part 1 §3.3.2)."""

    APPLICATION_PIN = 0x40
    GLOBAL_PIN = 0x20
    ON_CARD_COMPARISON = 0x10
    VIRTUAL_CONTACT_INTERFACE = 0x08
    NO_PAIRING_CODE = 0x04


@dataclass(frozen=True, slots=True)
class Discovery:
    """Discovery object (part 1 §3.3.2, table 18): the AID and which PIN the card wants."""

    pin_usage: PinUsage = PinUsage.APPLICATION_PIN
    prefers_global_pin: bool = False
    """Only has a meaning where the card takes both PINs."""
    aid: bytes = PIV_AID

    def __bytes__(self) -> bytes:
        preference = b"\0"
        if PinUsage.GLOBAL_PIN in self.pin_usage:
            preference = b"\x20" if self.prefers_global_pin else b"\x10"
        return _encode((0x4F, self.aid), (0x5F2F, bytes((self.pin_usage,)) + preference))

    @classmethod
    def from_bytes(cls, content: bytes) -> Self:
        """Raises ProtocolError."""
        elements = tlv.decode(content)
        usage, preference = _sized(elements, 0x5F2F, 2)
        return cls(PinUsage(usage & _KNOWN_USAGE), preference == 0x20, _present(elements, 0x4F))


_KNOWN_USAGE: Final = sum(PinUsage)


@dataclass(frozen=True, slots=True)
class KeyHistory:
    """How many retired keys of key management a card keeps (part 1 §3.3.3): they open what was encrypted for them."""

    with_certificate: int
    """Keys whose certificates are on the card too."""
    without_certificate: int
    url: str = ""
    """Where the certificates of the others are."""

    def __bytes__(self) -> bytes:
        return _encode(
            (0xC1, bytes((self.with_certificate,))),
            (0xC2, bytes((self.without_certificate,))),
            (0xF3, self.url.encode("ascii")),
            (_ERROR_DETECTION, b""),
        )

    @classmethod
    def from_bytes(cls, content: bytes) -> Self:
        """Raises ProtocolError."""
        elements = tlv.decode(content)
        with_certificate, without_certificate = (_sized(elements, tag, 1)[0] for tag in (0xC1, 0xC2))
        return cls(with_certificate, without_certificate, elements.get(0xF3, b"").decode("ascii", errors="replace"))


@dataclass(frozen=True, slots=True)
class PrintedInformation:
    """What is printed on the card (part 1 table 14); readable after the PIN only.

    Personal: ``repr`` shows no field. Texts are UTF-8 within the byte limits of the table.
    """

    name: str = field(repr=False)
    affiliation: str = field(repr=False)
    expiry: date = field(repr=False)
    card_serial: str = field(repr=False)
    issuer: str = field(repr=False)

    def __post_init__(self) -> None:
        for tag, (name, limit) in _PRINTED_TEXTS.items():
            if len(getattr(self, name).encode()) > limit:
                raise ValueError(f"{name} (element {tag:02X}) has at most {limit} bytes")

    def __bytes__(self) -> bytes:
        texts = {tag: getattr(self, name).encode() for tag, (name, _) in _PRINTED_TEXTS.items()}
        expiry = f"{self.expiry:%Y}{_MONTHS[self.expiry.month - 1]}{self.expiry:%d}".rjust(9, "0")
        return _encode(*sorted({**texts, _PRINTED_EXPIRY: expiry.encode("ascii")}.items()), (_ERROR_DETECTION, b""))

    @classmethod
    def from_bytes(cls, content: bytes) -> Self:
        """Raises ProtocolError."""
        elements = tlv.decode(content)
        try:
            texts = {name: _present(elements, tag).decode() for tag, (name, _) in _PRINTED_TEXTS.items()}
            return cls(expiry=_printed_date(_present(elements, _PRINTED_EXPIRY)), **texts)
        except ValueError:
            # Not "from": a UnicodeDecodeError carries the name it could not decode.
            raise ProtocolError("a printed text cannot be decoded or is too long") from None


_PRINTED_TEXTS: Final = {
    0x01: ("name", 125),
    0x02: ("affiliation", 20),
    0x05: ("card_serial", 20),
    0x06: ("issuer", 15),
}
_PRINTED_EXPIRY: Final = 0x04
_MONTHS: Final = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
"""Not strftime's: those follow the locale."""


def _printed_date(raw: bytes) -> date:
    text = raw.decode("ascii").upper()
    if len(text) != 9 or text[4:7] not in _MONTHS:
        raise ValueError("not YYYYMMMDD")
    return date(int(text[:4]), _MONTHS.index(text[4:7]) + 1, int(text[7:]))


def _compact_date(raw: bytes) -> date:
    if not raw.isdigit():
        raise ProtocolError("a date is not YYYYMMDD")
    try:
        return date(int(raw[:4]), int(raw[4:6]), int(raw[6:]))
    except ValueError as error:
        raise ProtocolError("a date is no day of the calendar") from error


def _encode(*elements: tuple[int, bytes]) -> bytes:
    return b"".join(tlv.encode(tag, value) for tag, value in elements)


def _present(elements: dict[int, bytes], tag: int) -> bytes:
    if tag not in elements:
        raise ProtocolError(f"element {tag:02X} is missing")
    return elements[tag]


def _sized(elements: dict[int, bytes], tag: int, size: int) -> bytes:
    value = _present(elements, tag)
    if len(value) != size:
        raise ProtocolError(f"element {tag:02X} has {size} bytes, got {len(value)}")
    return value
