"""Whether somebody's card calls for what is asked for: each kind of application as a row of a table."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from cardsvc.cards.models import Card
from cardsvc.issuance.errors import CardInUse, CardUnfit, LossNotReported, RenewalTooEarly
from cardsvc.issuance.models import Application
from cardsvc.issuance.rules import Rules
from cardsvc.losses.repository import was_reported
from cardsvc.registry.repository import events_of
from cardsvc.wire.lifecycle import ApplicationKind, CardState, HoldReason, ReplacementCause
from cardsvc.wire.registry import RegistryEventState

IN_USE: Final = frozenset({CardState.ACTIVE, CardState.HELD})
"""The states of a card that a citizen has had and that is not over."""
_BEFORE_ALL: Final = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Request:
    """What is asked for, and what there is."""

    session: Session
    kind: ApplicationKind
    cause: ReplacementCause | None
    citizen_id: UUID
    cards: Sequence[Card]
    """The citizen's cards, the newest last; temporary ones are left out."""
    rules: Rules
    now: datetime

    @property
    def newest(self) -> Card | None:
        """The card that they have, or had last."""
        return self.cards[-1] if self.cards else None

    def refuse(self) -> CardUnfit:
        """The card does not call for this."""
        return CardUnfit(self.kind, self.newest.state if self.newest else None)


def ground(request: Request) -> Card | None:
    """The card that is to be replaced, or was forgotten; None for a first card.

    Raises CardInUse, CardUnfit, LossNotReported, RenewalTooEarly.
    """
    return _GROUNDS[request.kind](request)


def lock_cards(session: Session, citizen_id: UUID) -> list[Card]:
    """All cards of a citizen, oldest first; whoever wants to change one of them waits.

    In one order everywhere, and before anything else is locked: else two would wait for each other.
    """
    statement = select(Card).where(Card.citizen_id == citizen_id).order_by(Card.id)
    rows = session.scalars(statement.with_for_update().execution_options(populate_existing=True)).all()
    return sorted(rows, key=lambda card: (_reserved(session, card), card.id))


def temporary_ids(session: Session, citizen_id: UUID) -> frozenset[UUID]:
    """Which of a citizen's cards are temporary ones."""
    statement = select(Application.card_id).where(
        Application.citizen_id == citizen_id, Application.kind == ApplicationKind.TEMPORARY
    )
    return frozenset(card_id for card_id in session.scalars(statement) if card_id is not None)


def _reserved(session: Session, card: Card) -> datetime:
    """When the card became somebody's: cards are taken into stock in another order than they are handed out.

    One that answers no application was put aside while it was made, and never theirs: any other is newer.
    """
    created = session.scalar(select(Application.created_at).where(Application.card_id == card.id))
    return created or _BEFORE_ALL


def _first(request: Request) -> None:
    if any(card.state in IN_USE for card in request.cards):
        raise CardInUse


def _replacement(request: Request) -> Card:
    card = request.newest
    if card is None:
        raise request.refuse()
    if request.cause is ReplacementCause.DAMAGED:
        if card.state is not CardState.ACTIVE:
            raise request.refuse()
        return card
    if not was_reported(request.session, card.id):
        raise LossNotReported
    reported = card.state is CardState.HELD and card.hold_reason is HoldReason.LOST
    if not reported and card.state is not CardState.REVOKED:
        raise request.refuse()
    return card


def _renewal(request: Request) -> Card:
    card = request.newest
    if card is None or card.expires_on is None or card.state not in {CardState.ACTIVE, CardState.EXPIRED}:
        raise request.refuse()
    opens_on = request.rules.renewal_opens(card.expires_on)
    if request.now.date() < opens_on:
        raise RenewalTooEarly(opens_on)
    return card


def _active(request: Request) -> Card:
    card = request.newest
    if card is None or card.state is not CardState.ACTIVE:
        raise request.refuse()
    return card


def _return(request: Request) -> None:
    events = events_of(request.session, request.citizen_id).rows
    if not events or events[0].state is not RegistryEventState.REVERSED:
        raise request.refuse()
    _first(request)


_GROUNDS: Final[Mapping[ApplicationKind, Callable[[Request], Card | None]]] = {
    ApplicationKind.FIRST: _first,
    ApplicationKind.REPLACEMENT: _replacement,
    ApplicationKind.RENEWAL: _renewal,
    ApplicationKind.TEMPORARY: _active,
    ApplicationKind.CORRECTION: _active,
    ApplicationKind.RETURN: _return,
}
