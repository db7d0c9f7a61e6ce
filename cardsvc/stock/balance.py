"""How the blank cards of an office come out over a day: what there was, what came and went, what there is.

Reckoned back from how things stand, by the cards that anything happened to since.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import ColumnElement, CompoundSelect, Select, func, or_, select, union
from sqlalchemy.orm import Session

from cardsvc.audit.models import AuditRecord
from cardsvc.audit.service import TRANSITION
from cardsvc.cards.models import Card
from cardsvc.stock.models import HandedCard, HandOver
from cardsvc.wire.days import StockDay
from cardsvc.wire.lifecycle import CardState
from cardsvc.wire.stock import HandOverState

_ON_THE_BOOKS: Final = frozenset({CardState.STOCK, CardState.RESERVED, CardState.QUARANTINED})
NO_OFFICE: Final = ""
"""Where a card was that was kept at no office."""


@dataclass(frozen=True, slots=True)
class _Position:
    """Where a card was at a time, and how it stood; None before it was taken in."""

    state: str | None
    office: str | None

    def counts_for(self, office: str | None) -> bool:
        """Whether it was a blank card of this office."""
        return self.state in _ON_THE_BOOKS and self.office == office


def balance(session: Session, office: str | None, begins: datetime, ends: datetime) -> StockDay:
    """Of the cards that are kept at this office, or at none.

    Which cards were touched, the database finds out by itself each time: an office moves more in a quarter than a
    statement may have parameters.
    """
    touched = _touched(office, begins)
    untouched = session.scalar(
        select(func.count()).where(_at(office), Card.state.in_(_ON_THE_BOOKS), Card.id.not_in(touched))
    )
    before, after = (_positions(session, touched, at) for at in (begins, ends))
    ways = Counter(_way(before[card], after[card], office) for card in before)
    stays = (untouched or 0) + ways["stays"]
    left = ways["used"] + ways["sent"] + ways["destroyed"]
    came = ways["received"] + ways["brought"] + ways["came_back"]
    names = ("received", "brought", "used", "came_back", "sent", "destroyed")
    return StockDay(opening=stays + left, closing=stays + came, **{name: ways[name] for name in names})


def _way(before: _Position, after: _Position, office: str | None) -> str:
    """What became of a card; what came and went within the day did neither."""
    was, now = before.counts_for(office), after.counts_for(office)
    if was is now:
        return "stays" if was else "elsewhere"
    if now:
        if before.state is None:
            return "received"
        return "brought" if before.office != office else "came_back"
    if after.office != office:
        return "sent"
    return "destroyed" if after.state == CardState.DESTROYED else "used"


def _at(office: str | None) -> ColumnElement[bool]:
    return Card.office.is_(None) if office is None else Card.office == office


def _touched(office: str | None, since: datetime) -> CompoundSelect[UUID]:
    """The cards of this office, now or then, to which anything has happened since."""
    steps = (
        select(Card.id)
        .join(AuditRecord, AuditRecord.subject_id == Card.id)
        .where(AuditRecord.event == TRANSITION, AuditRecord.at >= since, _at(office))
    )
    moves = (
        select(HandedCard.card_id)
        .join(HandOver, HandOver.id == HandedCard.hand_over_id)
        .where(*_moved(since), or_(HandedCard.from_office == (office or NO_OFFICE), HandOver.office == office))
    )
    return union(steps, moves)


def _positions(session: Session, cards: CompoundSelect[UUID], at: datetime) -> dict[UUID, _Position]:
    place = func.row_number().over(partition_by=AuditRecord.subject_id, order_by=AuditRecord.id.desc()).label("place")
    steps = (
        select(AuditRecord.subject_id, AuditRecord.state, place)
        .where(AuditRecord.event == TRANSITION, AuditRecord.at < at, AuditRecord.subject_id.in_(cards))
        .subquery()
    )
    newest = select(steps.c.subject_id, steps.c.state).where(steps.c.place == 1)
    states = {row.subject_id: row.state for row in session.execute(newest)}
    offices = {row.id: row.office for row in session.execute(select(Card.id, Card.office).where(Card.id.in_(cards)))}
    # The newest move first: the last one that is looked at was the first after that time.
    for move in session.scalars(_moves(at).where(HandedCard.card_id.in_(cards))):
        offices[move.card_id] = move.from_office or None
    return {card: _Position(states.get(card), there) for card, there in offices.items()}


def _moves(since: datetime) -> Select[HandedCard]:
    """Cards that went to another office since, the newest move first."""
    return (
        select(HandedCard)
        .join(HandOver, HandOver.id == HandedCard.hand_over_id)
        .where(*_moved(since))
        .order_by(HandOver.decided_at.desc())
    )


def _moved(since: datetime) -> tuple[ColumnElement[bool], ...]:
    return (
        HandOver.state == HandOverState.ACCEPTED,
        HandOver.decided_at >= since,
        HandOver.office.is_not(None),
        HandedCard.from_office.is_not(None),
    )
