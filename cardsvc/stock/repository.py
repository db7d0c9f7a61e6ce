"""Finding blank cards, deliveries and hand-overs."""

from __future__ import annotations

from typing import Final
from uuid import UUID

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from cardsvc.cards.models import Card
from cardsvc.issuance.models import Application
from cardsvc.paging import Page, Wanted, page
from cardsvc.stock.errors import HandOverNotFound
from cardsvc.stock.models import HandedApplication, HandedCard, HandOver, StockBatch, StockCount
from cardsvc.wire import stock as wire
from cardsvc.wire.lifecycle import CardState

_ON_THE_BOOKS: Final = (CardState.STOCK, CardState.RESERVED, CardState.QUARANTINED)


def list_stock(session: Session, office: str | None, custodian: str | None, wanted: Wanted) -> Page[Card]:
    """Blank cards by their printed number; in one office or one officer's hands, if named. Raises CursorRefused."""
    statement = select(Card).where(Card.state.in_(_ON_THE_BOOKS))
    if office is not None:
        statement = statement.where(Card.office == office)
    if custodian is not None:
        statement = statement.where(Card.custodian == custodian)
    return page(session, statement, Card.stock_number, wanted)


def describe_card(card: Card) -> wire.StockCard:
    """As officers' tools see it."""
    return wire.StockCard(**{name: getattr(card, name) for name in wire.StockCard.model_fields})


def get_hand_over(session: Session, hand_over_id: UUID, *, to_change: bool = False) -> HandOver:
    """Raises HandOverNotFound."""
    hand_over = session.get(HandOver, hand_over_id, with_for_update=to_change or None)
    if hand_over is None:
        raise HandOverNotFound
    return hand_over


def handed_cards(session: Session, hand_over_id: UUID) -> list[Card]:
    """The cards of a hand-over, to be changed."""
    statement = (
        select(Card)
        .join(HandedCard, HandedCard.card_id == Card.id)
        .where(HandedCard.hand_over_id == hand_over_id)
        .order_by(Card.id)
    )
    return list(session.scalars(statement.with_for_update(of=Card)))


def handed_applications(session: Session, hand_over_id: UUID) -> list[Application]:
    """The applications of a hand-over, to be changed."""
    statement = (
        select(Application)
        .join(HandedApplication, HandedApplication.application_id == Application.id)
        .where(HandedApplication.hand_over_id == hand_over_id)
        .order_by(Application.id)
    )
    return list(session.scalars(statement.with_for_update(of=Application)))


def hand_overs_of(session: Session, officer: str, wanted: Wanted) -> Page[HandOver]:
    """What waits for an officer, and what they offered; newest first. Raises CursorRefused."""
    statement = select(HandOver).where(
        HandOver.state == wire.HandOverState.OFFERED,
        or_(HandOver.to_officer == officer, HandOver.from_officer == officer),
    )
    return page(session, statement, HandOver.id, wanted, newest=True)


def describe_hand_over(session: Session, hand_over: HandOver) -> wire.HandOver:
    """As officers' tools see it."""
    session.flush()
    numbers = (
        select(Card.stock_number)
        .join(HandedCard, HandedCard.card_id == Card.id)
        .where(HandedCard.hand_over_id == hand_over.id)
        .order_by(Card.stock_number)
    )
    applications = select(HandedApplication.application_id).where(HandedApplication.hand_over_id == hand_over.id)
    return wire.HandOver(
        id=hand_over.id,
        state=hand_over.state,
        from_officer=hand_over.from_officer,
        to_officer=hand_over.to_officer,
        office=hand_over.office,
        stock_numbers=list(session.scalars(numbers)),
        application_ids=list(session.scalars(applications.order_by(HandedApplication.application_id))),
        offered_at=hand_over.offered_at,
        decided_at=hand_over.decided_at,
    )


def describe_batch(batch: StockBatch) -> wire.Batch:
    """As officers' tools see it."""
    return wire.Batch(**{name: getattr(batch, name) for name in wire.Batch.model_fields})


def describe_count(count: StockCount) -> wire.StockCount:
    """As officers' tools see it."""
    return wire.StockCount(**{name: getattr(count, name) for name in wire.StockCount.model_fields})
