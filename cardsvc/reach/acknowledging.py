"""Kiosks hear of revocations and say that they have; departments say so of events, or by accepting a delivery.

An acknowledgement counts from its first time on: one that says no more than an earlier one changes nothing.
"""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from cardsvc.callers.models import Caller
from cardsvc.callers.principal import Principal
from cardsvc.cards.models import Card
from cardsvc.db import new_id
from cardsvc.departments.models import Department
from cardsvc.reach.errors import RevocationUnknown
from cardsvc.reach.models import Revocation, RevocationAcknowledgement
from cardsvc.trust.addresses import Addresses
from cardsvc.trust.models import StatusPlace
from cardsvc.webhooks.feed import get_event
from cardsvc.webhooks.models import DepartmentEvent
from cardsvc.wire import reach as wire


def read_revocations(session: Session, addresses: Addresses, after: UUID | None, limit: int) -> wire.RevocationPage:
    """What came after a revocation; from the oldest that is kept, unless one is named. Raises RevocationUnknown."""
    statement = (
        select(Revocation, Card.uuid, StatusPlace)
        .join(Card, Card.id == Revocation.card_id)
        .outerjoin(StatusPlace, StatusPlace.card_id == Card.id)
        .where(Revocation.number > (0 if after is None else _number(session, after)))
        .order_by(Revocation.number)
        .limit(limit + 1)
    )
    rows = session.execute(statement).all()
    return wire.RevocationPage(
        revocations=[_describe(addresses, row, card_uuid, place) for row, card_uuid, place in rows[:limit]],
        next=rows[limit - 1][0].id if len(rows) > limit else None,
    )


def acknowledge_revocations(
    session: Session, request: wire.AcknowledgementRequest, *, actor: Principal, now: datetime
) -> wire.Acknowledgement:
    """A kiosk turns away every card up to there. Raises RevocationUnknown."""
    number = _number(session, request.up_to)
    session.scalars(select(Caller.id).where(Caller.id == actor.caller_id).with_for_update()).one()
    newest = (
        select(RevocationAcknowledgement)
        .where(RevocationAcknowledgement.caller_id == actor.caller_id)
        .order_by(RevocationAcknowledgement.number.desc())
        .limit(1)
    )
    known = session.scalar(newest)
    if known is None or known.number < number:
        known = RevocationAcknowledgement(id=new_id(), caller_id=actor.caller_id, number=number, at=now)
        session.add(known)
    return wire.Acknowledgement(up_to=request.up_to, number=known.number, at=known.at)


def acknowledge_events(
    session: Session, department: Department, request: wire.AcknowledgementRequest, *, now: datetime
) -> wire.Acknowledgement:
    """A department has taken note of every event up to there. Raises EventUnknown."""
    event = get_event(session, department, request.up_to)
    session.execute(
        update(DepartmentEvent)
        .where(
            DepartmentEvent.department_id == department.id,
            DepartmentEvent.number <= event.number,
            DepartmentEvent.acknowledged_at.is_(None),
        )
        .values(acknowledged_at=now)
        .execution_options(synchronize_session=False)
    )
    session.refresh(event)
    return wire.Acknowledgement(up_to=event.id, number=event.number or 0, at=event.acknowledged_at or now)


def _number(session: Session, revocation_id: UUID) -> int:
    revocation = session.get(Revocation, revocation_id)
    if revocation is None or revocation.number is None:
        raise RevocationUnknown
    return revocation.number


def _describe(addresses: Addresses, row: Revocation, card_uuid: UUID, place: StatusPlace | None) -> wire.Revocation:
    if row.number is None:
        raise ValueError("a revocation without a number is not told yet")
    return wire.Revocation(
        id=row.id,
        number=row.number,
        kind=row.kind,
        card_uuid=card_uuid,
        at=row.at,
        status_list=None if place is None else addresses.status_list(place.list_id),
        status_index=None if place is None else place.place,
    )
