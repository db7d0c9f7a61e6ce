"""The outbox: what others must hear of an act is written in its transaction, after its audit record.

After, because the record locks the citizen until the end: acts about one person write their events one after the other.
Nothing is sent here. What was rolled back was never written; what is committed is numbered (`numbering.py`), can be
read (`feed.py`) and is delivered (`delivering.py`), whatever dies in between.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final
from uuid import UUID, uuid4

from sqlalchemy import Row, select
from sqlalchemy.orm import Session

from cardsvc.audit.service import OK, Draft, record_all
from cardsvc.callers.models import Caller
from cardsvc.cards.models import Card
from cardsvc.citizens.models import Citizen
from cardsvc.db import new_id
from cardsvc.departments.models import Acquaintance, Department
from cardsvc.departments.standing import standing_of
from cardsvc.reach.models import Revocation
from cardsvc.webhooks.models import DepartmentEvent
from cardsvc.wire.reach import RevocationKind
from cardsvc.wire.webhooks import EventType

EVENT: Final = "department.tell"
ACTOR: Final = "outbox"
"""Who did it, in records: nobody asked."""
_TYPES: Final[Mapping[RevocationKind, EventType]] = {
    RevocationKind.HELD: EventType.CARD_HELD,
    RevocationKind.RESTORED: EventType.CARD_REINSTATED,
    RevocationKind.REVOKED: EventType.CARD_REVOKED,
    RevocationKind.EXPIRED: EventType.CARD_EXPIRED,
}


def announce(session: Session, card: Card, kind: RevocationKind, *, now: datetime) -> None:
    """A card that was in force or held is so no longer, or again: kiosks must know the card, departments the person."""
    revocation = Revocation(id=new_id(), card_id=card.id, kind=kind, at=now)
    session.add(revocation)
    if card.citizen_id is not None:
        tell(session, card.citizen_id, _TYPES[kind], now=now, revocation_id=revocation.id)


def tell(
    session: Session, citizen_id: UUID, event: EventType, *, now: datetime, revocation_id: UUID | None = None
) -> None:
    """Write the event for each department that knows the person, in its own words for them.

    That it was told is in the person's own history.
    """
    session.flush()
    acquaintances = _acquaintances(session, citizen_id)
    if not acquaintances:
        return
    record_all(session.connection(), [_told(citizen_id, audience, event, now) for _, audience in acquaintances])
    standing = standing_of(session, citizen_id)
    turn = session.scalars(select(Citizen.audit_counter).where(Citizen.id == citizen_id)).one()
    session.add_all(
        DepartmentEvent(
            id=uuid4(),
            department_id=acquaintance.department_id,
            pseudonym=acquaintance.pseudonym,
            type=event,
            standing=standing,
            occurred_at=now,
            turn=turn,
            revocation_id=revocation_id,
        )
        for acquaintance, _ in acquaintances
    )


def _acquaintances(session: Session, citizen_id: UUID) -> Sequence[Row[Acquaintance, str]]:
    """Who knows the person, with each department's audience."""
    statement = (
        select(Acquaintance, Caller.audience)
        .join(Department, Department.id == Acquaintance.department_id)
        .join(Caller, Caller.id == Department.caller_id)
        .where(Acquaintance.citizen_id == citizen_id)
        .order_by(Acquaintance.department_id)
    )
    return session.execute(statement).all()


def _told(citizen_id: UUID, audience: str, event: EventType, now: datetime) -> Draft:
    detail = {"audience": audience, "type": event.value}
    return Draft(EVENT, OK, ACTOR, now, citizen_id=citizen_id, detail=detail)
