"""ATTEST (Yubico extension F9): the card certifies with the key of slot F9 that a key of its own was made on it.

Slot F9 is filled when it is first asked for. Where the maker's root would certify it, a root that everybody can
compute does: it serves tests and demonstrations, and whoever trusts it trusts every software card.

Source: https://developers.yubico.com/PIV/Introduction/PIV_attestation.html
"""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from readers import tlv
from readers.apdu import CommandApdu
from readers.piv.attestation import FIRMWARE, FORM_FACTOR, POLICIES, SERIAL
from readers.piv.identifiers import Algorithm, ObjectId
from readers.piv.objects import CertificateObject
from readers.status import KnownStatus
from readers.virtual.applet import Applet, Refused, require
from readers.virtual.keys import ATTESTATION_KEY, NO_TOUCH
from readers.virtual.state import CardState, KeySlot, Origin, PinPolicy

_ROOT_SECRET: Final = int.from_bytes(hashlib.sha256(b"attestation root of software cards").digest(), "big")
_ROOT_NAME: Final = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Software Card Attestation Root")])
_FROM: Final = datetime(2018, 1, 1, tzinfo=UTC)
_UNTIL: Final = datetime(2050, 1, 1, tzinfo=UTC)
_USB_A: Final = b"\x01"


@functools.cache
def root() -> x509.Certificate:
    """The root that certifies F9 of software cards that have a maker."""
    return _certify(_ROOT_NAME, _root_key().public_key(), _ROOT_NAME, _root_key(), 1)


def equip(applet: Applet) -> None:
    """Fill slot F9, key and certificate, unless it is."""
    state = applet.state
    if ATTESTATION_KEY in state.keys:
        return
    profile = applet.profile
    key = ec.generate_private_key(ec.SECP256R1())
    name = _name(profile.attestation_name)
    issuer, issuer_key = (_ROOT_NAME, _root_key()) if profile.attestation_rooted else (name, key)
    path_length = 0 if profile.attestation_rooted else None
    certificate = _certify(name, key.public_key(), issuer, issuer_key, path_length)
    private = key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    slot = KeySlot(Algorithm.ECC_P256, private, PinPolicy.NEVER, NO_TOUCH, Origin.GENERATED)
    content = bytes(CertificateObject(certificate))
    applet.store.replace(state.with_key(ATTESTATION_KEY, slot).with_object(ObjectId.ATTESTATION_CERTIFICATE, content))


def attest(applet: Applet, command: CommandApdu) -> bytes:
    """A certificate in DER over the key that P1 names."""
    require(command.p2 == 0 and command.p1 != ATTESTATION_KEY, KnownStatus.INCORRECT_P1_P2)
    slot = applet.state.keys.get(command.p1)
    if slot is None:
        raise Refused(KnownStatus.INCORRECT_P1_P2)
    vouched_for = slot.origin is Origin.GENERATED or applet.profile.attests_imported_keys
    require(vouched_for, KnownStatus.INCORRECT_DATA)
    equip(applet)
    issuer = _f9_certificate(applet)
    key = applet.private_key(applet.state.keys[ATTESTATION_KEY])
    builder = (
        x509.CertificateBuilder()
        .subject_name(_name(f"{applet.profile.attestation_name} {command.p1:02x}"))
        .issuer_name(issuer.subject)
        .public_key(applet.private_key(slot).public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(issuer.not_valid_before_utc)
        .not_valid_after(issuer.not_valid_after_utc)
    )
    for extension in _statements(applet, slot):
        builder = builder.add_extension(extension, critical=False)
    return builder.sign(key, hashes.SHA256()).public_bytes(Encoding.DER)


def kept(before: CardState, blank: CardState) -> CardState:
    """``blank`` with the slot F9 of ``before``: a reset does not touch it."""
    keys = {reference: slot for reference, slot in before.keys.items() if reference == ATTESTATION_KEY}
    certificate = before.objects.get(ObjectId.ATTESTATION_CERTIFICATE, b"")
    return replace(blank, keys=MappingProxyType(keys)).with_object(ObjectId.ATTESTATION_CERTIFICATE, certificate)


def _statements(applet: Applet, slot: KeySlot) -> Sequence[x509.UnrecognizedExtension]:
    policies = bytes((slot.pin_policy, slot.touch_policy))
    firmware = x509.UnrecognizedExtension(FIRMWARE, bytes(applet.profile.version or ()))
    stated = (firmware, x509.UnrecognizedExtension(POLICIES, policies))
    if not applet.profile.attestation_rooted:  # PivApplet, which vouches for itself, tells no more
        return stated
    number = applet.state.serial
    serial = tlv.encode(0x02, number.to_bytes(number.bit_length() // 8 + 1, "big"))
    return (*stated, x509.UnrecognizedExtension(SERIAL, serial), x509.UnrecognizedExtension(FORM_FACTOR, _USB_A))


def _f9_certificate(applet: Applet) -> x509.Certificate:
    return CertificateObject.from_bytes(applet.state.objects[ObjectId.ATTESTATION_CERTIFICATE]).certificate


def _certify(
    subject: x509.Name,
    public: ec.EllipticCurvePublicKey,
    issuer: x509.Name,
    key: ec.EllipticCurvePrivateKey,
    path_length: int | None,
) -> x509.Certificate:
    """Without ``path_length`` nothing says that it is a CA: so PivApplet makes its own."""
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(public)
        .serial_number(x509.random_serial_number())
        .not_valid_before(_FROM)
        .not_valid_after(_UNTIL)
    )
    if path_length is not None:
        builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=path_length), critical=True)
    return builder.sign(key, hashes.SHA256())


def _name(common_name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])


def _root_key() -> ec.EllipticCurvePrivateKey:
    return ec.derive_private_key(_ROOT_SECRET, ec.SECP256R1())
