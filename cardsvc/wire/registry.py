"""Events of the population registry."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated
from uuid import UUID

from pydantic import StringConstraints

from cardsvc.wire.base import Date, Message, Page, Timestamp

RegistryReference = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9/._-]{0,39}$")]
"""The registry's own number of the event. No names: it stays when the person is erased."""


class RegistryEventKind(StrEnum):
    """What the registry tells."""

    DEATH = "death"
    MOVED_AWAY = "moved-away"


class RegistryEventState(StrEnum):
    """How far an event is."""

    REPORTED = "reported"
    """The cards are held."""
    CONFIRMED = "confirmed"
    """A second officer confirmed it: the cards are revoked."""
    REVERSED = "reversed"
    """It was a mistake: the citizen gets a new card."""


class RegistryEventRequest(Message):
    """Tell that somebody died or moved away."""

    kind: RegistryEventKind
    reference: RegistryReference
    occurred_on: Date


class RegistryEvent(Message):
    """An event, and what came of it."""

    id: UUID
    citizen_id: UUID
    kind: RegistryEventKind
    state: RegistryEventState
    reference: str
    occurred_on: Date
    reported_by: str
    reported_at: Timestamp
    decided_by: str | None = None
    decided_at: Timestamp | None = None


class RegistryEventList(Page):
    """The events of one citizen, newest first."""

    events: list[RegistryEvent]
