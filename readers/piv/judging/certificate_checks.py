"""Certificates of keys and signers: paths, times, revocation, policies, usages, identifiers."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Final, TypeVar

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from readers.certificates import public_key_of
from readers.errors import (
    CertificateExpired,
    CertificateForged,
    CertificateNotYetValid,
    CertificatePolicyMissing,
    CertificateRevoked,
    CertificateUnfit,
    CertificateUntrusted,
    PathError,
    RevocationUnknown,
)
from readers.paths import find_path
from readers.piv.identifiers import KeyReference
from readers.piv.judging.evidence import SIGNER, Evidence
from readers.piv.judging.tapped import CARD_AUTHENTICATION_USAGE
from readers.piv.judging.verdict import Code, Severity

_Extension = TypeVar("_Extension", bound=x509.ExtensionType)

CONTENT_SIGNING_USAGE: Final = x509.ObjectIdentifier("2.16.840.1.101.3.6.7")
"""id-PIV-content-signing, the extended key usage of who signs objects (FIPS 201-3 §4.2.1)."""

AUTHORITY: Final = "authority"
"""Where a certificate between the card's and the anchor is at fault: said once, however many depend on it."""

PATH_CODES: Final[Mapping[type[PathError], tuple[Code, Severity]]] = {
    CertificateForged: (Code.CERTIFICATE_FORGED, Severity.FAULT),
    CertificateUntrusted: (Code.CERTIFICATE_UNTRUSTED, Severity.FAULT),
    CertificateExpired: (Code.CERTIFICATE_EXPIRED, Severity.FAULT),
    CertificateNotYetValid: (Code.CERTIFICATE_NOT_YET_VALID, Severity.FAULT),
    CertificateRevoked: (Code.CERTIFICATE_REVOKED, Severity.FAULT),
    RevocationUnknown: (Code.REVOCATION_UNKNOWN, Severity.OPEN),
    CertificatePolicyMissing: (Code.POLICY_MISSING, Severity.FAULT),
    CertificateUnfit: (Code.CERTIFICATE_WEAK, Severity.FAULT),
}
"""`find_path` raises each of these, and CertificateUnfit only over weak algorithms."""

_KEY_USAGES: Final[Mapping[KeyReference, tuple[str, ...]]] = {
    KeyReference.PIV_AUTHENTICATION: ("digital_signature",),
    KeyReference.DIGITAL_SIGNATURE: ("digital_signature", "content_commitment"),
    KeyReference.CARD_AUTHENTICATION: ("digital_signature",),
}
"""What a key must be for (FIPS 201-3 §4.2.2, Common Policy profiles); that of 9D depends on its kind."""

_FOREIGN_POLICIES: Final[Mapping[str, KeyReference | str]] = {
    "2.16.840.1.101.3.2.1.3.13": KeyReference.PIV_AUTHENTICATION,  # id-fpki-common-authentication
    "2.16.840.1.101.3.2.1.3.17": KeyReference.CARD_AUTHENTICATION,  # id-fpki-common-cardAuth
    "2.16.840.1.101.3.2.1.3.39": SIGNER,  # id-fpki-common-piv-contentSigning
    "2.16.840.1.101.3.2.1.3.19": KeyReference.CARD_AUTHENTICATION,  # id-fpki-certpcy-pivi-cardAuth
    "2.16.840.1.101.3.2.1.3.20": SIGNER,  # id-fpki-certpcy-pivi-contentSigning
    "2.16.840.1.101.3.2.1.48.11": KeyReference.PIV_AUTHENTICATION,  # the same, as NIST tests with them
    "2.16.840.1.101.3.2.1.48.13": KeyReference.CARD_AUTHENTICATION,
    "2.16.840.1.101.3.2.1.48.86": SIGNER,
}
"""Policies that say what a key is for: only that key's certificate may carry them."""


def check_paths(evidence: Evidence) -> None:
    """Each certificate leads to an anchor: signatures, times, revocation, policies."""
    if not evidence.trust.anchors:
        evidence.find(Code.NO_ANCHORS, AUTHORITY, Severity.OPEN)
        return
    for key, certificate in evidence.certificates.items():
        _check_path(evidence, certificate, key, name_of(key))
    for signer in evidence.signers:
        _check_path(evidence, signer, SIGNER, SIGNER)


def _check_path(evidence: Evidence, certificate: x509.Certificate, use: KeyReference | str, where: str) -> None:
    trust = evidence.trust
    try:
        find_path(
            certificate,
            trust.intermediates,
            trust.anchors,
            evidence.at,
            policies=trust.policies_for(use),
            crls=trust.crls,
        )
    except PathError as error:
        code, severity = PATH_CODES[type(error)]
        own = error.certificate == certificate
        evidence.find(code, where if own else AUTHORITY, severity, **_seen(error))


def _seen(error: PathError) -> dict[str, object]:
    culprit = error.certificate
    match error:
        case CertificateRevoked():
            return {"reason": error.why.value, "since": error.since.isoformat(), "serial": f"{culprit.serial_number:x}"}
        case CertificateExpired():
            return {"not_after": culprit.not_valid_after_utc.isoformat(), "serial": f"{culprit.serial_number:x}"}
        case CertificateNotYetValid():
            return {"not_before": culprit.not_valid_before_utc.isoformat(), "serial": f"{culprit.serial_number:x}"}
    return {"serial": f"{culprit.serial_number:x}"}


