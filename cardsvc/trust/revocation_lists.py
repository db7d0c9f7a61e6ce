"""Certificate revocation lists (RFC 5280 §5): one for each key of the issuing CA, and the root's of issuing CAs.

A certificate that is on hold stands in the list as certificateHold; when it comes into force it is simply not there any
more (removeFromCRL is for delta lists, §5.3.1, of which there are none). It stays listed for a while after it expired,
so that nobody misses it between two lists.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding
from sqlalchemy import select
from sqlalchemy.orm import Session, load_only

from cardsvc.trust.addresses import ROOT, issuer_code
from cardsvc.trust.authority import IssuingAuthority
from cardsvc.trust.keystore import FIRST, KeyName
from cardsvc.trust.models import Certificate, CertificateStatus, KeyVersion, Publication, SealCertificate
from cardsvc.trust.publishing import Draft, Topic

LIFETIME: Final = timedelta(hours=24)
"""Of the lists of cards. They are made anew at every change, and after half of it."""
ROOT_LIFETIME: Final = timedelta(days=90)
AFTER_EXPIRY: Final = timedelta(days=7)
STATUS_ONLY: Final = load_only(
    Certificate.serial,
    Certificate.status,
    Certificate.held_at,
    Certificate.revoked_at,
    Certificate.revocation_reason,
    Certificate.issuer_version,
)
"""Not the certificates themselves, which are most of the table."""


@dataclass(frozen=True, slots=True)
class Revoked:
    """An entry. ``reason`` is the name of RFC 5280 in `x509.ReasonFlags`."""

    serial_number: int
    since: datetime
    reason: str

    def to_entry(self) -> x509.RevokedCertificate:
        """For the list. "Unspecified" is told by saying nothing (§5.3.1)."""
        entry = x509.RevokedCertificateBuilder().serial_number(self.serial_number).revocation_date(self.since)
        flag = x509.ReasonFlags(self.reason)
        if flag is not x509.ReasonFlags.unspecified:
            entry = entry.add_extension(x509.CRLReason(flag), critical=False)
        return entry.build()


def revocation_list(authority: IssuingAuthority, code: str) -> Topic | None:
    """The list of an issuer, by its code; None when there is no such issuer."""
    if code == ROOT:
        return Topic(Publication.REVOCATION_LIST, ROOT, ROOT_LIFETIME, partial(_of_authorities, authority))
    versions = {issuer_code(version): version for version in range(FIRST, FIRST + len(authority.issuers))}
    if code not in versions:
        return None
    return Topic(Publication.REVOCATION_LIST, code, LIFETIME, partial(_of_holders, authority, versions[code]))


def revoked_state(certificate: Certificate | SealCertificate) -> Revoked | None:
    """What is told about a certificate of a card or a seal; None when it is good."""
    serial_number = int(certificate.serial, 16)
    match certificate.status:
        case CertificateStatus.ON_HOLD:
            return Revoked(serial_number, certificate.held_at, x509.ReasonFlags.certificate_hold.value)
        case CertificateStatus.REVOKED:
            reason = certificate.revocation_reason or x509.ReasonFlags.unspecified.value
            return Revoked(serial_number, certificate.revoked_at or certificate.held_at, reason)
        case CertificateStatus.VALID:
            return None


def _of_holders(authority: IssuingAuthority, version: int, session: Session, now: datetime) -> Draft:
    listed = (
        select(Certificate)
        .options(STATUS_ONLY)
        .where(
            Certificate.status != CertificateStatus.VALID,
            Certificate.issuer_version == version,
            Certificate.not_after > now - AFTER_EXPIRY,
        )
        .order_by(Certificate.serial)
    )
    seals = (
        select(SealCertificate)
        .where(
            SealCertificate.status != CertificateStatus.VALID,
            SealCertificate.issuer_version == version,
            SealCertificate.not_after > now - AFTER_EXPIRY,
        )
        .order_by(SealCertificate.serial)
    )
    states = map(revoked_state, [*session.scalars(listed), *session.scalars(seals)])
    return _draft(authority, KeyName.ISSUING_CA, version, [state for state in states if state is not None])


def _of_authorities(authority: IssuingAuthority, session: Session, now: datetime) -> Draft:
    revoked = session.scalars(
        select(KeyVersion)
        .where(KeyVersion.name == KeyName.ISSUING_CA, KeyVersion.revoked_at.is_not(None))
        .order_by(KeyVersion.version)
    )
    entries = [
        Revoked(certificate.serial_number, row.revoked_at, row.revocation_reason or x509.ReasonFlags.unspecified.value)
        for row in revoked
        if row.revoked_at is not None and row.version <= len(authority.issuers)
        for certificate in [authority.issuers[row.version - FIRST]]
        if certificate.not_valid_after_utc > now - AFTER_EXPIRY
    ]
    return _draft(authority, KeyName.ROOT_CA, FIRST, entries)


def _draft(authority: IssuingAuthority, key: KeyName, version: int, entries: Sequence[Revoked]) -> Draft:
    says = [[f"{entry.serial_number:x}", entry.since.isoformat(), entry.reason] for entry in entries]
    return Draft(json.dumps(says).encode(), _Signing(authority, key, version, entries))


@dataclass(frozen=True)
class _Signing:
    """A list that is to be signed, by a version of a key."""

    authority: IssuingAuthority
    key: KeyName
    version: int
    entries: Sequence[Revoked]

    def __call__(self, number: int, now: datetime, next_update: datetime) -> bytes:
        is_root, keystore = self.key is KeyName.ROOT_CA, self.authority.keystore
        issuer = self.authority.root if is_root else self.authority.issuers[self.version - FIRST]
        public_key = keystore.public_key(self.key, self.version)
        builder = (
            x509.CertificateRevocationListBuilder()
            .issuer_name(issuer.subject)
            .last_update(now)
            .next_update(next_update)
            .add_extension(x509.CRLNumber(number), critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(public_key), critical=False)
        )
        for entry in self.entries:
            builder = builder.add_revoked_certificate(entry.to_entry())
        algorithm = hashes.SHA384() if is_root else hashes.SHA256()
        signed = builder.sign(keystore.signer(self.key, self.version), algorithm)
        return signed.public_bytes(Encoding.DER)
