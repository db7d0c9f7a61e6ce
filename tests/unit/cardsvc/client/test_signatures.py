"""A CMS that no card of this city made, over this document, while its certificate was in force, is refused."""

from __future__ import annotations

import hashlib
from contextlib import suppress
from datetime import date, datetime, timedelta
from uuid import UUID

import pytest
from asn1crypto import cms
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509 import ocsp
from hypothesis import given
from hypothesis import strategies as st

from cardsvc.client import SignatureFault, SignatureRefused, SignatureVerifier
from cardsvc.trust.authority import IssuingAuthority
from cardsvc.trust.keystore import KeyName
from cardsvc.wire.document_signatures import read_signature, write_attributes, write_signature
from readers.piv.identifiers import KeyReference
from tests.fixtures.cards import Authority
from tests.fixtures.services import NOW

DOCUMENT = b"I apply for a place."
GOOD = ocsp.OCSPCertStatus.GOOD


def der(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(Encoding.DER)


class Signer:
    """A card's key and certificate, or another's; and the responder of its authority."""

    def __init__(self, authority: IssuingAuthority, key: KeyReference | None = KeyReference.DIGITAL_SIGNATURE) -> None:
        self.authority = authority
        self.key = ec.generate_private_key(ec.SECP256R1())
        public = self.key.public_key()
        self.certificate = (
            authority.certify_seal("Education", public, NOW, timedelta(days=30))
            if key is None
            else authority.issue(key, public, UUID(int=7), date(2027, 1, 1), NOW)
        )
        self.responder = authority.certify_responder(1, NOW, timedelta(days=30))

    def status(
        self,
        about: x509.Certificate | None = None,
        *,
        status: ocsp.OCSPCertStatus = GOOD,
        at: datetime = NOW,
        by: tuple[ec.EllipticCurvePrivateKey, x509.Certificate] | None = None,
    ) -> bytes:
        revoked = status is ocsp.OCSPCertStatus.REVOKED
        answer = ocsp.OCSPResponseBuilder().add_response(
            about or self.certificate,
            self.authority.issuing,
            SHA256(),
            status,
            at,
            at + timedelta(hours=1),
            at if revoked else None,
            None,
        )
        key, shown = by or (self.authority.keystore.signer(KeyName.OCSP), self.responder)
        answer = answer.responder_id(ocsp.OCSPResponderEncoding.HASH, shown).certificates([shown])
        return answer.sign(key, SHA256()).public_bytes(Encoding.DER)

    def sign(self, status: bytes | None = None, *, named: x509.Certificate | None = None, at: datetime = NOW) -> bytes:
        attributes = write_attributes(
            hashlib.sha256(DOCUMENT).digest(), at, der(named or self.certificate), UUID(int=1).bytes
        )
        signature = self.key.sign(attributes, ec.ECDSA(SHA256()))
        chain = [der(self.certificate), der(self.authority.issuing)]
        return write_signature(attributes, signature, chain, status or self.status())


@pytest.fixture(scope="module")
def signer(authority: IssuingAuthority) -> Signer:
    return Signer(authority)


@pytest.fixture(scope="module")
def message(signer: Signer) -> bytes:
    return signer.sign()


@pytest.fixture(scope="module")
def verifier(authority: IssuingAuthority) -> SignatureVerifier:
    return SignatureVerifier([authority.root])


def fault(verifier: SignatureVerifier, signed: bytes, document: bytes = DOCUMENT) -> SignatureFault:
    with pytest.raises(SignatureRefused) as refused:
        verifier.verify_kept(signed, document)
    return refused.value.fault


def test_a_good_signature_says_when_and_by_which_card(verifier: SignatureVerifier, signer: Signer) -> None:
    signed = verifier.verify_kept(signer.sign(), DOCUMENT)
    assert (signed.signed_at, signed.certificate) == (NOW, signer.certificate)
    assert signed.document_sha256 == hashlib.sha256(DOCUMENT).digest()


def test_of_another_document(verifier: SignatureVerifier, signer: Signer) -> None:
    assert fault(verifier, signer.sign(), DOCUMENT + b"\n") is SignatureFault.ANOTHER_DOCUMENT


@pytest.mark.parametrize("key", [None, KeyReference.PIV_AUTHENTICATION, KeyReference.CARD_AUTHENTICATION])
def test_only_a_signature_key_of_a_card_signs_for_a_citizen(
    verifier: SignatureVerifier, authority: IssuingAuthority, key: KeyReference | None
) -> None:
    """None: a department's seal, which signs documents, too."""
    assert fault(verifier, Signer(authority, key).sign()) is SignatureFault.CERTIFICATE_REFUSED


def test_of_another_city(signer: Signer) -> None:
    elsewhere = SignatureVerifier([Authority().certificate])
    assert fault(elsewhere, signer.sign()) is SignatureFault.CERTIFICATE_REFUSED


def test_when_the_certificate_was_not_valid(verifier: SignatureVerifier, signer: Signer) -> None:
    for at in (NOW - timedelta(days=1), NOW + timedelta(days=400)):
        signed = signer.sign(signer.status(at=at), at=at)
        assert fault(verifier, signed) is SignatureFault.CERTIFICATE_REFUSED


def test_by_another_key(verifier: SignatureVerifier, authority: IssuingAuthority, signer: Signer) -> None:
    other = Signer(authority)
    other.certificate = signer.certificate
    assert fault(verifier, other.sign()) is SignatureFault.SIGNATURE_FALSE


def test_with_another_certificate_of_the_same_key(verifier: SignatureVerifier, signer: Signer) -> None:
    """What was signed names the certificate."""
    again = signer.authority.issue(
        KeyReference.DIGITAL_SIGNATURE, signer.key.public_key(), UUID(int=8), date(2027, 1, 1), NOW
    )
    assert fault(verifier, signer.sign(named=again)) is SignatureFault.ANOTHER_DOCUMENT


def test_only_a_good_answer_of_the_responder_proves_the_status(
    verifier: SignatureVerifier, authority: IssuingAuthority, signer: Signer
) -> None:
    other, good = Signer(authority), signer.status()
    signature = ocsp.load_der_ocsp_response(good).signature
    point = signer.responder.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    answers = [
        signer.status(other.certificate),
        signer.status(status=ocsp.OCSPCertStatus.REVOKED),
        signer.status(status=ocsp.OCSPCertStatus.UNKNOWN),
        signer.status(at=NOW - timedelta(seconds=1)),
        signer.status(at=NOW + timedelta(minutes=11)),
        signer.status(by=(authority.keystore.signer(KeyName.CONTENT_SIGNING), authority.content_signing)),
        signer.status(by=(signer.key, Authority().issue("OCSP", signer.key.public_key()))),
        good.replace(signature, signature[:-1] + bytes((signature[-1] ^ 1,))),
        good.replace(point, point[:-1] + bytes((point[-1] ^ 1,))),  # no point of the curve
        ocsp.OCSPResponseBuilder.build_unsuccessful(ocsp.OCSPResponseStatus.TRY_LATER).public_bytes(Encoding.DER),
    ]
    for answer in answers:
        assert fault(verifier, signer.sign(answer)) is SignatureFault.STATUS_NOT_PROVED


def test_the_attributes_are_read_as_they_were_written(signer: Signer) -> None:
    signed = signer.sign()
    read = read_signature(signed)
    assert write_signature(read.signed_attributes, read.signature, read.certificates, read.ocsp) == signed


def test_the_year_2050_is_written_in_four_digits(signer: Signer) -> None:
    """RFC 5652 §11.3."""
    attributes = write_attributes(bytes(32), datetime(2050, 1, 2, tzinfo=NOW.tzinfo), b"", bytes(16))
    (time,) = (one for one in cms.CMSAttributes.load(attributes) if one["type"].native == "signing_time")
    assert time["values"][0].chosen.contents == b"20500102000000Z"


@pytest.mark.filterwarnings("ignore:Parsed a serial number:cryptography.utils.CryptographyDeprecationWarning")
@given(st.data())
def test_nothing_but_the_form_is_raised_for_bytes_that_are_changed(
    verifier: SignatureVerifier, message: bytes, data: st.DataObject
) -> None:
    signed = bytearray(message)
    for _ in range(data.draw(st.integers(1, 3))):
        signed[data.draw(st.integers(0, len(signed) - 1))] = data.draw(st.integers(0, 255))
    with suppress(SignatureRefused):
        assert verifier.verify_kept(bytes(signed), DOCUMENT).signed_at == NOW
