"""Finding events of the population registry."""

from __future__ import annotations

from typing import Final
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from cardsvc.paging import EVERYTHING, Page, Wanted, page
from cardsvc.registry.errors import RegistryEventNotFound, RegistryEventStands
from cardsvc.registry.models import RegistryEvent
from cardsvc.wire import registry as wire
from cardsvc.wire.registry import RegistryEventState

_STANDING: Final = (RegistryEventState.REPORTED, RegistryEventState.CONFIRMED)


def get_event(session: Session, event_id: UUID) -> RegistryEvent:
    """Waits for whoever is settling it. Raises RegistryEventNotFound."""
    event = session.get(RegistryEvent, event_id, with_for_update=True)
    if event is None:
        raise RegistryEventNotFound
    return event


def find_standing_event(session: Session, citizen_id: UUID) -> RegistryEvent | None:
    """What the registry says about a citizen now, if anything."""
    return session.scalar(
        select(RegistryEvent).where(RegistryEvent.citizen_id == citizen_id, RegistryEvent.state.in_(_STANDING))
    )


def require_alive(session: Session, citizen_id: UUID) -> None:
    """Raises RegistryEventStands for somebody of whom the registry says that they died or moved away."""
    event = find_standing_event(session, citizen_id)
    if event is not None:
        raise RegistryEventStands(event.kind)


def events_of(session: Session, citizen_id: UUID, wanted: Wanted = EVERYTHING) -> Page[RegistryEvent]:
    """What the registry told about a citizen, newest first. Raises CursorRefused."""
    statement = select(RegistryEvent).where(RegistryEvent.citizen_id == citizen_id)
    return page(session, statement, RegistryEvent.id, wanted, newest=True)


def describe(event: RegistryEvent) -> wire.RegistryEvent:
    """As officers' tools see it."""
    return wire.RegistryEvent(**{name: getattr(event, name) for name in wire.RegistryEvent.model_fields})
