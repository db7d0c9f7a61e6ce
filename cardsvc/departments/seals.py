"""Seals: the keys with which departments sign papers, certified by the city so that anybody can check a paper."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from sqlalchemy import select
from sqlalchemy.orm import Session

from cardsvc.audit.service import OK, record
from cardsvc.callers.errors import CallerDisabled
from cardsvc.db import new_id
from cardsvc.departments.errors import SealNotFound, SealRefused
from cardsvc.departments.repository import lock_department
from cardsvc.trust.authority import IssuingAuthority
from cardsvc.trust.certificates import fingerprint_of
from cardsvc.trust.models import CertificateStatus, SealCertificate
from cardsvc.trust.weak_keys import weakness_of

LIFETIME: Final = timedelta(days=3 * 365)


def certify_seal(
    session: Session, authority: IssuingAuthority, code: str, request: bytes, *, actor: str, now: datetime
) -> x509.Certificate:
    """A certificate for the key of a PKCS #10 request (PEM), which proves that the department has it.

    What the request says besides is left aside: the seal bears the department's title. Raises DepartmentNotFound,
    CallerDisabled, SealRefused, OutlivesItsIssuer.
    """
    department = lock_department(session, code)
    if department.caller.disabled_at is not None:
        raise CallerDisabled
    public_key = _proved_key(request)
    fingerprint = fingerprint_of(public_key)
    if session.scalar(select(SealCertificate.id).where(SealCertificate.public_key_sha256 == fingerprint)) is not None:
        raise SealRefused("The key has a certificate already. Make another key.")
    certificate = authority.certify_seal(department.title, public_key, now, LIFETIME)
    session.add(
        SealCertificate(
            id=new_id(),
            department_id=department.id,
            serial=f"{certificate.serial_number:x}",
            der=certificate.public_bytes(Encoding.DER),
            public_key_sha256=fingerprint,
            issuer_version=authority.issuer_version,
            status=CertificateStatus.VALID,
            not_after=certificate.not_valid_after_utc,
            created_at=now,
        )
    )
    serial = f"{certificate.serial_number:x}"
    record(session, event="seal.certify", outcome=OK, actor=actor, now=now, department=code, serial=serial)
    return certificate


def revoke_seal(session: Session, serial: str, reason: x509.ReasonFlags, *, actor: str, now: datetime) -> None:
    """Papers that bear it are not good any more, for whoever looks. Once more is no error. Raises SealNotFound."""
    seal = session.scalars(
        select(SealCertificate).where(SealCertificate.serial == serial.lower()).with_for_update()
    ).one_or_none()
    if seal is None:
        raise SealNotFound
    if seal.status is CertificateStatus.REVOKED:
        return
    seal.status, seal.revocation_reason, seal.revoked_at = CertificateStatus.REVOKED, reason.value, now
    record(session, event="seal.revoke", outcome=OK, actor=actor, now=now, serial=seal.serial, reason=reason.value)


def _proved_key(request: bytes) -> ec.EllipticCurvePublicKey:
    try:
        parsed = x509.load_pem_x509_csr(request)
        right = parsed.is_signature_valid
        public_key = parsed.public_key()
    except ValueError:
        raise SealRefused("This is no certificate request in PEM (PKCS #10).") from None
    if not right:
        raise SealRefused("The request is not signed with its own key.")
    if not isinstance(public_key, ec.EllipticCurvePublicKey) or not isinstance(public_key.curve, ec.SECP256R1):
        raise SealRefused("The key must be an EC key on P-256.")
    if weakness_of(public_key) is not None:
        raise SealRefused("Others can find out this key. Make another one.")
    return public_key
