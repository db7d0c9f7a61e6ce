"""What follows from an event: cards are held at once, revoked when a colleague confirms it, and never restored."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from cardsvc.approvals.service import lapse, require_not_recipient, spend
from cardsvc.audit.service import OK, record
from cardsvc.callers.principal import Principal
from cardsvc.cards.ending import revoke_card
from cardsvc.cards.holding import hold
from cardsvc.cards.models import Card
from cardsvc.citizens.service import get_citizen
from cardsvc.db import new_id
from cardsvc.issuance.applications import apply, end_application
from cardsvc.issuance.grounds import IN_USE, lock_cards
from cardsvc.issuance.models import Application
from cardsvc.issuance.repository import find_open_application
from cardsvc.registry.errors import RegistryEventSettled, RegistryEventStands
from cardsvc.registry.models import RegistryEvent
from cardsvc.registry.repository import find_standing_event, get_event
from cardsvc.transitions import CARD_TRANSITIONS
from cardsvc.webhooks.outbox import tell
from cardsvc.wire.approvals import ApprovalKind
from cardsvc.wire.lifecycle import ApplicationKind, CardState, HoldReason, RevocationReason
from cardsvc.wire.registry import RegistryEventKind, RegistryEventRequest, RegistryEventState
from cardsvc.wire.webhooks import EventType

_HOLDS: Final[Mapping[RegistryEventKind, HoldReason]] = {
    RegistryEventKind.DEATH: HoldReason.DECEASED,
    RegistryEventKind.MOVED_AWAY: HoldReason.MOVED_AWAY,
}
_REASONS: Final[Mapping[RegistryEventKind, RevocationReason]] = {
    RegistryEventKind.DEATH: RevocationReason.DECEASED,
    RegistryEventKind.MOVED_AWAY: RevocationReason.MOVED_AWAY,
}


def report(
    session: Session, citizen_id: UUID, request: RegistryEventRequest, *, actor: Principal, now: datetime
) -> RegistryEvent:
    """Somebody died or moved away: their cards are held at once.

    Raises CitizenNotFound, RecipientDecides, RegistryEventStands, ChangedMeanwhile.
    """
    get_citizen(session, citizen_id)
    require_not_recipient(session, actor.client_id, citizen_id)
    cards = lock_cards(session, citizen_id)
    standing = find_standing_event(session, citizen_id)
    if standing is not None:
        raise RegistryEventStands(standing.kind)
    event = RegistryEvent(
        id=new_id(),
        citizen_id=citizen_id,
        kind=request.kind,
        state=RegistryEventState.REPORTED,
        reference=request.reference,
        occurred_on=request.occurred_on,
        reported_by=actor.client_id,
        reported_at=now,
    )
    try:
        with session.begin_nested():
            session.add(event)
    except IntegrityError:  # the unique index of standing events
        raise RegistryEventStands(request.kind) from None
    for kind in (ApprovalKind.DEATH, ApprovalKind.DEATH_REVERSAL):
        lapse(session, kind, citizen_id, actor=actor.client_id, now=now)  # nobody agreed to an event not yet told
    for card in cards:
        if card.state in IN_USE:
            hold(session, card, _HOLDS[event.kind], held_for=event.id, actor=actor.client_id, now=now)
    _record(session, "registry.report", event, actor, now)
    return event


def confirm(session: Session, event_id: UUID, *, actor: Principal, now: datetime) -> RegistryEvent:
    """A colleague agreed: every card of the person is revoked, and an open application cancelled.

    Raises RegistryEventNotFound, RegistryEventSettled, ChangedMeanwhile, and what `spend` raises.
    """
    event = _reported(session, event_id, RegistryEventState.REPORTED)
    cards = lock_cards(session, event.citizen_id)
    spend(session, ApprovalKind.DEATH, event.citizen_id, actor=actor.client_id, now=now)
    _end_all(session, event, cards, actor, now)
    _settle(session, event, RegistryEventState.CONFIRMED, actor, now)
    if event.kind is RegistryEventKind.DEATH:
        tell(session, event.citizen_id, EventType.PERSON_DECEASED, now=now)
    return event


def reverse(session: Session, event_id: UUID, *, actor: Principal, now: datetime) -> Application:
    """The registry was wrong, and a colleague agreed: the old cards are gone for good; here is a draft for a new one.

    Raises as `confirm` does, and what `apply` raises.
    """
    event = _reported(session, event_id, RegistryEventState.REPORTED, RegistryEventState.CONFIRMED)
    cards = lock_cards(session, event.citizen_id)
    spend(session, ApprovalKind.DEATH_REVERSAL, event.citizen_id, actor=actor.client_id, now=now)
    _end_all(session, event, cards, actor, now)
    was_told = event.kind is RegistryEventKind.DEATH and event.state is RegistryEventState.CONFIRMED
    _settle(session, event, RegistryEventState.REVERSED, actor, now)
    if was_told:
        tell(session, event.citizen_id, EventType.DEATH_REVERSED, now=now)
    session.flush()
    return apply(session, event.citizen_id, ApplicationKind.RETURN, actor=actor, now=now)


def _reported(session: Session, event_id: UUID, *states: RegistryEventState) -> RegistryEvent:
    event = get_event(session, event_id)
    if event.state not in states:
        raise RegistryEventSettled(event.state)
    return event


def _end_all(session: Session, event: RegistryEvent, cards: list[Card], actor: Principal, now: datetime) -> None:
    """In this order: an application that is cancelled restores the card it held, unless the registry holds it."""
    application = find_open_application(session, event.citizen_id)
    if application is not None:
        end_application(session, application, f"registry: {event.kind.value}", actor=actor.client_id, now=now)
    for card in cards:
        if CardState.REVOKED in CARD_TRANSITIONS[card.state]:
            revoke_card(session, card, _REASONS[event.kind], actor=actor.client_id, now=now)


def _settle(session: Session, event: RegistryEvent, state: RegistryEventState, actor: Principal, now: datetime) -> None:
    event.state, event.decided_by, event.decided_at = state, actor.client_id, now
    event_name = "registry.confirm" if state is RegistryEventState.CONFIRMED else "registry.reverse"
    _record(session, event_name, event, actor, now)


def _record(session: Session, name: str, event: RegistryEvent, actor: Principal, now: datetime) -> None:
    record(
        session,
        event=name,
        outcome=OK,
        actor=actor.client_id,
        now=now,
        citizen_id=event.citizen_id,
        registry_event=str(event.id),
        kind=event.kind.value,
    )
