"""Whose turn it is to write a card.

Every relay that is going to write takes a turn, and the newest turn holds the card: whoever had it before writes
nothing more. A card is in one reader at a time, so whoever shows it has it; nobody waits for a turn that died with its
desk or with the service, and no clock tells dead from slow.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from cardsvc.audit.service import record
from cardsvc.callers.principal import Principal
from cardsvc.callers.repository import find_principals
from cardsvc.cards.models import Card
from cardsvc.db import new_id
from cardsvc.issuance.errors import CallerShutOut, TakenOver
from cardsvc.issuance.models import Attempt, Purpose
from cardsvc.wire.lifecycle import CardState
from cardsvc.wire.scopes import Scope

UNBLOCKABLE: Final = frozenset({CardState.SEALED, CardState.DELIVERED, CardState.ACTIVE})
"""States of a card whose PIN may be reset: it is finished, and nobody has reported it."""
_WRITABLE: Final[Mapping[Purpose, frozenset[CardState]]] = {
    Purpose.ISSUANCE: frozenset({CardState.PERSONALISING}),
    Purpose.UNBLOCKING: UNBLOCKABLE,
}


@dataclass(frozen=True, slots=True)
class Turn:
    """Somebody's turn to write a card."""

    attempt_id: UUID
    card_id: UUID
    purpose: Purpose
    actor: Principal


def take_turn(session: Session, card: Card, purpose: Purpose, *, actor: Principal, now: datetime) -> Turn:
    """Be the one who writes this card. Its row has been locked, so that two do not get the same number."""
    newest = newest_attempt(session, card.id)
    attempt = Attempt(
        id=new_id(),
        card_id=card.id,
        number=1 if newest is None else newest.number + 1,
        purpose=purpose,
        actor=actor.client_id,
        begun_at=now,
    )
    session.add(attempt)
    session.flush()
    return Turn(attempt.id, card.id, purpose, actor)


def require_turn(session: Session, turn: Turn, now: datetime) -> None:
    """What has to hold whenever something is about to be written; it goes on holding until the transaction ends.

    Raises TakenOver, CallerShutOut.
    """
    if not has_turn(session, turn):
        raise TakenOver
    (principal,) = find_principals(session.connection(), [turn.actor.grant], now, hold=True)
    if principal is None or Scope.CARDS_PERSONALISE not in principal.scopes:
        raise CallerShutOut


def has_turn(session: Session, turn: Turn) -> bool:
    """Whether the card is to be written still, and by this turn. Nobody changes that until the transaction ends."""
    state = session.scalar(select(Card.state).where(Card.id == turn.card_id).with_for_update(read=True))
    newest = newest_attempt(session, turn.card_id)
    return state in _WRITABLE[turn.purpose] and newest is not None and newest.id == turn.attempt_id


def end_turn(session: Session, turn: Turn, outcome: str, now: datetime) -> Attempt:
    """Write down how it went."""
    attempt = session.get_one(Attempt, turn.attempt_id)
    attempt.ended_at, attempt.outcome = now, outcome
    return attempt


def newest_attempt(session: Session, card_id: UUID) -> Attempt | None:
    """The turn that was taken last."""
    statement = select(Attempt).where(Attempt.card_id == card_id).order_by(Attempt.number.desc()).limit(1)
    return session.scalar(statement)


def previous_attempt(session: Session, attempt: Attempt) -> Attempt | None:
    """The one before."""
    return session.scalar(
        select(Attempt).where(Attempt.card_id == attempt.card_id, Attempt.number == attempt.number - 1)
    )


def record_relay(
    session: Session, event: str, outcome: str, card_uuid: UUID, *, actor: Principal, now: datetime
) -> None:
    """Write down how a relay ended, for a card that may not even be known."""
    card = session.scalar(select(Card).where(Card.uuid == card_uuid))
    about = {} if card is None else {"citizen_id": card.citizen_id, "card_id": card.id}
    record(session, event=event, outcome=outcome, actor=actor.client_id, now=now, **about)
