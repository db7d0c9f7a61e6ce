"""Withdrawing all cards of a kind, for the day on which a product or one firmware of it turns out to make bad keys."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from cryptography import x509
from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from cardsvc.audit.service import OK, record
from cardsvc.cards.ending import revoke_card
from cardsvc.cards.models import Card
from cardsvc.transitions import CARD_TRANSITIONS
from cardsvc.trust.certificates import revoke_all
from cardsvc.trust.models import Certificate, CertificateStatus
from cardsvc.wire.lifecycle import CardState, RevocationReason


@dataclass(frozen=True, slots=True)
class Batch:
    """Certificates to be revoked: those of a product, of one firmware of it, or by one key of the issuing CA."""

    product: str | None = None
    firmware: str | None = None
    issuer_version: int | None = None

    def cards(self) -> Select[Card]:
        """The cards with such a certificate that is not revoked yet. Raises ValueError for a batch of everything."""
        if self.product is None and self.issuer_version is None:
            raise ValueError("a batch needs a product or an issuer")
        wanted = select(Certificate.card_id).where(Certificate.status != CertificateStatus.REVOKED)
        if self.product is not None:
            wanted = wanted.where(Certificate.product == self.product)
        if self.firmware is not None:
            wanted = wanted.where(Certificate.firmware == self.firmware)
        if self.issuer_version is not None:
            wanted = wanted.where(Certificate.issuer_version == self.issuer_version)
        return select(Card).where(Card.id.in_(wanted)).order_by(Card.id)


def find_batch(session: Session, batch: Batch) -> Sequence[Card]:
    """The cards that `revoke_batch` would revoke."""
    return session.scalars(batch.cards()).all()


def revoke_batch(session: Session, batch: Batch, *, actor: str, now: datetime) -> Sequence[Card]:
    """Revoke the cards of a batch, and say which.

    A card that is not issued yet keeps its state; its certificates are revoked all the same.
    """
    cards = session.scalars(batch.cards().with_for_update()).all()
    for card in cards:
        if CardState.REVOKED in CARD_TRANSITIONS[card.state]:
            revoke_card(session, card, RevocationReason.KEY_COMPROMISE, actor=actor, now=now)
        else:
            revoke_all(session, card.id, x509.ReasonFlags.key_compromise, now)
    record(
        session,
        event="trust.revoke-batch",
        outcome=OK,
        actor=actor,
        now=now,
        product=batch.product,
        firmware=batch.firmware,
        issuer_version=batch.issuer_version,
        cards=len(cards),
    )
    return cards
