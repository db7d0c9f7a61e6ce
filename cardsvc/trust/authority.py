"""The city's certificate authorities: how they come to be, and how the issuing one signs card certificates.

root CA (P-384)  →  issuing CA (P-256, pathLen 0)  →  cards, content signing, OCSP responder, seals, evidence

The issuing CA keeps its name when its key is renewed; certificates by its former keys stay good (RFC 4210 §4.4 calls it
key update). What certificates look like is in `building.py`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from itertools import count
from pathlib import Path
from typing import Final, Self
from uuid import UUID

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from cardsvc.trust import building
from cardsvc.trust.addresses import ROOT, Addresses, issuer_code
from cardsvc.trust.keystore import FIRST, KeyName, Keystore, KeystoreError, KeystoreMissing, label_of
from cardsvc.trust.profiles import PROFILES
from cardsvc.wire.status_list import StatusReference
from readers.piv.identifiers import KeyReference

_ROOT_SUFFIX: Final = " Root CA"
ROOT_YEARS: Final = 25
ISSUING_YEARS: Final = 15
"""Longer than any card that it signs: `IssuingAuthority.issue` refuses a certificate that outlives its issuer."""

_Finish = Callable[[x509.CertificateBuilder], x509.CertificateBuilder]


class OutlivesItsIssuer(Exception):
    """Raised when a certificate would be valid longer than the issuing CA: it is time to renew that."""


@dataclass(frozen=True)
class IssuingAuthority:
    """The chain of authorities, with the keystore that can sign for it."""

    keystore: Keystore
    addresses: Addresses
    root: x509.Certificate
    issuers: tuple[x509.Certificate, ...]
    """Every certificate that the issuing CA ever had, the oldest first: its key's version is the place, from 1 on."""
    content_signing: x509.Certificate

    @classmethod
    def establish(cls, keystore: Keystore, addresses: Addresses, title: str, now: datetime) -> Self:
        """Certify the keys of a new keystore: root by itself, issuing CA by the root, content signing by that."""
        name = building.common_name(f"{title}{_ROOT_SUFFIX}")
        root = _certify_root(keystore, name, now)
        subject = building.common_name(f"{title} Issuing CA")
        issuer = _Issuer.certified(keystore, addresses, root, name=subject, version=FIRST, now=now)
        signer = issuer.certify_signer(building.common_name(f"{title} Content Signing"), now)
        return cls(keystore, addresses, root, (issuer.certificate,), signer)

    @classmethod
    def load(cls, folder: Path, keystore: Keystore, addresses: Addresses) -> Self:
        """Read the certificates beside a keystore. Raises KeystoreMissing, KeystoreError when one is not its key's."""
        return cls(
            keystore,
            addresses,
            _load(folder, KeyName.ROOT_CA, keystore),
            tuple(_load(folder, KeyName.ISSUING_CA, keystore, version) for version in _issuer_versions(folder)),
            _load(folder, KeyName.CONTENT_SIGNING, keystore),
        )

    @property
    def title(self) -> str:
        """How the authorities are called, before what each of them is."""
        (name,) = self.root.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
        return str(name.value).removesuffix(_ROOT_SUFFIX)

    @property
    def issuing(self) -> x509.Certificate:
        """The certificate of the issuing CA that signs now."""
        return self.issuers[-1]

    @property
    def issuer_version(self) -> int:
        """The version of its key."""
        return len(self.issuers)

    def save(self, folder: Path) -> None:
        """Write the certificates beside a keystore. They are public."""
        _save(self.root, folder, KeyName.ROOT_CA)
        _save(self.content_signing, folder, KeyName.CONTENT_SIGNING)
        for version, certificate in enumerate(self.issuers, start=FIRST):
            _save(certificate, folder, KeyName.ISSUING_CA, version)

    def with_new_issuer(self, now: datetime) -> Self:
        """With a new key of the issuing CA, which certifies the content signer anew. Nothing is saved."""
        version = self.issuer_version + 1
        try:
            self.keystore.public_key(KeyName.ISSUING_CA, version)  # left by an attempt that failed: it signed nothing
        except KeystoreMissing:
            self.keystore.add_version(KeyName.ISSUING_CA)
        issuer = _Issuer.certified(
            self.keystore, self.addresses, self.root, name=self.issuing.subject, version=version, now=now
        )
        signer = issuer.certify_signer(self.content_signing.subject, now)
        return replace(self, issuers=(*self.issuers, issuer.certificate), content_signing=signer)

    def issue(
        self,
        key: KeyReference,
        public_key: ec.EllipticCurvePublicKey,
        card_uuid: UUID,
        expires_on: date,
        now: datetime,
        *,
        status: StatusReference | None = None,
    ) -> x509.Certificate:
        """A certificate for a key of a card, by the profile of its key reference, valid to the end of ``expires_on``.

        ``status`` is the card's place in a status list. Raises OutlivesItsIssuer; KeyError for a key reference without
        a profile.
        """
        profile = PROFILES[key]
        not_after = datetime.combine(expires_on, time(23, 59, 59), UTC)
        if not_after > self.issuing.not_valid_after_utc:
            raise OutlivesItsIssuer(f"the issuing CA ends on {self.issuing.not_valid_after_utc:%Y-%m-%d}")

        def finish(certificate: x509.CertificateBuilder) -> x509.CertificateBuilder:
            certificate = building.with_profile(certificate, profile, card_uuid)
            return certificate if status is None else certificate.add_extension(status.to_extension(), critical=False)

        return self._issuer(self.issuer_version).certify(
            building.card_name(card_uuid), public_key, now, not_after, finish
        )

    def certify_responder(self, version: int, now: datetime, lifetime: timedelta) -> x509.Certificate:
        """A certificate for the OCSP key by the issuing CA with this version of its key: it answers for that one."""
        name = building.common_name(f"OCSP responder {issuer_code(version)}")
        public_key = self.keystore.public_key(KeyName.OCSP)
        return self._issuer(version).certify(name, public_key, now, now + lifetime, building.as_responder)

    def certify_seal(
        self, title: str, public_key: ec.EllipticCurvePublicKey, now: datetime, lifetime: timedelta
    ) -> x509.Certificate:
        """A certificate for a department's seal, by the present key of the issuing CA. Raises OutlivesItsIssuer."""
        if now + lifetime > self.issuing.not_valid_after_utc:
            raise OutlivesItsIssuer(f"the issuing CA ends on {self.issuing.not_valid_after_utc:%Y-%m-%d}")
        name = building.common_name(title)
        return self._issuer(self.issuer_version).certify(name, public_key, now, now + lifetime, building.as_seal)

    def certify_evidence(
        self, public_key: ec.EllipticCurvePublicKey, now: datetime, lifetime: timedelta
    ) -> x509.Certificate:
        """A certificate for a version of the evidence key, by the present key of the issuing CA."""
        end = min(now + lifetime, self.issuing.not_valid_after_utc)
        return self._issuer(self.issuer_version).certify(
            building.common_name(f"{self.title} Evidence"), public_key, now, end, building.as_evidence_signer
        )

    def _issuer(self, version: int) -> _Issuer:
        return _Issuer(self.keystore, self.addresses, self.issuers[version - FIRST], version)


