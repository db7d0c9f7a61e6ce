"""Finding cards, and what happened to them."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from cardsvc.audit.service import steps_of
from cardsvc.cards.errors import CardNotFound
from cardsvc.cards.models import Card
from cardsvc.issuance.models import Application
from cardsvc.wire import lifecycle
from cardsvc.wire.lifecycle import ApplicationKind


def get_card(session: Session, card_uuid: UUID, *, to_change: bool = False) -> Card:
    """The card; ``to_change`` waits for whoever is changing it, and makes others wait. Raises CardNotFound."""
    statement = select(Card).where(Card.uuid == card_uuid)
    card = session.scalar(statement.with_for_update() if to_change else statement)
    if card is None:
        raise CardNotFound
    return card


def get_stock_card(session: Session, stock_number: str) -> Card:
    """By the printed number. Raises CardNotFound."""
    card = session.scalar(select(Card).where(Card.stock_number == stock_number))
    if card is None:
        raise CardNotFound
    return card


def history(session: Session, subject_id: UUID) -> list[lifecycle.Transition]:
    """The steps of an application or a card, oldest first."""
    return [
        lifecycle.Transition(state=step.state, actor=step.actor, at=step.at, reason=step.reason)
        for step in steps_of(session, subject_id)
    ]


def is_temporary(session: Session, card_id: UUID) -> bool:
    """Whether the card is for some days only, in place of one that was forgotten."""
    statement = select(Application.id).where(
        Application.card_id == card_id, Application.kind == ApplicationKind.TEMPORARY
    )
    return session.scalar(statement) is not None


def describe(session: Session, card: Card) -> lifecycle.Card:
    """The card as clerks' tools see it."""
    session.flush()
    return lifecycle.Card(
        uuid=card.uuid,
        state=card.state,
        stock_number=card.stock_number,
        expires_on=card.expires_on,
        temporary=card.citizen_id is not None and is_temporary(session, card.id),
        hold_reason=card.hold_reason,
        office=card.office,
        custodian=card.custodian,
        history=history(session, card.id),
    )
