"""Handing over: blank cards from one officer to another, and at the end of a shift the open applications too.

Whoever hands over answers for the cards until the recipient has counted and accepted them.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from cardsvc.audit.service import OK, record
from cardsvc.callers.errors import CallerUnknown
from cardsvc.callers.models import CallerKind
from cardsvc.callers.principal import Principal
from cardsvc.callers.repository import find_by_client_id
from cardsvc.cards.models import Card
from cardsvc.db import new_id
from cardsvc.issuance.models import Application
from cardsvc.issuance.repository import open_applications
from cardsvc.paging import EVERYTHING
from cardsvc.stock.balance import NO_OFFICE
from cardsvc.stock.errors import (
    CountDiffers,
    HandOverSettled,
    NothingToHandOver,
    NotInCustody,
    NotTheRecipient,
)
from cardsvc.stock.models import HandedApplication, HandedCard, HandOver
from cardsvc.stock.repository import get_hand_over, handed_applications, handed_cards
from cardsvc.wire.lifecycle import CardState
from cardsvc.wire.stock import HandOverAcceptance, HandOverRequest, HandOverState

_BLANK = (CardState.STOCK, CardState.RESERVED, CardState.QUARANTINED)


def offer(session: Session, request: HandOverRequest, *, actor: Principal, now: datetime) -> HandOver:
    """Hand cards, or the whole shift, to a colleague. Raises CallerUnknown, NotInCustody, NothingToHandOver."""
    recipient = find_by_client_id(session, request.to)
    if recipient is None or recipient.kind is not CallerKind.OFFICER or recipient.disabled_at is not None:
        raise CallerUnknown("No officer has this client id.", client_id=request.to)
    if recipient.client_id == actor.client_id:
        raise NothingToHandOver
    cards = _held(session, actor, request)
    applications = open_applications(session, actor.client_id, EVERYTHING).rows if request.shift else []
    if not cards and not applications:
        raise NothingToHandOver
    hand_over = HandOver(
        id=new_id(),
        state=HandOverState.OFFERED,
        from_officer=actor.client_id,
        to_officer=recipient.client_id,
        office=request.office,
        offered_at=now,
    )
    session.add(hand_over)
    session.flush()
    session.add_all(HandedCard(hand_over_id=hand_over.id, card_id=card.id) for card in cards)
    session.add_all(HandedApplication(hand_over_id=hand_over.id, application_id=row.id) for row in applications)
    _record(session, "stock.offer", hand_over, actor, now)
    return hand_over


def accept(
    session: Session, hand_over_id: UUID, counted: HandOverAcceptance, *, actor: Principal, now: datetime
) -> HandOver:
    """Take it, after counting: from now on the recipient answers for the cards and sees to the applications.

    Raises HandOverNotFound, NotTheRecipient, HandOverSettled, CountDiffers, NotInCustody.
    """
    hand_over = _open(session, hand_over_id)
    if actor.client_id != hand_over.to_officer:
        raise NotTheRecipient
    cards, applications = handed_cards(session, hand_over.id), handed_applications(session, hand_over.id)
    if (counted.cards, counted.applications) != (len(cards), len(applications)):
        raise CountDiffers
    gone = [card.stock_number for card in cards if not _answers_for(card, hand_over.from_officer)]
    if gone:
        raise NotInCustody(gone)
    _note_origins(session, hand_over, cards)
    for card in cards:
        card.custodian, card.office = actor.client_id, hand_over.office or card.office
    for application in applications:
        _pass_on(application, hand_over)
    return _settle(session, hand_over, HandOverState.ACCEPTED, actor, now)


def decline(session: Session, hand_over_id: UUID, *, actor: Principal, now: datetime) -> HandOver:
    """Do not take it; or, by whoever offered it, take it back. Raises as `accept` does."""
    hand_over = _open(session, hand_over_id)
    if actor.client_id not in {hand_over.to_officer, hand_over.from_officer}:
        raise NotTheRecipient
    own = actor.client_id == hand_over.from_officer
    return _settle(session, hand_over, HandOverState.WITHDRAWN if own else HandOverState.REFUSED, actor, now)


def _held(session: Session, actor: Principal, request: HandOverRequest) -> Sequence[Card]:
    if request.shift:
        mine = select(Card).where(Card.custodian == actor.client_id, Card.state.in_(_BLANK))
        return session.scalars(mine.order_by(Card.id)).all()
    wanted = set(request.stock_numbers)
    cards = session.scalars(select(Card).where(Card.stock_number.in_(wanted)).order_by(Card.id)).all()
    fit = {card.stock_number for card in cards if _answers_for(card, actor.client_id)}
    if wanted - fit:
        raise NotInCustody(sorted(wanted - fit))
    return cards


def _answers_for(card: Card, officer: str) -> bool:
    return card.custodian == officer and card.state in _BLANK


def _open(session: Session, hand_over_id: UUID) -> HandOver:
    hand_over = get_hand_over(session, hand_over_id, to_change=True)
    if hand_over.state is not HandOverState.OFFERED:
        raise HandOverSettled(hand_over.state)
    return hand_over


def _note_origins(session: Session, hand_over: HandOver, cards: Sequence[Card]) -> None:
    """So that the stock of an office can be reckoned back."""
    for card in cards:
        session.get_one(HandedCard, (hand_over.id, card.id)).from_office = card.office or NO_OFFICE


def _pass_on(application: Application, hand_over: HandOver) -> None:
    """Unless somebody else took it over meanwhile."""
    if (application.responsible or application.requested_by) == hand_over.from_officer:
        application.responsible = hand_over.to_officer


def _settle(session: Session, hand_over: HandOver, state: HandOverState, actor: Principal, now: datetime) -> HandOver:
    hand_over.state, hand_over.decided_at = state, now
    _record(session, f"stock.{'accept' if state is HandOverState.ACCEPTED else 'decline'}", hand_over, actor, now)
    return hand_over


def _record(session: Session, event: str, hand_over: HandOver, actor: Principal, now: datetime) -> None:
    record(
        session,
        event=event,
        outcome=OK,
        actor=actor.client_id,
        now=now,
        hand_over=str(hand_over.id),
        to=hand_over.to_officer,
    )
