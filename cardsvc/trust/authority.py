"""The city's certificate authorities: how they come to be, and how the issuing one signs card certificates.

root CA (P-384)  →  issuing CA (P-256, pathLen 0)  →  card certificates, content signing
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Final, Self
from uuid import UUID

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from cardsvc.trust import identifiers
from cardsvc.trust.keystore import KeyName, Keystore, KeystoreError, KeystoreMissing
from cardsvc.trust.profiles import PROFILES, CertificateProfile, signing_key_usage
from readers import tlv
from readers.piv.fascn import NON_FEDERAL
from readers.piv.identifiers import KeyReference

ROOT_YEARS: Final = 25
ISSUING_YEARS: Final = 15
"""Longer than any card that it signs: `IssuingAuthority.issue` refuses a certificate that outlives its issuer."""
CLOCK_SKEW: Final = timedelta(minutes=5)
"""Certificates begin a little in the past, for readers whose clock is behind."""

_FILES: Final = {
    KeyName.ROOT_CA: "root-ca.pem",
    KeyName.ISSUING_CA: "issuing-ca.pem",
    KeyName.CONTENT_SIGNING: "content-signing.pem",
}


class OutlivesItsIssuer(Exception):
    """Raised when a certificate would be valid longer than the issuing CA: it is time to renew that."""


@dataclass(frozen=True)
class IssuingAuthority:
    """The chain of authorities, with the keystore that can sign for it."""

    keystore: Keystore
    root: x509.Certificate
    issuing: x509.Certificate
    content_signing: x509.Certificate

    @classmethod
    def establish(cls, keystore: Keystore, title: str, now: datetime) -> Self:
        """Certify the keys of a new keystore: root by itself, issuing CA by the root, content signing by that."""
        root_name, issuing_name = _name(f"{title} Root CA"), _name(f"{title} Issuing CA")
        root = _certify_authority(keystore, KeyName.ROOT_CA, root_name, root_name, now)
        issuing = _certify_authority(keystore, KeyName.ISSUING_CA, issuing_name, root_name, now)
        signing = _certify_content_signing(keystore, _name(f"{title} Content Signing"), issuing, now)
        return cls(keystore, root, issuing, signing)

    @classmethod
    def load(cls, folder: Path, keystore: Keystore) -> Self:
        """Read the certificates beside a keystore. Raises KeystoreMissing, KeystoreError when one is not its key's."""
        root, issuing, signing = (_load(folder / file, keystore.public_key(name)) for name, file in _FILES.items())
        return cls(keystore, root, issuing, signing)

    def save(self, folder: Path) -> None:
        """Write the certificates beside a keystore. They are public."""
        for file, certificate in zip(_FILES.values(), (self.root, self.issuing, self.content_signing), strict=True):
            (folder / file).write_bytes(certificate.public_bytes(Encoding.PEM))

    def issue(
        self, key: KeyReference, public_key: ec.EllipticCurvePublicKey, card_uuid: UUID, expires_on: date, now: datetime
    ) -> x509.Certificate:
        """A certificate for a key of a card, by the profile of its key reference, valid to the end of ``expires_on``.

        Raises OutlivesItsIssuer; KeyError for a key reference without a profile.
        """
        profile = PROFILES[key]
        not_after = datetime.combine(expires_on, time(23, 59, 59), UTC)
        if not_after > self.issuing.not_valid_after_utc:
            raise OutlivesItsIssuer(f"the issuing CA ends on {self.issuing.not_valid_after_utc:%Y-%m-%d}")
        builder = _builder(_card_name(card_uuid), self.issuing.subject, public_key, now, not_after)
        builder = _with_key_identifiers(builder, public_key, self.keystore.public_key(KeyName.ISSUING_CA))
        return _with_profile(builder, profile, card_uuid).sign(
            self.keystore.signer(KeyName.ISSUING_CA), hashes.SHA256()
        )


def _name(common_name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])


