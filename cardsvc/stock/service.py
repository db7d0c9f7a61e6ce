"""Taking blank cards in, putting spoilt ones aside, counting them."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from cardsvc.audit.service import OK, record, record_change
from cardsvc.callers.principal import Principal
from cardsvc.cards.errors import StockNumberTaken
from cardsvc.cards.models import Card
from cardsvc.cards.repository import get_card
from cardsvc.db import new_id
from cardsvc.issuance.repository import find_application_of
from cardsvc.stock.errors import SerialNotOfBatch
from cardsvc.stock.models import StockBatch, StockCount
from cardsvc.stock.ranges import expand
from cardsvc.transitions import CARD_TRANSITIONS, TransitionRefused, move_application, move_card
from cardsvc.wire.lifecycle import ApplicationState, CardState, StockRequest
from cardsvc.wire.stock import MAX_BATCH, BatchRequest

_BLANK: Final = frozenset({CardState.STOCK, CardState.RESERVED})
_ASIDE: Final = frozenset({CardState.QUARANTINED})


def add_card(session: Session, request: StockRequest, *, actor: Principal, now: datetime) -> Card:
    """Take one blank card into stock; it gets its UUID here. Raises StockNumberTaken."""
    card = _blank(request.stock_number, request.office, request.product_serial, actor=actor, now=now)
    _add(session, [card], request.stock_number)
    record_change(session, card.id, card.state, actor=actor.client_id, now=now)
    record(session, event="card.stock", outcome=OK, actor=actor.client_id, now=now, card_id=card.id)
    return card


def add_batch(session: Session, request: BatchRequest, *, actor: Principal, now: datetime) -> StockBatch:
    """Take a delivery into stock, all of it or nothing. Raises RangeMalformed, SerialNotOfBatch, StockNumberTaken."""
    numbers = expand(request.first, request.last, MAX_BATCH)
    serials = request.serials
    if not serials.keys() <= set(numbers) or len(set(serials.values())) != len(serials):
        raise SerialNotOfBatch
    batch = StockBatch(
        id=new_id(),
        first=request.first,
        last=request.last,
        count=len(numbers),
        office=request.office,
        delivery=request.delivery,
        received_by=actor.client_id,
        received_at=now,
    )
    session.add(batch)
    session.flush()
    cards = [
        _blank(number, request.office, serials.get(number), actor=actor, now=now, batch_id=batch.id)
        for number in numbers
    ]
    _add(session, cards, request.first)
    for card in cards:
        record_change(session, card.id, card.state, actor=actor.client_id, now=now)
    _record(session, "stock.receive", actor, now, batch=str(batch.id), cards=batch.count)
    return batch


def spoil(session: Session, card_uuid: UUID, note: str, *, actor: Principal, now: datetime) -> Card:
    """Put a blank card aside: misprinted, damaged, suspicious. Its application is approved still, for another card.

    It stays on the books until its write-off is approved. Raises CardNotFound, TransitionRefused, ChangedMeanwhile.
    """
    card = get_card(session, card_uuid, to_change=True)
    if card.state not in _BLANK:  # one that is being written is put aside by personalisation itself
        raise TransitionRefused("card", card.state, CardState.QUARANTINED, CARD_TRANSITIONS[card.state] - _ASIDE)
    application = find_application_of(session, card.id)
    move_card(session, card, CardState.QUARANTINED, actor=actor.client_id, now=now, reason=note)
    if application is not None and application.state is ApplicationState.PERSONALISING:
        move_application(
            session,
            application,
            ApplicationState.APPROVED,
            actor=actor.client_id,
            now=now,
            reason="card spoilt",
            card_id=None,
        )
    _record(session, "stock.spoil", actor, now, card_id=card.id)
    return card


def count(session: Session, office: str, seen: list[str], *, actor: Principal, now: datetime) -> StockCount:
    """Compare what was seen in an office with what should be there."""
    statement = select(Card.stock_number).where(
        Card.office == office, Card.state.in_((CardState.STOCK, CardState.RESERVED, CardState.QUARANTINED))
    )
    expected, found = set(session.scalars(statement)), set(seen)
    taken = StockCount(
        id=new_id(),
        office=office,
        counted_by=actor.client_id,
        counted_at=now,
        expected=len(expected),
        seen=len(found),
        missing=sorted(expected - found),
        unexpected=sorted(found - expected),
    )
    session.add(taken)
    session.flush()
    missing, unexpected = len(taken.missing), len(taken.unexpected)
    _record(session, "stock.count", actor, now, count=str(taken.id), missing=missing, unexpected=unexpected)
    return taken


def _blank(
    number: str,
    office: str | None,
    serial: str | None,
    *,
    actor: Principal,
    now: datetime,
    batch_id: UUID | None = None,
) -> Card:
    return Card(
        id=new_id(),
        uuid=uuid.uuid4(),  # version 4: random, so that it says nothing about when or for whom
        stock_number=number,
        state=CardState.STOCK,
        created_at=now,
        batch_id=batch_id,
        office=office,
        custodian=actor.client_id,
        product_serial=serial and serial.upper(),  # hexadecimal: one product has one way to write it
    )


def _add(session: Session, cards: list[Card], number: str) -> None:
    try:
        with session.begin_nested():
            session.add_all(cards)
    except IntegrityError:  # a printed number, or a product's own number, that is on the books
        raise StockNumberTaken(number) from None


def _record(session: Session, event: str, actor: Principal, now: datetime, **about: Any) -> None:
    record(session, event=event, outcome=OK, actor=actor.client_id, now=now, **about)
