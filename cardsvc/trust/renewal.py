"""Renewing the issuing CA, and revoking one of its keys: ceremonies that take two officers.

One officer asks for a `key-ceremony` with the subject below, another approves; then the command does it, at the machine
that has the keys, in the name of the one who asked. A service that runs must be started again to sign with the new key;
until then it goes on with the old one, which does no harm.
"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Final
from uuid import UUID

from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from sqlalchemy import select
from sqlalchemy.orm import Session

from cardsvc.approvals.errors import NotApproved
from cardsvc.approvals.repository import find_newest
from cardsvc.approvals.service import spend
from cardsvc.audit.service import OK, record
from cardsvc.db import new_id
from cardsvc.trust.authority import IssuingAuthority
from cardsvc.trust.batches import Batch, revoke_batch
from cardsvc.trust.errors import IssuerInUse
from cardsvc.trust.keystore import FIRST, KeyName
from cardsvc.trust.models import KeyVersion
from cardsvc.wire.approvals import ApprovalKind

RENEW_ISSUER: Final = UUID("0e6f1a52-6f1f-4f0e-9d2b-1f0b3c1a7d01")
"""The subject of the approval to renew the issuing CA."""
REVOKE_ISSUER: Final = UUID("0e6f1a52-6f1f-4f0e-9d2b-1f0b3c1a7d02")
"""The subject of the approval to revoke a key of it."""


def renew_issuer(session: Session, authority: IssuingAuthority, folder: Path, *, now: datetime) -> IssuingAuthority:
    """Give the issuing CA a new key, certified by the root, and save the certificates.

    Raises NotApproved, ApprovalExpired, ApprovalSpent.
    """
    actor = _spend(session, RENEW_ISSUER, now)
    renewed = authority.with_new_issuer(now)
    record(
        session,
        event="ceremony.renew-issuer",
        outcome=OK,
        actor=actor,
        now=now,
        version=renewed.issuer_version,
        certificate=renewed.issuing.fingerprint(SHA256()).hex(),
    )
    session.flush()
    renewed.save(folder)
    return renewed


def revoke_issuer(
    session: Session, authority: IssuingAuthority, version: int, reason: x509.ReasonFlags, *, now: datetime
) -> int:
    """Put a former key of the issuing CA into the root's list, and revoke all cards that it certified; how many.

    Raises IssuerInUse for the key that signs now, and what `renew_issuer` raises; ValueError when there is no such key.
    """
    if not FIRST <= version <= authority.issuer_version:
        raise ValueError(f"the issuing CA has no key of version {version}")
    if version == authority.issuer_version:
        raise IssuerInUse
    actor = _spend(session, REVOKE_ISSUER, now)
    row = session.scalars(
        select(KeyVersion).where(KeyVersion.name == KeyName.ISSUING_CA, KeyVersion.version == version)
    ).one_or_none() or _add(session, authority, version)
    row.revoked_at, row.revocation_reason = now, reason.value
    record(
        session,
        event="ceremony.revoke-issuer",
        outcome=OK,
        actor=actor,
        now=now,
        version=version,
        reason=reason.value,
    )
    return len(revoke_batch(session, Batch(issuer_version=version), actor=actor, now=now))


def _add(session: Session, authority: IssuingAuthority, version: int) -> KeyVersion:
    public_key = authority.keystore.public_key(KeyName.ISSUING_CA, version)
    spki = public_key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    row = KeyVersion(id=new_id(), name=KeyName.ISSUING_CA, version=version, public_key=spki)
    session.add(row)
    return row


def _spend(session: Session, subject: UUID, now: datetime) -> str:
    """Use what was approved, in the name of who asked for it: that is who stands at the machine."""
    approval = find_newest(session, ApprovalKind.KEY_CEREMONY, subject)
    if approval is None:
        raise NotApproved(ApprovalKind.KEY_CEREMONY)
    return spend(session, ApprovalKind.KEY_CEREMONY, subject, actor=approval.requested_by, now=now).requested_by
