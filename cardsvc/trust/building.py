"""The certificates of the city, each as its builder makes it; `authority.py` says who signs which.

root CA (P-384)  →  issuing CA (P-256, pathLen 0)  →  cards, content signing, OCSP responder, seals, evidence
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from cardsvc.trust import identifiers
from cardsvc.trust.profiles import PROFILES, CertificateProfile, signing_key_usage
from readers import tlv
from readers.piv.fascn import NON_FEDERAL

CLOCK_SKEW: Final = timedelta(minutes=5)
"""Certificates begin a little in the past, for readers whose clock is behind."""


def common_name(name: str) -> x509.Name:
    """A name of one part."""
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


def card_name(card_uuid: UUID) -> x509.Name:
    """A card's name: its UUID and nothing else."""
    return x509.Name(
        [
            x509.NameAttribute(NameOID.COMMON_NAME, str(card_uuid)),
            x509.NameAttribute(NameOID.SERIAL_NUMBER, str(card_uuid)),
        ]
    )


def builder(
    subject: x509.Name,
    issuer: x509.Name,
    public_key: ec.EllipticCurvePublicKey,
    issuer_key: ec.EllipticCurvePublicKey,
    *,
    now: datetime,
    not_after: datetime,
) -> x509.CertificateBuilder:
    """What every certificate has: names, key, times, a random serial number, identifiers of both keys."""
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(public_key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - CLOCK_SKEW)
        .not_valid_after(not_after)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key), critical=False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public_key), critical=False)
    )


def with_profile(
    certificate: x509.CertificateBuilder, profile: CertificateProfile, card_uuid: UUID
) -> x509.CertificateBuilder:
    """As a card's certificate."""
    names = x509.SubjectAlternativeName(
        [
            x509.OtherName(identifiers.NAME_PIV_FASC_N, tlv.encode(0x04, bytes(NON_FEDERAL))),
            x509.UniformResourceIdentifier(card_uuid.urn),
        ]
    )
    return (
        _end_entity(certificate)
        .add_extension(profile.key_usage, critical=True)
        .add_extension(x509.ExtendedKeyUsage(profile.extended_usages), critical=profile.extended_usage_critical)
        .add_extension(x509.CertificatePolicies([x509.PolicyInformation(profile.policy, None)]), critical=False)
        .add_extension(names, critical=False)
    )


def as_authority(certificate: x509.CertificateBuilder, path_length: int) -> x509.CertificateBuilder:
    """As a certificate authority."""
    return certificate.add_extension(
        x509.BasicConstraints(ca=True, path_length=path_length), critical=True
    ).add_extension(signing_key_usage(authority=True), critical=True)


def with_card_policies(certificate: x509.CertificateBuilder) -> x509.CertificateBuilder:
    """What the root lets an issuing CA do: a policy left out is one that a card cannot claim (RFC 5280 §6.1)."""
    allowed = [x509.PolicyInformation(profile.policy, None) for profile in PROFILES.values()]
    return certificate.add_extension(x509.CertificatePolicies(allowed), critical=False)


def as_content_signer(certificate: x509.CertificateBuilder) -> x509.CertificateBuilder:
    """For security objects (FIPS 201-3 §4.2.1)."""
    return (
        _end_entity(certificate)
        .add_extension(signing_key_usage(), critical=True)
        .add_extension(x509.ExtendedKeyUsage([identifiers.EKU_PIV_CONTENT_SIGNING]), critical=True)
    )


def as_seal(certificate: x509.CertificateBuilder) -> x509.CertificateBuilder:
    """For papers that a department gives out (RFC 9336). No card policy is in it, so it passes for no card's key."""
    return (
        _end_entity(certificate)
        .add_extension(signing_key_usage(content_commitment=True), critical=True)
        .add_extension(x509.ExtendedKeyUsage([identifiers.EKU_DOCUMENT_SIGNING]), critical=False)
    )


def as_evidence_signer(certificate: x509.CertificateBuilder) -> x509.CertificateBuilder:
    """For evidence of verifications; its only usage is ours, so that nobody takes it for anything else."""
    return (
        _end_entity(certificate)
        .add_extension(signing_key_usage(content_commitment=True), critical=True)
        .add_extension(x509.ExtendedKeyUsage([identifiers.EKU_EVIDENCE]), critical=True)
    )


def as_responder(certificate: x509.CertificateBuilder) -> x509.CertificateBuilder:
    """For OCSP answers in the issuer's name (RFC 6960 §4.2.2.2); nobody is asked about its own status (§4.2.2.2.1)."""
    return (
        _end_entity(certificate)
        .add_extension(signing_key_usage(), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.OCSP_SIGNING]), critical=True)
        .add_extension(x509.OCSPNoCheck(), critical=False)
    )


def _end_entity(certificate: x509.CertificateBuilder) -> x509.CertificateBuilder:
    return certificate.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
