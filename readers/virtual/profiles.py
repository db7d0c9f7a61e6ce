"""What differs between the card products that the software card can be, as data.

`STRICT` is SP 800-73-5 and nothing else. `YUBICO_LIKE` adds the extensions that yubikit and yubico-piv-tool expect, and
answers as a YubiKey 5.4 does where that product departs from the standard. The others behave as PivApplet 0.9 and
OpenFIPS201 1.10 do (sources: github.com/arekinath/PivApplet, github.com/makinako/OpenFIPS201), and as a card whose
maker read the standard as narrowly as it can be read.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Final

from readers import tlv
from readers.piv.identifiers import PIV_AID, Algorithm, ObjectId, VendorInstruction
from readers.status import KnownStatus


def _with_check_byte(atr: bytes) -> bytes:
    """Append TCK, the exclusive-or of all bytes from T0 on (ISO/IEC 7816-3 §8.2.5)."""
    check = 0
    for byte in atr[1:]:
        check ^= byte
    return atr + bytes((check,))


_HISTORICAL: Final = bytes.fromhex("80 73C021C0 54") + b"CITY"
"""COMPACT-TLV (ISO/IEC 7816-4 §12.1.1): capabilities (SELECT by partial name, command chaining, extended length)
and the card issuer's data. OpenSC has no table entry for it; `3B80800101`, for one, is a PIVKey there."""
_INTERFACE_BYTES: Final = bytes.fromhex("13 00 00 81 31 FE 45")
"""T=1 and no other protocol, blocks of up to 254 bytes (ISO/IEC 7816-3 §8.2.3 and §11.4.2)."""

CONTACT_ATR: Final = _with_check_byte(bytes((0x3B, 0xF0 | len(_HISTORICAL))) + _INTERFACE_BYTES + _HISTORICAL)
CONTACTLESS_ATR: Final = _with_check_byte(bytes((0x3B, 0x80 | len(_HISTORICAL), 0x80, 0x01)) + _HISTORICAL)
"""As a contactless reader makes it up from the historical bytes (PC/SC part 3 §3.1.3.2.3.1)."""


_RID_LENGTH: Final = 5
_RID: Final = PIV_AID[:_RID_LENGTH]
_ALLOCATION_AUTHORITY: Final = tlv.encode(0x79, tlv.encode(0x4F, _RID))
_MANDATORY_PROPERTIES: Final = tlv.encode(0x61, tlv.encode(0x4F, PIV_AID[_RID_LENGTH:]) + _ALLOCATION_AUTHORITY)
"""The mandatory part of part 2 table 3: every byte more is paid for at every tap."""


def _properties(label: bytes, url: bytes, mechanisms: bytes) -> bytes:
    """All of part 2 table 3: the whole AID, label, URL, and one AC template that lists ``mechanisms``."""
    listed = b"".join(tlv.encode(0x80, bytes((mechanism,))) for mechanism in mechanisms) + tlv.encode(0x06, b"\0")
    named = tlv.encode(0x50, label) + tlv.encode(0x5F50, url)
    return tlv.encode(0x61, tlv.encode(0x4F, PIV_AID) + _ALLOCATION_AUTHORITY + named + tlv.encode(0xAC, listed))


def _no_objects(_serial: int) -> dict[int, bytes]:
    return {}


def _pivapplet_objects(serial: int) -> dict[int, bytes]:
    """PivApplet writes a CHUID (FASC-N all zero, a random GUID) when it is installed."""
    guid = hashlib.sha256(serial.to_bytes(4, "big")).digest()[:16]
    chuid = ((0x30, bytes(25)), (0x34, guid), (0x35, b"20500101"), (0x3E, b""), (0xFE, b""))
    return {
        ObjectId.CHUID: b"".join(tlv.encode(tag, value) for tag, value in chuid),
        ObjectId.KEY_HISTORY: bytes.fromhex("C10100 C20100 FE00"),
    }


