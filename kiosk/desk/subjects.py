"""What one page of the desk hands to another: the officer goes on there with it."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from cardsvc.wire.people import Purpose


@dataclass(frozen=True, slots=True)
class TheApplication:
    """An application, to go on with."""

    id: UUID


@dataclass(frozen=True, slots=True)
class ThePerson:
    """A resident, to be opened; the purpose was chosen where they were found."""

    id: UUID
    purpose: Purpose
    reference: str | None = None


@dataclass(frozen=True, slots=True)
class TheCard:
    """A card that was issued, or is about to be."""

    uuid: UUID


Subject = TheApplication | ThePerson | TheCard
