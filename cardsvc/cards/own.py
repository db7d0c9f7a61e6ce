"""A citizen's cards, for the citizen who stands at a kiosk."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from cardsvc.audit.service import OK, record
from cardsvc.authentication.errors import StepUpRequired
from cardsvc.authentication.models import Visit
from cardsvc.authentication.visits import VisitTimes, open_visit
from cardsvc.callers.principal import Principal
from cardsvc.cards.models import Card
from cardsvc.issuance.rules import Rules
from cardsvc.wire.levels import Level
from cardsvc.wire.lifecycle import CardState
from cardsvc.wire.own_cards import OwnCard, OwnCards

_CARRIED: Final = (CardState.DELIVERED, CardState.ACTIVE, CardState.HELD)
"""The states of a card that somebody has, or lost."""


def own_cards(
    session: Session, token: str, *, rules: Rules, actor: Principal, now: datetime, times: VisitTimes
) -> OwnCards:
    """Those that the citizen carries. Raises VisitRefused, StepUpRequired, LockedByCitizen."""
    visit = open_at_pin(session, token, actor, now, times)
    mine = select(Card).where(Card.citizen_id == visit.citizen_id, Card.state.in_(_CARRIED)).order_by(Card.id)
    record(
        session,
        event="cards.read",
        outcome=OK,
        actor=actor.client_id,
        now=now,
        citizen_id=visit.citizen_id,
        card_id=visit.card_id,
    )
    return OwnCards(cards=[_describe(card, visit, rules) for card in session.scalars(mine)])


def open_at_pin(session: Session, token: str, actor: Principal, now: datetime, times: VisitTimes) -> Visit:
    """The visit, if its card proved itself with the PIN. Raises VisitRefused, StepUpRequired, LockedByCitizen."""
    visit = open_visit(session, token, actor=actor, now=now, times=times)
    if visit.level < Level.PIN:
        raise StepUpRequired(Level.PIN)
    visit.last_used_at = now
    return visit


def _describe(card: Card, visit: Visit, rules: Rules) -> OwnCard:
    opens = None if card.expires_on is None else rules.renewal_opens(card.expires_on)
    return OwnCard(state=card.state, here=card.id == visit.card_id, expires_on=card.expires_on, renewal_opens_on=opens)
