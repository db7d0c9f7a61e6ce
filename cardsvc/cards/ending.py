"""The end of a card, by revocation or by its date, with all that ends with it in the same transaction."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from cryptography import x509
from sqlalchemy.orm import Session

from cardsvc.cards.holding import end_visits
from cardsvc.cards.models import Card
from cardsvc.cards.recording import record_card
from cardsvc.issuance.repository import find_application_of
from cardsvc.issuance.withdrawing import withdraw
from cardsvc.losses.repository import close_report
from cardsvc.transitions import move_card
from cardsvc.trust.certificates import CRL_REASONS, revoke_all
from cardsvc.webhooks.outbox import announce
from cardsvc.wire.lifecycle import ApplicationState, CardState, RevocationReason
from cardsvc.wire.losses import LossOutcome
from cardsvc.wire.reach import RevocationKind

_USED: Final = frozenset({CardState.ACTIVE, CardState.HELD})
"""Of a card in any other state nobody outside has ever heard."""


def revoke_card(
    session: Session, card: Card, reason: RevocationReason, *, actor: str, now: datetime, note: str | None = None
) -> None:
    """Withdraw a card for good: its certificates, the visits it began, and what was open about it.

    Raises TransitionRefused, ChangedMeanwhile.
    """
    was_used = card.state in _USED
    move_card(session, card, CardState.REVOKED, actor=actor, now=now, reason=note or reason.value)
    revoke_all(session, card.id, CRL_REASONS[reason], now)
    end_visits(session, card.id, now)
    superseded = reason is RevocationReason.SUPERSEDED
    close_report(session, card.id, LossOutcome.REPLACED if superseded else LossOutcome.REVOKED, now=now)
    _end_application(session, card, actor, now, "card revoked")
    record_card(session, "card.revoke", card, actor=actor, now=now, reason=reason.value)
    if was_used:
        announce(session, card, RevocationKind.REVOKED, now=now)


def expire_card(session: Session, card: Card, *, actor: str, now: datetime) -> None:
    """Its last day has passed. Raises TransitionRefused, ChangedMeanwhile."""
    move_card(session, card, CardState.EXPIRED, actor=actor, now=now)
    # They expired with it; but nobody shall find them in force or on hold for a card that is neither.
    revoke_all(session, card.id, x509.ReasonFlags.cessation_of_operation, now)
    end_visits(session, card.id, now)
    close_report(session, card.id, LossOutcome.REVOKED, now=now)
    record_card(session, "card.expire", card, actor=actor, now=now)
    announce(session, card, RevocationKind.EXPIRED, now=now)


def _end_application(session: Session, card: Card, actor: str, now: datetime, reason: str) -> None:
    """A card revoked before it was ever active has not answered its application, and never will."""
    application = find_application_of(session, card.id)
    if application is not None and application.state is ApplicationState.PRODUCED:
        withdraw(session, application, ApplicationState.CANCELLED, actor=actor, now=now, reason=reason)
