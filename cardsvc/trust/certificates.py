"""Certificates of cards as rows: made, put into force, revoked."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from cardsvc.cards.models import Card
from cardsvc.db import new_id
from cardsvc.errors import ServiceError
from cardsvc.trust.authority import IssuingAuthority
from cardsvc.trust.models import Certificate, CertificateStatus, KeyOrigin
from cardsvc.trust.status_lists import place_of
from cardsvc.trust.weak_keys import Weakness, weakness_of
from cardsvc.wire.lifecycle import RevocationReason
from readers.piv.identifiers import KeyReference

CRL_REASONS: Final[Mapping[RevocationReason, x509.ReasonFlags]] = {
    RevocationReason.KEY_COMPROMISE: x509.ReasonFlags.key_compromise,
    # Whoever has the card has its 9E key, and may try its PIN.
    RevocationReason.LOST: x509.ReasonFlags.key_compromise,
    RevocationReason.STOLEN: x509.ReasonFlags.key_compromise,
    RevocationReason.SUPERSEDED: x509.ReasonFlags.superseded,
    RevocationReason.DECEASED: x509.ReasonFlags.cessation_of_operation,
    RevocationReason.MOVED_AWAY: x509.ReasonFlags.affiliation_changed,
    RevocationReason.WITHDRAWN: x509.ReasonFlags.privilege_withdrawn,
}
"""What a relying party is told (RFC 5280 §5.3.1); the city's own reason stays with the city."""


class KeyAlreadyCertified(ServiceError):
    """Raised when a card shows a public key that has a certificate: the key was copied, or the card is not one."""

    code = "key-already-certified"
    title = "The key has a certificate already"

    def __init__(self) -> None:
        super().__init__("The card shows a key that was certified before. Put the card aside.")


class WeakKey(ServiceError):
    """Raised when a card shows a public key whose private half is known, or can be found out."""

    code = "weak-key"
    title = "The key is weak"

    def __init__(self, weakness: Weakness) -> None:
        super().__init__("The card made a key that others can find out. Put the card aside.", weakness=weakness.value)


class UnfitKey(ServiceError):
    """Raised when a card shows a public key that is not EC P-256."""

    code = "unfit-key"
    title = "The key is of the wrong kind"

    def __init__(self) -> None:
        super().__init__("The card made a key that is not an EC key on P-256. Put the card aside.")


@dataclass(frozen=True, slots=True)
class CardMake:
    """What kind of card a key was made on: should that kind turn out to make bad keys."""

    product: str
    firmware: str | None = None


def certify(
    session: Session,
    authority: IssuingAuthority,
    card: Card,
    key: KeyReference,
    public_key: ec.EllipticCurvePublicKey,
    *,
    origin: KeyOrigin,
    now: datetime,
    made_on: CardMake | None = None,
) -> x509.Certificate:
    """Issue a certificate, on hold, for a key whose possession was proved. The card must have its expiry.

    Raises UnfitKey, WeakKey, KeyAlreadyCertified, OutlivesItsIssuer.
    """
    if not isinstance(public_key.curve, ec.SECP256R1):
        raise UnfitKey
    weakness = weakness_of(public_key)
    if weakness is not None:
        raise WeakKey(weakness)
    if card.expires_on is None:
        raise ValueError("a card without expiry")
    fingerprint = fingerprint_of(public_key)
    if session.scalar(select(Certificate.id).where(Certificate.public_key_sha256 == fingerprint)) is not None:
        raise KeyAlreadyCertified
    status = place_of(session, authority.addresses, card.id, now)
    certificate = authority.issue(key, public_key, card.uuid, card.expires_on, now, status=status)
    session.add(
        Certificate(
            id=new_id(),
            card_id=card.id,
            key_reference=int(key),
            serial=f"{certificate.serial_number:x}",
            der=certificate.public_bytes(Encoding.DER),
            public_key_sha256=fingerprint,
            key_origin=origin,
            product=None if made_on is None else made_on.product,
            firmware=None if made_on is None else made_on.firmware,
            issuer_version=authority.issuer_version,
            status=CertificateStatus.ON_HOLD,
            held_at=now,
            not_after=certificate.not_valid_after_utc,
            created_at=now,
        )
    )
    session.flush()
    return certificate


def put_into_force(session: Session, card_id: UUID) -> None:
    """The certificates on hold of a card become valid."""
    session.execute(
        update(Certificate)
        .where(Certificate.card_id == card_id, Certificate.status == CertificateStatus.ON_HOLD)
        .values(status=CertificateStatus.VALID)
    )


def put_on_hold(session: Session, card_id: UUID, now: datetime) -> None:
    """The valid certificates of a card stop being so, until they are put into force again or revoked."""
    session.execute(
        update(Certificate)
        .where(Certificate.card_id == card_id, Certificate.status == CertificateStatus.VALID)
        .values(status=CertificateStatus.ON_HOLD, held_at=now)
    )


def revoke_all(session: Session, card_id: UUID, reason: x509.ReasonFlags, now: datetime) -> None:
    """Every certificate of a card that is not revoked becomes so."""
    session.execute(
        update(Certificate)
        .where(Certificate.card_id == card_id, Certificate.status != CertificateStatus.REVOKED)
        .values(status=CertificateStatus.REVOKED, revocation_reason=reason.value, revoked_at=now)
    )


def revoke_key(session: Session, card_id: UUID, key: KeyReference, reason: x509.ReasonFlags, now: datetime) -> None:
    """The certificate of one key of a card becomes revoked, if there is one: the key is gone, or is made anew."""
    certificate = find_unrevoked(session, card_id, key)
    if certificate is not None:
        certificate.status, certificate.revocation_reason = CertificateStatus.REVOKED, reason.value
        certificate.revoked_at = now


def find_unrevoked(session: Session, card_id: UUID, key: KeyReference) -> Certificate | None:
    """The certificate of a card's key, on hold or valid."""
    return session.scalar(
        select(Certificate).where(
            Certificate.card_id == card_id,
            Certificate.key_reference == int(key),
            Certificate.status != CertificateStatus.REVOKED,
        )
    )


def fingerprint_of(public_key: ec.EllipticCurvePublicKey) -> bytes:
    """SHA-256 of the SubjectPublicKeyInfo."""
    return hashlib.sha256(public_key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).digest()
