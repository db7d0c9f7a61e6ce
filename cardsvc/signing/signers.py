"""Which card may sign: active, unlocked, with a 9C certificate in force whose key was made where it should be."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from cardsvc.authentication.chains import ChainVerdicts, TrustedKey
from cardsvc.authentication.errors import CardNotActive, CardUnknown, CertificateRefused
from cardsvc.cards.models import Card
from cardsvc.locks.checking import check_unlocked
from cardsvc.signing.errors import KeyOriginRefused
from cardsvc.trust.models import Certificate, CertificateStatus, KeyOrigin
from cardsvc.wire.levels import Level
from cardsvc.wire.lifecycle import CardState
from readers.errors import PathError
from readers.piv.identifiers import KeyReference


@dataclass(frozen=True)
class SignerRules:
    """What is asked of a card that signs."""

    chains: ChainVerdicts
    asserted_keys: bool
    """Whether a key may sign that is merely asserted to have been made on the card."""

    def trusted_key(self, certificate: Certificate, now: datetime) -> TrustedKey:
        """The key of the certificate, whose path is valid. Raises CertificateRefused."""
        try:
            return self.chains.trusted_key(certificate.der, KeyReference.DIGITAL_SIGNATURE, now)
        except PathError:
            raise CertificateRefused from None

    def check(self, card: Card, certificate: Certificate, department: str, now: datetime) -> None:
        """The card, its row locked, may sign for this department.

        Raises CardNotActive, CertificateRefused, KeyOriginRefused, LockedByCitizen.
        """
        if card.state is not CardState.ACTIVE:
            raise CardNotActive(card.state)
        if card.expires_on is not None and now.astimezone(UTC).date() > card.expires_on:
            raise CardNotActive(CardState.EXPIRED)
        if certificate.status is not CertificateStatus.VALID:
            raise CertificateRefused
        if certificate.key_origin is KeyOrigin.ASSERTED and not self.asserted_keys:
            raise KeyOriginRefused
        check_unlocked(card.locks, department=department, level=Level.SIGN)


def find_certificate(session: Session, card: Card) -> Certificate:
    """The newest certificate of the card's signature key. Raises CardUnknown for a card without one."""
    statement = (
        select(Certificate)
        .where(Certificate.card_id == card.id, Certificate.key_reference == KeyReference.DIGITAL_SIGNATURE)
        .order_by(Certificate.created_at.desc(), Certificate.id.desc())
        .limit(1)
    )
    certificate = session.scalars(statement).one_or_none()
    if certificate is None:
        raise CardUnknown
    return certificate
