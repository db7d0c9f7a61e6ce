"""Attestation: a card certifies with the key of its slot F9 that another key was made on it.

YubiKeys do so since 4.3, PivApplet where it was built with it. Sources:
https://developers.yubico.com/PIV/Introduction/PIV_attestation.html and PivApplet 0.9, `writeX509CertInfo`.

What is attested is worth what the attester is: its certificate must lead to a root that the city trusts for this and
nothing else. PivApplet's certifies itself, so it is its own root, taken over when a card comes into stock; and that
applet also attests keys that were imported, so whoever knew the management key before us could have put one there.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from readers import tlv
from readers.apdu import SHORT_LE, CommandApdu
from readers.certificates import decode_certificate, public_key_of
from readers.errors import CardInconsistent, CertificateUntrusted, MalformedTlv
from readers.paths import find_path
from readers.piv.admin import PinPolicy, TouchPolicy
from readers.piv.identifiers import KeyReference, ObjectId, VendorInstruction
from readers.piv.objects import CertificateObject
from readers.piv.refusals import expect_success
from readers.piv.session import PivSession

_ARC: Final = "1.3.6.1.4.1.41482.3"
FIRMWARE: Final = x509.ObjectIdentifier(f"{_ARC}.3")
"""Three bytes."""
SERIAL: Final = x509.ObjectIdentifier(f"{_ARC}.7")
"""INTEGER, the number printed on the token."""
POLICIES: Final = x509.ObjectIdentifier(f"{_ARC}.8")
"""PIN policy and touch policy, a byte each."""
FORM_FACTOR: Final = x509.ObjectIdentifier(f"{_ARC}.9")
"""One byte."""

_SLOT_AT_THE_END: Final = re.compile(r" ([0-9A-Fa-f]{2})$")
"""The statement's subject ends in the slot, for example ``YubiKey PIV Attestation 9a``: no extension tells it."""


@dataclass(frozen=True, slots=True)
class Attestation:
    """What a card says about one of its keys. Unverified."""

    statement: x509.Certificate
    """Over the attested key, signed by F9."""
    attester: x509.Certificate
    """Of F9."""


@dataclass(frozen=True, slots=True)
class VerifiedAttestation:
    """The key of this slot was made on a card whose maker we trust."""

    key: KeyReference
    pin_policy: PinPolicy
    touch_policy: TouchPolicy
    firmware: tuple[int, ...]
    """Empty where it is not told."""
    serial: int | None
    path: tuple[x509.Certificate, ...]
    """Statement, attester, …, root."""


def read_attestation(session: PivSession, key: KeyReference) -> Attestation:
    """Let the card attest a key, and read who attests. Costs no PIN and no key.

    Raises CardError where the product cannot, or will not since the key was imported; ObjectNotFound, ProtocolError.
    """
    response = session.exchange(CommandApdu(0, VendorInstruction.ATTEST, key, 0, le=SHORT_LE))
    statement = decode_certificate(expect_success(response, f"attest key {key:02X}"))
    attester = CertificateObject.from_bytes(session.read_object(ObjectId.ATTESTATION_CERTIFICATE)).certificate
    return Attestation(statement, attester)


def verify_attestation(
    attestation: Attestation,
    key: KeyReference,
    public_key: ec.EllipticCurvePublicKey,
    roots: Sequence[x509.Certificate],
    at: datetime,
    *,
    intermediates: Sequence[x509.Certificate] = (),
) -> VerifiedAttestation:
    """Check that the statement is about ``public_key`` in slot ``key``, and that its path ends at one of ``roots``.

    Raises CardInconsistent when it is about something else, and what `readers.paths.find_path` raises when no path
    leads to a root, or none that is valid ``at`` that time.
    """
    statement = attestation.statement
    path = _path(attestation, intermediates, roots, at)
    if public_key_of(statement) != public_key:
        raise CardInconsistent("the card attests another key than it made")
    if _attested_slot(statement) != key:
        raise CardInconsistent("the card attests the key of another slot")
    pin, touch = _policies(statement)
    return VerifiedAttestation(key, pin, touch, tuple(_stated(statement, FIRMWARE)), _serial(statement), path)


def _path(
    attestation: Attestation, intermediates: Sequence[x509.Certificate], roots: Sequence[x509.Certificate], at: datetime
) -> tuple[x509.Certificate, ...]:
    """From the statement to a root, by way of the attester.

    Makers' certificates lack what RFC 5280 §4 wants of an issuer (YubiKey's F9 has no key usage and no key
    identifiers), but nothing that its §6 wants of a path.
    """
    statement, attester = attestation.statement, attestation.attester
    path = find_path(statement, [attester, *intermediates], roots, at)
    if attester not in path[1:]:
        raise CertificateUntrusted(statement, "the attester did not sign it")
    return path


def _attested_slot(statement: x509.Certificate) -> int | None:
    names = statement.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    found = _SLOT_AT_THE_END.search(str(names[-1].value)) if names else None
    return int(found[1], 16) if found else None


def _stated(statement: x509.Certificate, oid: x509.ObjectIdentifier) -> bytes:
    """The raw bytes of one of Yubico's extensions; nothing where it is missing."""
    try:
        value = statement.extensions.get_extension_for_oid(oid).value
    except x509.ExtensionNotFound:
        return b""
    except ValueError as error:
        raise CardInconsistent("the attestation's extensions cannot be decoded") from error
    return value.value if isinstance(value, x509.UnrecognizedExtension) else b""


def _policies(statement: x509.Certificate) -> tuple[PinPolicy, TouchPolicy]:
    try:
        pin, touch = _stated(statement, POLICIES)
        return PinPolicy(pin), TouchPolicy(touch)
    except ValueError as error:
        raise CardInconsistent("the attestation does not tell when the key wants a PIN or a touch") from error


def _serial(statement: x509.Certificate) -> int | None:
    stated = _stated(statement, SERIAL)
    try:
        return int.from_bytes(tlv.unwrap(stated, 0x02), "big") if stated else None
    except MalformedTlv as error:
        raise CardInconsistent("the attestation's serial is no number") from error