def _card_name(card_uuid: UUID) -> x509.Name:
    return x509.Name(
        [
            x509.NameAttribute(NameOID.COMMON_NAME, str(card_uuid)),
            x509.NameAttribute(NameOID.SERIAL_NUMBER, str(card_uuid)),
        ]
    )


def _builder(
    subject: x509.Name,
    issuer: x509.Name,
    public_key: ec.EllipticCurvePublicKey,
    now: datetime,
    not_after: datetime,
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(public_key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - CLOCK_SKEW)
        .not_valid_after(not_after)
    )


def _with_key_identifiers(
    builder: x509.CertificateBuilder, subject: ec.EllipticCurvePublicKey, issuer: ec.EllipticCurvePublicKey
) -> x509.CertificateBuilder:
    return builder.add_extension(
        x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer), critical=False
    ).add_extension(x509.SubjectKeyIdentifier.from_public_key(subject), critical=False)


def _with_profile(
    builder: x509.CertificateBuilder, profile: CertificateProfile, card_uuid: UUID
) -> x509.CertificateBuilder:
    names = x509.SubjectAlternativeName(
        [
            x509.OtherName(identifiers.NAME_PIV_FASC_N, tlv.encode(0x04, bytes(NON_FEDERAL))),
            x509.UniformResourceIdentifier(card_uuid.urn),
        ]
    )
    return (
        builder.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(profile.key_usage, critical=True)
        .add_extension(x509.ExtendedKeyUsage(profile.extended_usages), critical=profile.extended_usage_critical)
        .add_extension(x509.CertificatePolicies([x509.PolicyInformation(profile.policy, None)]), critical=False)
        .add_extension(names, critical=False)
    )


def _certify_authority(
    keystore: Keystore, key: KeyName, subject: x509.Name, root: x509.Name, now: datetime
) -> x509.Certificate:
    years, path_length = (ROOT_YEARS, 1) if key is KeyName.ROOT_CA else (ISSUING_YEARS, 0)
    builder = _builder(subject, root, keystore.public_key(key), now, now + timedelta(days=365 * years))
    builder = _with_key_identifiers(builder, keystore.public_key(key), keystore.public_key(KeyName.ROOT_CA))
    builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=path_length), critical=True)
    builder = builder.add_extension(signing_key_usage(authority=True), critical=True)
    if key is KeyName.ISSUING_CA:
        # What the root lets it do: a policy left out here is one that a card certificate cannot claim (RFC 5280 §6.1).
        allowed = [x509.PolicyInformation(profile.policy, None) for profile in PROFILES.values()]
        builder = builder.add_extension(x509.CertificatePolicies(allowed), critical=False)
    return builder.sign(keystore.signer(KeyName.ROOT_CA), hashes.SHA384())


def _certify_content_signing(
    keystore: Keystore, subject: x509.Name, issuing: x509.Certificate, now: datetime
) -> x509.Certificate:
    public_key = keystore.public_key(KeyName.CONTENT_SIGNING)
    builder = _builder(subject, issuing.subject, public_key, now, issuing.not_valid_after_utc)
    builder = _with_key_identifiers(builder, public_key, keystore.public_key(KeyName.ISSUING_CA))
    return (
        builder.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(signing_key_usage(), critical=True)
        .add_extension(x509.ExtendedKeyUsage([identifiers.EKU_PIV_CONTENT_SIGNING]), critical=True)
        .sign(keystore.signer(KeyName.ISSUING_CA), hashes.SHA256())
    )


def _load(path: Path, public_key: ec.EllipticCurvePublicKey) -> x509.Certificate:
    try:
        certificate = x509.load_pem_x509_certificate(path.read_bytes())
    except FileNotFoundError:
        raise KeystoreMissing(f"there is no {path}") from None
    except ValueError:
        raise KeystoreError(f"{path} is not a certificate") from None
    if certificate.public_key() != public_key:
        raise KeystoreError(f"{path} is not the certificate of the keystore's key")
    return certificate
