"""One byte of a certificate is changed after the other: whatever comes of it, nothing but a typed error does."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from uuid import UUID

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from readers.certificates import decode_certificate, public_key_of
from readers.errors import CardNotAuthenticated, PathError, ProtocolError
from readers.piv.judging import verify_tap
from readers.piv.tap import TapResult
from tests.fixtures.authorities import Entity, year

ROOT = Entity.root()
CARD = UUID("00112233-4455-4677-8899-aabbccddeeff")
LEAF = ROOT.leaf(uris=[CARD.urn])
DER = LEAF.certificate.public_bytes(Encoding.DER)
TAP = TapResult(CARD, hashlib.sha256(b"statement").digest(), LEAF.signature_of(b"statement"))


def judge(certificate: x509.Certificate) -> None:
    verify_tap(TAP, certificate, [], [ROOT.certificate], year(2025))


def show(certificate: x509.Certificate) -> None:
    certificate.subject.rfc4514_string()
    certificate.issuer.rfc4514_string()
    certificate.not_valid_after_utc.isoformat()
    public_key_of(certificate)


@pytest.mark.parametrize("use", [judge, show])
@pytest.mark.parametrize("change", [0x01, 0x80, 0xFF])
def test_a_changed_certificate(use: Callable[[x509.Certificate], None], change: int) -> None:
    judge(decode_certificate(DER))
    for position in range(len(DER)):
        changed = bytearray(DER)
        changed[position] ^= change
        try:
            certificate = decode_certificate(bytes(changed))
        except ProtocolError:
            continue
        try:
            use(certificate)
        except (PathError, CardNotAuthenticated):
            continue
        # What counts is signed; of the signature itself, the number of its unused bits may be written in two ways.
        assert use is show or certificate.tbs_certificate_bytes == LEAF.certificate.tbs_certificate_bytes, position


def test_a_key_of_an_unknown_kind() -> None:
    # 1.2.840.10045.2.1 (id-ecPublicKey) becomes 1.2.840.10045.2.2, which is none.
    certificate = decode_certificate(
        DER.replace(bytes.fromhex("06072A8648CE3D0201"), bytes.fromhex("06072A8648CE3D0202"))
    )
    assert public_key_of(certificate) is None
