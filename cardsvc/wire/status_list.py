"""Token status lists: one small number for each card, in a list that anybody may fetch and nobody can search.

As draft-ietf-oauth-status-list (draft 20) has them: statuses of 1, 2, 4 or 8 bits, the first in the lowest bits of the
first byte (§4.1), compressed with zlib, in a JWT of type ``statuslist+jwt`` (§5.1). Who has a card's certificate finds
in it which list the card is in, and where; who fetches the list does not tell for which card.
"""

from __future__ import annotations

import base64
import binascii
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import IntEnum
from typing import Any, Final

from cryptography import x509
from cryptography.hazmat import asn1
from joserfc.jwk import ECKey

from cardsvc.wire import jose
from cardsvc.wire.base import encode_base64url

TYP: Final = "statuslist+jwt"
MEDIA_TYPE: Final = f"application/{TYP}"
BITS: Final = 2
"""Of our lists: enough for valid, invalid and suspended."""
MAX_PLACES: Final = 1 << 20
"""Of a list that is read: nobody may make us unpack a gigabyte."""
MAX_TOKEN_LENGTH: Final = 1 << 20

EXTENSION: Final = x509.ObjectIdentifier("2.25.148932250167467239635021716537836433158.3.1")
"""In a card's certificate: where its status is. SEQUENCE { idx INTEGER, uri IA5String }."""


class CardStatus(IntEnum):
    """Status types (§7.1)."""

    VALID = 0
    INVALID = 1
    """For good."""
    SUSPENDED = 2
    """For now: not active yet, or held."""


class StatusListRefused(ValueError):
    """Raised when a status list is malformed, not signed by this key, about another list, or too old."""


@dataclass(frozen=True, slots=True)
class StatusReference:
    """Where the status of a card is."""

    uri: str
    index: int

    def to_extension(self) -> x509.UnrecognizedExtension:
        """For a certificate; not critical."""
        value = asn1.encode_der(_Reference(idx=self.index, uri=asn1.IA5String(self.uri)))
        return x509.UnrecognizedExtension(EXTENSION, value)

    @classmethod
    def of_certificate(cls, certificate: x509.Certificate) -> StatusReference | None:
        """What a certificate says; None when it says nothing. Raises StatusListRefused when it cannot be read."""
        try:
            extension = certificate.extensions.get_extension_for_oid(EXTENSION).value
        except x509.ExtensionNotFound:
            return None
        try:
            if not isinstance(extension, x509.UnrecognizedExtension):
                raise StatusListRefused("not a status reference")
            reference = asn1.decode_der(_Reference, extension.value)
        except ValueError as error:
            raise StatusListRefused("not a status reference") from error
        return cls(reference.uri.as_str(), reference.idx)


@asn1.sequence
class _Reference:
    idx: int
    uri: asn1.IA5String


@dataclass(frozen=True, slots=True)
class PackedStatuses:
    """Statuses in as many bits each: 1, 2, 4 or 8."""

    bits: int
    packed: bytes

    def __post_init__(self) -> None:
        if self.bits not in (1, 2, 4, 8):
            raise ValueError("statuses have 1, 2, 4 or 8 bits")

    @classmethod
    def pack(cls, statuses: Iterable[int], bits: int = BITS) -> PackedStatuses:
        """Raises ValueError for a status that does not fit."""
        packed, per_byte = bytearray(), 8 // bits
        for place, status in enumerate(statuses):
            if not 0 <= status < 1 << bits:
                raise ValueError(f"{status} does not fit into {bits} bits")
            if place % per_byte == 0:
                packed.append(0)
            packed[-1] |= status << bits * (place % per_byte)
        return cls(bits, bytes(packed))

    def __len__(self) -> int:
        return 8 // self.bits * len(self.packed)

    def __getitem__(self, place: int) -> int:
        if not 0 <= place < len(self):
            raise IndexError("there is no such place in the list")
        per_byte = 8 // self.bits
        return self.packed[place // per_byte] >> self.bits * (place % per_byte) & (1 << self.bits) - 1

    def to_claim(self) -> dict[str, Any]:
        """The claim ``status_list`` (§4.2)."""
        return {"bits": self.bits, "lst": encode_base64url(zlib.compress(self.packed, 9))}

    @classmethod
    def from_claim(cls, claim: Any) -> PackedStatuses:
        """Raises StatusListRefused."""
        if not isinstance(claim, Mapping) or claim.get("bits") not in (1, 2, 4, 8):
            raise StatusListRefused("not a status list")
        try:
            compressed = base64.b64decode(_padded(claim.get("lst")), altchars=b"-_", validate=True)
            unpacker = zlib.decompressobj()
            packed = unpacker.decompress(compressed, MAX_PLACES)
        except (binascii.Error, zlib.error) as error:
            raise StatusListRefused("not a status list") from error
        if not unpacker.eof or unpacker.unused_data:
            raise StatusListRefused("too long, or cut off")
        return cls(claim["bits"], packed)


def _padded(text: Any) -> str:
    if not isinstance(text, str):
        raise StatusListRefused("not a status list")
    return text + "=" * (-len(text) % 4)


@dataclass(frozen=True, slots=True)
class StatusListToken:
    """A list with its name and times (seconds since 1970, and seconds)."""

    uri: str
    statuses: PackedStatuses
    issued_at: int
    expires_at: int
    ttl: int
    """How long it may be used before it is fetched again."""

    def sign(self, key: ECKey) -> str:
        """The status list token (§5.1)."""
        claims = {
            "sub": self.uri,
            "iat": self.issued_at,
            "exp": self.expires_at,
            "ttl": self.ttl,
            "status_list": self.statuses.to_claim(),
        }
        return jose.sign(claims, key, typ=TYP)

    @classmethod
    def read(cls, compact: str, key: ECKey, *, uri: str, now: float) -> StatusListToken:
        """The list of this name, if ``key`` signed it and its time is not over. Raises StatusListRefused."""
        try:
            claims = jose.parse(compact, max_length=MAX_TOKEN_LENGTH).verify(key, typ=TYP)
        except jose.JwtRefused as error:
            raise StatusListRefused(str(error)) from error
        if claims.get("sub") != uri:
            raise StatusListRefused("about another list")
        issued_at, expires_at, ttl = (_seconds(claims.get(name)) for name in ("iat", "exp", "ttl"))
        if now >= expires_at:
            raise StatusListRefused("its time is over")
        return cls(uri, PackedStatuses.from_claim(claims.get("status_list")), issued_at, expires_at, ttl)


def _seconds(claim: Any) -> int:
    if not isinstance(claim, int) or isinstance(claim, bool):
        raise StatusListRefused("without its times")
    return claim