@dataclass(frozen=True)
class _Issuer:
    """The issuing CA with one version of its key."""

    keystore: Keystore
    addresses: Addresses
    certificate: x509.Certificate
    version: int

    @classmethod
    def certified(
        cls,
        keystore: Keystore,
        addresses: Addresses,
        root: x509.Certificate,
        *,
        name: x509.Name,
        version: int,
        now: datetime,
    ) -> Self:
        """Certify a version of its key by the root."""
        public_key, root_key = keystore.public_key(KeyName.ISSUING_CA, version), keystore.public_key(KeyName.ROOT_CA)
        end = min(now + timedelta(days=365 * ISSUING_YEARS), root.not_valid_after_utc)
        certificate = building.builder(name, root.subject, public_key, root_key, now=now, not_after=end)
        certificate = building.with_card_policies(building.as_authority(certificate, path_length=0))
        certificate = _with_addresses(certificate, addresses, ROOT)
        signed = certificate.sign(keystore.signer(KeyName.ROOT_CA), hashes.SHA384())
        return cls(keystore, addresses, signed, version)

    def certify(
        self, name: x509.Name, public_key: ec.EllipticCurvePublicKey, now: datetime, end: datetime, finish: _Finish
    ) -> x509.Certificate:
        """Certify a key of somebody else."""
        own_key = self.keystore.public_key(KeyName.ISSUING_CA, self.version)
        certificate = building.builder(name, self.certificate.subject, public_key, own_key, now=now, not_after=end)
        certificate = _with_addresses(finish(certificate), self.addresses, issuer_code(self.version))
        return certificate.sign(self.keystore.signer(KeyName.ISSUING_CA, self.version), hashes.SHA256())

    def certify_signer(self, name: x509.Name, now: datetime) -> x509.Certificate:
        """Certify the content signer for as long as this CA is valid."""
        public_key = self.keystore.public_key(KeyName.CONTENT_SIGNING)
        return self.certify(name, public_key, now, self.certificate.not_valid_after_utc, building.as_content_signer)


def _certify_root(keystore: Keystore, name: x509.Name, now: datetime) -> x509.Certificate:
    public_key = keystore.public_key(KeyName.ROOT_CA)
    end = now + timedelta(days=365 * ROOT_YEARS)
    certificate = building.builder(name, name, public_key, public_key, now=now, not_after=end)
    return building.as_authority(certificate, path_length=1).sign(keystore.signer(KeyName.ROOT_CA), hashes.SHA384())


def _with_addresses(certificate: x509.CertificateBuilder, addresses: Addresses, issuer: str) -> x509.CertificateBuilder:
    return certificate.add_extension(addresses.distribution_points(issuer), critical=False).add_extension(
        addresses.access(issuer), critical=False
    )


def _path(folder: Path, key: KeyName, version: int = FIRST) -> Path:
    return folder / f"{label_of(key, version)}.pem"


def _issuer_versions(folder: Path) -> range:
    """At least the first, so that its absence is told."""
    end = next(version for version in count(FIRST + 1) if not _path(folder, KeyName.ISSUING_CA, version).exists())
    return range(FIRST, end)


def _save(certificate: x509.Certificate, folder: Path, key: KeyName, version: int = FIRST) -> None:
    _path(folder, key, version).write_bytes(certificate.public_bytes(Encoding.PEM))


def _load(folder: Path, key: KeyName, keystore: Keystore, version: int = FIRST) -> x509.Certificate:
    path = _path(folder, key, version)
    try:
        certificate = x509.load_pem_x509_certificate(path.read_bytes())
    except FileNotFoundError:
        raise KeystoreMissing(f"there is no {path}") from None
    except ValueError:
        raise KeystoreError(f"{path} is not a certificate") from None
    if certificate.public_key() != keystore.public_key(key, version):
        raise KeystoreError(f"{path} is not the certificate of the keystore's key")
    return certificate
