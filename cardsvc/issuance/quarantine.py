"""Putting a card aside that will never be finished: its certificates are revoked, its application is free again."""

from __future__ import annotations

from datetime import datetime
from typing import Final
from uuid import UUID

from cryptography import x509
from sqlalchemy.orm import Session

from cardsvc.callers.principal import Principal
from cardsvc.cards.models import Card
from cardsvc.cards.recording import record_card
from cardsvc.cards.repository import get_card
from cardsvc.issuance.errors import (
    AttestationRefuted,
    CardLocked,
    CardNotConforming,
    CardRefused,
    NotBegun,
    PossessionNotProved,
    ProductUnsuited,
)
from cardsvc.issuance.models import Attempt
from cardsvc.issuance.repository import find_application_of
from cardsvc.transitions import move_application, move_card
from cardsvc.trust.certificates import KeyAlreadyCertified, UnfitKey, WeakKey, revoke_all
from cardsvc.wire.lifecycle import ApplicationState, CardState

_VERDICTS: Final = (
    AttestationRefuted,
    CardLocked,
    CardNotConforming,
    KeyAlreadyCertified,
    PossessionNotProved,
    ProductUnsuited,
    UnfitKey,
    WeakKey,
)
"""What is said about the card itself. After anything else it is as good as before, and can be gone on with."""


def is_verdict(error: Exception, before: Attempt | None) -> bool:
    """Whether a card that was begun is beyond resuming. ``before`` is the attempt before the one that failed.

    A card that refuses, or answers nonsense, gets a second chance in a fresh session, and no third.
    """
    again = before is not None and before.outcome == CardRefused.code
    return isinstance(error, _VERDICTS) or (isinstance(error, CardRefused) and again)


def put_aside(session: Session, card: Card, reason: str, *, actor: str, now: datetime) -> None:
    """All of it in the caller's transaction; ``reason`` is a code, or a clerk's words.

    Raises TransitionRefused unless the card is being personalised, ChangedMeanwhile.
    """
    move_card(session, card, CardState.QUARANTINED, actor=actor, now=now, reason=reason)
    revoke_all(session, card.id, x509.ReasonFlags.cessation_of_operation, now)
    application = find_application_of(session, card.id)
    if application is not None:
        move_application(
            session, application, ApplicationState.APPROVED, actor=actor, now=now, reason=reason, card_id=None
        )


def give_up(session: Session, card_uuid: UUID, reason: str, *, actor: Principal, now: datetime) -> Card:
    """A clerk says that a card which was begun cannot be gone on with: it is lost, or broken.

    Whoever writes it at this moment stops at their next write. Raises CardNotFound, NotBegun.
    """
    card = get_card(session, card_uuid, to_change=True)
    if card.state is not CardState.PERSONALISING:
        raise NotBegun(card.state)
    put_aside(session, card, reason, actor=actor.client_id, now=now)
    record_card(session, "card.give-up", card, actor=actor.client_id, now=now)
    return card
