"""Checking citizens' signatures of documents, with nothing but the city's root certificate."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.x509 import ocsp, verification
from cryptography.x509.oid import ExtendedKeyUsageOID

from cardsvc.client.assertions import VerifiedAssertion
from cardsvc.client.errors import SignatureFault, SignatureRefused
from cardsvc.wire.document_signatures import (
    DOCUMENT_USAGE,
    HOLDER_SIGNATURE_POLICY,
    SignatureMalformed,
    UnverifiedSignature,
    read_signature,
    write_attributes,
)

STATUS_WITHIN: Final = timedelta(minutes=10)
"""The certificate was in force at most so long after the citizen began to sign, says the OCSP response."""

_ECDSA: Final = ec.ECDSA(SHA256())
_USAGE: Final = x509.ObjectIdentifier(DOCUMENT_USAGE)
_POLICY: Final = x509.ObjectIdentifier(HOLDER_SIGNATURE_POLICY)


@dataclass(frozen=True, slots=True)
class SignedDocument:
    """A signature that was checked against its document. Only `SignatureVerifier` makes one."""

    document_sha256: bytes
    signed_at: datetime
    """When the service had the card sign; its certificate was checked for that time."""
    certificate: x509.Certificate
    """Of the card's 9C key. It names the card, and not the person."""


@dataclass(frozen=True, slots=True)
class VerifiedSignature:
    """A document that was signed by the citizen whom the assertion is about. Only `SignatureVerifier` makes one."""

    signed: SignedDocument
    assertion: VerifiedAssertion


class SignatureVerifier:
    """Checks signatures offline, as of the time when they were made. Safe to share between threads.

    ``roots`` are the certificates of the city's root, got from somebody you trust.
    """

    def __init__(self, roots: Iterable[x509.Certificate]) -> None:
        self._store = verification.Store(list(roots))

    def verify(self, cms: bytes, document: bytes, assertion: VerifiedAssertion) -> VerifiedSignature:
        """What a kiosk brings: the CMS, and the assertion that came with it, which `AssertionVerifier` has checked.

        Raises SignatureRefused, which carries the fault.
        """
        signed = self.verify_kept(cms, document)
        hashes = (assertion.claims.transaction_hash, assertion.claims.signature_sha256)
        if hashes != (signed.document_sha256, hashlib.sha256(cms).digest()):
            raise SignatureRefused(SignatureFault.ANOTHER_ASSERTION)
        return VerifiedSignature(signed, assertion)

    def verify_kept(self, cms: bytes, document: bytes) -> SignedDocument:
        """A CMS that was kept, years later. Who signed is known from the assertion alone. Raises SignatureRefused."""
        try:
            unverified = read_signature(cms)
        except SignatureMalformed as error:
            raise SignatureRefused(SignatureFault.MALFORMED) from error
        digest = hashlib.sha256(document).digest()
        expected = write_attributes(
            digest, unverified.signed_at, unverified.certificates[0], identifier=unverified.identifier
        )
        if unverified.signed_attributes != expected:
            raise SignatureRefused(SignatureFault.ANOTHER_DOCUMENT)
        signer, issuer = self._trusted(unverified)
        key = signer.public_key()
        if not isinstance(key, ec.EllipticCurvePublicKey) or not _signed(
            key, unverified.signature, unverified.signed_attributes
        ):
            raise SignatureRefused(SignatureFault.SIGNATURE_FALSE)
        if not _was_in_force(signer, issuer, unverified):
            raise SignatureRefused(SignatureFault.STATUS_NOT_PROVED)
        return SignedDocument(digest, unverified.signed_at, signer)

    def _trusted(self, unverified: UnverifiedSignature) -> tuple[x509.Certificate, x509.Certificate]:
        """The signer's certificate and its issuer's."""
        try:
            own, *others = [x509.load_der_x509_certificate(der) for der in unverified.certificates]
            verified = self._path_verifier(unverified.signed_at).verify(own, others)
        except (ValueError, x509.InvalidVersion, verification.VerificationError) as error:
            raise SignatureRefused(SignatureFault.CERTIFICATE_REFUSED) from error
        return own, verified.chain[1]

    def _path_verifier(self, signed_at: datetime) -> verification.ClientVerifier:
        agnostic = verification.Criticality.AGNOSTIC
        leaf = (
            verification.ExtensionPolicy.permit_all()
            .require_present(x509.ExtendedKeyUsage, agnostic, _check_usage)
            .require_present(x509.CertificatePolicies, agnostic, _check_policy)
        )
        return (
            verification.PolicyBuilder()
            .store(self._store)
            .time(signed_at)
            .max_chain_depth(1)
            .extension_policies(ca_policy=verification.ExtensionPolicy.webpki_defaults_ca(), ee_policy=leaf)
            .build_client_verifier()
        )