@dataclass(frozen=True, slots=True)
class CardProfile:
    """One product."""

    name: str
    version: tuple[int, int, int] | None
    """What GET VERSION answers."""
    reselect_keeps_status: bool
    """SELECT of the application already selected changes nothing (SP 800-73-5 part 2 §3.1.1), or clears the PIN."""
    malformed_pin_costs_a_try: bool
    """A PIN that cannot be one counts as wrong, or is refused with 6A80 before it is tried (part 2 §3.2.1)."""
    discovery_writable: bool
    max_command: int
    """Bytes of data a command may have, command chaining included; one more and the card answers 6A84."""
    management_algorithm: Algorithm
    """Of the default management key 0102030405060708, three times."""
    extensions: frozenset[VendorInstruction] = frozenset()
    """Which of Yubico's commands it has."""
    properties: bytes = _MANDATORY_PROPERTIES
    """What SELECT answers."""
    takes_partial_aid: bool = True
    takes_extended: bool = True
    """Extended APDUs; else they are refused with 6700."""
    max_part: int | None = None
    """Bytes of an answer that one APDU carries, whatever Le asks for; the rest is announced by 61xx."""
    exact_le: bool = False
    """GET DATA with another Le than the length of the answer gets 6Cxx."""
    max_links: int | None = None
    """Links of a command chain; the next gets 6F00, and so does the command after it, since the card is confused."""
    pin_tries: int = 3
    puk_tries: int = 3
    tells_pin_tries: bool = True
    """VERIFY without data answers 63Cx; else 6700."""
    wrong_management_key: KnownStatus = KnownStatus.SECURITY_STATUS_NOT_SATISFIED
    """The answer to a host that does not know the management key."""
    missing_object: KnownStatus = KnownStatus.NOT_FOUND
    """The answer to GET DATA of an object that holds nothing."""
    pin_usage: bytes = b"\x40\x00"
    """PIN usage policy in the discovery object that the product serves by itself (part 1 §3.3.2)."""
    factory_objects: Callable[[int], Mapping[int, bytes]] = _no_objects
    """What is on the card when it leaves the factory, by its serial."""
    origins: tuple[int, int] = (1, 2)
    """How GET METADATA calls a key that was generated and one that was imported."""
    attests_imported_keys: bool = False
    attestation_name: str = ""
    """Of slot F9; the attested slot is appended for the statement."""
    attestation_rooted: bool = False
    """F9 is certified by the maker's root, or by itself."""
    has_cplc: bool = False
    """The card manager can be selected and tells the chip's production data (CPLC)."""

    @property
    def extended(self) -> bool:
        """Whether the product has Yubico's extensions."""
        return bool(self.extensions)


STRICT: Final = CardProfile(
    name="strict",
    version=None,
    reselect_keeps_status=True,
    malformed_pin_costs_a_try=False,
    discovery_writable=True,
    max_command=32_768,
    management_algorithm=Algorithm.TDES,
)

YUBICO_LIKE: Final = CardProfile(
    name="yubico-like",
    # AES management keys and metadata came with 5.4.2; from 5.7 on the default management key is no longer 3DES.
    version=(5, 4, 3),
    reselect_keeps_status=False,
    malformed_pin_costs_a_try=True,
    discovery_writable=False,
    max_command=3072,
    management_algorithm=Algorithm.TDES,
    extensions=frozenset(VendorInstruction),
    attestation_name="YubiKey PIV Attestation",
    attestation_rooted=True,
)

YUBICO_5_7_LIKE: Final = replace(
    YUBICO_LIKE, name="yubico-5.7-like", version=(5, 7, 1), management_algorithm=Algorithm.AES_192
)

PIVAPPLET_LIKE: Final = CardProfile(
    name="pivapplet-like",
    version=(5, 4, 0),
    reselect_keeps_status=False,
    malformed_pin_costs_a_try=True,
    discovery_writable=False,
    max_command=2550,
    management_algorithm=Algorithm.TDES,
    extensions=frozenset(VendorInstruction),
    # The letters are build options: RSA, EC, P-384, strict contactless, attestation, AES, 3DES; no "x", so short APDUs.
    properties=_properties(
        b"PivApplet v0.9.0/REeSAaD", b"github.com/arekinath/PivApplet", bytes((0x03, 0x0C, 0x07, 0x11, 0x14))
    ),
    takes_extended=False,
    max_part=255,
    max_links=10,
    pin_tries=5,
    wrong_management_key=KnownStatus.INCORRECT_DATA,
    factory_objects=_pivapplet_objects,
    origins=(0, 1),
    attests_imported_keys=True,
    attestation_name="PIVApplet Attestation",
)

OPENFIPS201_LIKE: Final = CardProfile(
    name="openfips201-like",
    version=None,
    reselect_keeps_status=True,
    malformed_pin_costs_a_try=False,
    discovery_writable=False,
    max_command=32_768,
    # As pre-personalised over a GlobalPlatform secure channel: the applet itself is delivered without any key.
    management_algorithm=Algorithm.AES_192,
    properties=_properties(
        b"OpenFIPS201",
        b"http://nvlpubs.nist.gov/nistpubs/SpecialPublications/NIST.SP.800-73-4.pdf",
        bytes((0x00, 0x03, 0x08, 0x0A, 0x0C, 0x06, 0x07, 0x11, 0x14)),
    ),
    max_part=256,
    pin_tries=6,
    puk_tries=10,
    missing_object=KnownStatus.SUCCESS,  # its option "read empty data object"
    pin_usage=b"\x40\x10",
    has_cplc=True,
)

TERSE: Final = CardProfile(
    name="terse",
    version=None,
    reselect_keeps_status=True,
    malformed_pin_costs_a_try=False,
    discovery_writable=True,
    max_command=2550,
    management_algorithm=Algorithm.AES_128,
    properties=b"",
    takes_partial_aid=False,
    takes_extended=False,
    max_part=128,
    exact_le=True,
    tells_pin_tries=False,
    has_cplc=True,
)

PROFILES: Final = {
    profile.name: profile for profile in (STRICT, YUBICO_LIKE, YUBICO_5_7_LIKE, PIVAPPLET_LIKE, OPENFIPS201_LIKE, TERSE)
}
