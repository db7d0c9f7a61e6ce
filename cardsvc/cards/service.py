"""A card's way through its states, as clerks move it. Personalisation is in `cardsvc.issuance`."""

from __future__ import annotations

import uuid
from datetime import datetime
from uuid import UUID

from sqlalchemy import update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from cardsvc.audit.service import OK, record, record_change
from cardsvc.authentication.models import Visit
from cardsvc.callers.principal import Principal
from cardsvc.cards.errors import StockNumberTaken
from cardsvc.cards.models import Card
from cardsvc.cards.repository import get_card
from cardsvc.db import new_id
from cardsvc.issuance.repository import find_application_of
from cardsvc.transitions import move_application, move_card
from cardsvc.trust.certificates import CRL_REASONS, revoke_all
from cardsvc.wire.lifecycle import ApplicationState, CardState, RevocationReason


def add_stock(session: Session, stock_number: str, *, actor: Principal, now: datetime) -> Card:
    """Take a blank card into stock; it gets its UUID here. Raises StockNumberTaken."""
    card = Card(
        id=new_id(),
        uuid=uuid.uuid4(),  # version 4: random, so that it says nothing about when or for whom
        stock_number=stock_number,
        state=CardState.STOCK,
        created_at=now,
    )
    try:
        with session.begin_nested():
            session.add(card)
    except IntegrityError:
        raise StockNumberTaken(stock_number) from None
    record_change(session, card.id, card.state, actor=actor.client_id, now=now)
    record(session, event="card.stock", outcome=OK, actor=actor.client_id, now=now, card_id=card.id)
    return card


def release(session: Session, card_uuid: UUID, *, actor: Principal, now: datetime) -> Card:
    """Give a reserved card back to stock, unwritten: its application is approved still, for another card.

    Raises CardNotFound, TransitionRefused, ChangedMeanwhile.
    """
    card = get_card(session, card_uuid)
    citizen_id, application = card.citizen_id, find_application_of(session, card.id)
    move_card(session, card, CardState.STOCK, actor=actor.client_id, now=now, citizen_id=None, expires_on=None)
    if application is not None:
        move_application(session, application, ApplicationState.APPROVED, actor=actor.client_id, now=now, card_id=None)
    record(
        session,
        event="card.release",
        outcome=OK,
        actor=actor.client_id,
        now=now,
        citizen_id=citizen_id,
        card_id=card.id,
    )
    return card


def deliver(session: Session, card_uuid: UUID, *, actor: Principal, now: datetime) -> Card:
    """Hand the sealed card to its citizen. Raises CardNotFound, TransitionRefused, ChangedMeanwhile."""
    card = get_card(session, card_uuid)
    move_card(session, card, CardState.DELIVERED, actor=actor.client_id, now=now)
    _record(session, "card.deliver", card, actor, now)
    return card


def revoke(session: Session, card_uuid: UUID, reason: RevocationReason, *, actor: Principal, now: datetime) -> Card:
    """Withdraw a card for good: its certificates, and the visits it began, end in the same transaction.

    Raises CardNotFound, TransitionRefused, ChangedMeanwhile.
    """
    card = get_card(session, card_uuid, to_change=True)
    move_card(session, card, CardState.REVOKED, actor=actor.client_id, now=now, reason=reason)
    revoke_all(session, card.id, CRL_REASONS[reason], now)
    session.execute(
        update(Visit)
        .where(Visit.card_id == card.id, Visit.ended_at.is_(None))
        .values(ended_at=now)
        .execution_options(synchronize_session=False)
    )
    _cancel_unfinished_application(session, card, actor, now)
    _record(session, "card.revoke", card, actor, now, reason=reason.value)
    return card


def _cancel_unfinished_application(session: Session, card: Card, actor: Principal, now: datetime) -> None:
    """A card revoked before it was ever active has not answered its application, and never will."""
    application = find_application_of(session, card.id)
    if application is not None and application.state is ApplicationState.PRODUCED:
        move_application(
            session, application, ApplicationState.CANCELLED, actor=actor.client_id, now=now, reason="card revoked"
        )


def _record(session: Session, event: str, card: Card, actor: Principal, now: datetime, **detail: str) -> None:
    record(
        session,
        event=event,
        outcome=OK,
        actor=actor.client_id,
        now=now,
        citizen_id=card.citizen_id,
        card_id=card.id,
        **detail,
    )