def _check_usage(_policy: verification.Policy, _own: x509.Certificate, usage: x509.ExtendedKeyUsage) -> None:
    if _USAGE not in usage:
        raise ValueError("the certificate is for something else")


def _check_policy(_policy: verification.Policy, _own: x509.Certificate, policies: x509.CertificatePolicies) -> None:
    """A department's seal, of the same city, signs documents as well."""
    if [policy.policy_identifier for policy in policies] != [_POLICY]:
        raise ValueError("the certificate is not of a card's signature key")


def _signed(key: ec.EllipticCurvePublicKey, signature: bytes, message: bytes) -> bool:
    try:
        key.verify(signature, message, _ECDSA)
    except InvalidSignature:
        return False
    return True


def _was_in_force(signer: x509.Certificate, issuer: x509.Certificate, unverified: UnverifiedSignature) -> bool:
    """RFC 6960 §3.2: about this certificate, by a responder that its issuer named, of the right time, and good."""
    try:
        answer = ocsp.load_der_ocsp_response(unverified.ocsp)
        return _is_answered(answer, signer, issuer) and _is_good(answer, unverified.signed_at)
    except (ValueError, x509.InvalidVersion, x509.ExtensionNotFound, UnsupportedAlgorithm):
        return False  # much of it is read only when it is asked for


def _is_answered(answer: ocsp.OCSPResponse, signer: x509.Certificate, issuer: x509.Certificate) -> bool:
    (responder,) = answer.certificates
    if not (_is_about(answer, signer, issuer) and _is_responder(responder, issuer, answer.this_update_utc)):
        return False
    key = responder.public_key()
    return (
        isinstance(key, ec.EllipticCurvePublicKey)
        and isinstance(answer.signature_hash_algorithm, SHA256)
        and _signed(key, answer.signature, answer.tbs_response_bytes)
    )


def _is_good(answer: ocsp.OCSPResponse, signed_at: datetime) -> bool:
    late = answer.this_update_utc - signed_at
    return timedelta(0) <= late <= STATUS_WITHIN and answer.certificate_status is ocsp.OCSPCertStatus.GOOD


def _is_about(answer: ocsp.OCSPResponse, signer: x509.Certificate, issuer: x509.Certificate) -> bool:
    asked = ocsp.OCSPRequestBuilder().add_certificate(signer, issuer, answer.hash_algorithm).build()
    said = (answer.serial_number, answer.issuer_name_hash, answer.issuer_key_hash)
    return said == (asked.serial_number, asked.issuer_name_hash, asked.issuer_key_hash)


def _is_responder(responder: x509.Certificate, issuer: x509.Certificate, at: datetime) -> bool:
    usage = responder.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    try:
        responder.verify_directly_issued_by(issuer)
    except (InvalidSignature, ValueError, TypeError):
        return False
    in_time = responder.not_valid_before_utc <= at <= responder.not_valid_after_utc
    return in_time and ExtendedKeyUsageOID.OCSP_SIGNING in usage