def check_usages(evidence: Evidence) -> None:
    """Each key is for what it is used for, and for nothing that would let it pass for another."""
    for key, certificate in evidence.certificates.items():
        allowed = extension(certificate, x509.KeyUsage)
        wanted = _KEY_USAGES.get(key) or _encryption_usage(certificate)
        missing = [usage for usage in wanted if allowed is None or not getattr(allowed, usage)]
        if missing or _is_authority(certificate) or (allowed is not None and allowed.key_cert_sign):
            evidence.find(Code.KEY_USAGE_WRONG, name_of(key), missing=" ".join(missing))
        purposes = set(extension(certificate, x509.ExtendedKeyUsage) or ())
        if (CARD_AUTHENTICATION_USAGE in purposes) != (key is KeyReference.CARD_AUTHENTICATION):
            evidence.find(
                Code.EXTENDED_KEY_USAGE_WRONG,
                name_of(key),
                found=" ".join(sorted(purpose.dotted_string for purpose in purposes)),
            )
    for signer in evidence.signers:
        allowed = extension(signer, x509.KeyUsage)
        purposes = set(extension(signer, x509.ExtendedKeyUsage) or ())
        signs = allowed is not None and allowed.digital_signature
        if CONTENT_SIGNING_USAGE not in purposes or not signs or _is_authority(signer):
            evidence.find(Code.SIGNER_UNFIT, SIGNER, found=" ".join(sorted(oid.dotted_string for oid in purposes)))


def _encryption_usage(certificate: x509.Certificate) -> tuple[str, ...]:
    is_rsa = isinstance(public_key_of(certificate), rsa.RSAPublicKey)
    return ("key_encipherment",) if is_rsa else ("key_agreement",)


def _is_authority(certificate: x509.Certificate) -> bool:
    constraints = extension(certificate, x509.BasicConstraints)
    return constraints is not None and constraints.ca


def check_policies(evidence: Evidence) -> None:
    """No certificate carries the policy of another key: a tap must not pass for a PIN."""
    for where, use, certificate in _all(evidence):
        policies = extension(certificate, x509.CertificatePolicies) or ()
        for policy in policies:
            oid = policy.policy_identifier.dotted_string
            if _FOREIGN_POLICIES.get(oid, use) != use:
                evidence.find(Code.POLICY_OF_ANOTHER_KEY, where, policy=oid)


def check_keys(evidence: Evidence) -> None:
    """Kinds and sizes of keys (SP 800-78-5 table 1), and the identifier against the key (RFC 5280 §4.2.1.2)."""
    for where, _, certificate in _all(evidence):
        key = public_key_of(certificate)
        strong = (
            key.key_size >= 2048
            if isinstance(key, rsa.RSAPublicKey)
            else isinstance(key, ec.EllipticCurvePublicKey) and isinstance(key.curve, (ec.SECP256R1, ec.SECP384R1))
        )
        if not strong:
            evidence.find(Code.CERTIFICATE_WEAK, where)
        identifier = extension(certificate, x509.SubjectKeyIdentifier)
        if identifier is not None and identifier.digest not in _identifiers(certificate):
            evidence.find(Code.SUBJECT_KEY_IDENTIFIER_WRONG, where, found=identifier.digest.hex())


def _identifiers(certificate: x509.Certificate) -> set[bytes]:
    """What the standards make of a key: RFC 5280 §4.2.1.2, both ways, and RFC 7093 §2."""
    key = public_key_of(certificate)
    if key is None:
        return set()
    sha1 = x509.SubjectKeyIdentifier.from_public_key(key).digest
    info = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    if isinstance(key, ec.EllipticCurvePublicKey):
        bits = key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    else:
        bits = key.public_bytes(Encoding.DER, PublicFormat.PKCS1)
    short = bytes((0x40 | sha1[-8] & 0x0F,)) + sha1[-7:]
    longer = {
        hashlib.new(name, message).digest()[:size]
        for name in ("sha256", "sha384", "sha512")
        for message in (bits, info)
        for size in (20, 64)
    }
    return {sha1, short, *longer}


def check_lifetimes(evidence: Evidence) -> None:
    """No certificate is valid for longer than the card (FIPS 201-3 §4.2.2)."""
    if evidence.chuid is None:
        return
    for key, certificate in evidence.certificates.items():
        last = certificate.not_valid_after_utc.date()
        if last > evidence.chuid.expiry:
            strict = key in {KeyReference.PIV_AUTHENTICATION, KeyReference.CARD_AUTHENTICATION}
            severity = Severity.FAULT if strict else Severity.NOTE
            evidence.find(Code.CERTIFICATE_OUTLIVES_CARD, name_of(key), severity, not_after=last)


def name_of(key: KeyReference) -> str:
    """``9A`` and so on."""
    return f"{key:02X}"


def _all(evidence: Evidence) -> list[tuple[str, KeyReference | str, x509.Certificate]]:
    keys = [(name_of(key), key, certificate) for key, certificate in evidence.certificates.items()]
    return [*keys, *((SIGNER, SIGNER, signer) for signer in evidence.signers)]


def extension(certificate: x509.Certificate, kind: type[_Extension]) -> _Extension | None:
    """An extension, or None where there is none or they cannot be decoded (which its path does not survive)."""
    try:
        return certificate.extensions.get_extension_for_class(kind).value
    except (x509.ExtensionNotFound, ValueError):
        return None
