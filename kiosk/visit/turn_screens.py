"""What the kiosk shows where two people come in turn, each with a card of their own.

Of the first one there is nothing left when the second one is asked for, but what is in `Turn`.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from kiosk.offers import Offer


@dataclass(frozen=True, slots=True)
class Turn:
    """What somebody began, and another person has to go on with."""

    first: Offer
    second: Offer
    receipt: str = field(repr=False)
    open_until: datetime
    card_uuid: UUID
    """Of the first one: it is not the second one's."""
    photograph: bytes | None = field(default=None, repr=False)
    """On the card of the first one, where the second one has to compare it with their face."""

    @property
    def mark(self) -> str | None:
        """Stands for the photograph in its address."""
        return None if self.photograph is None else hashlib.sha256(self.photograph).hexdigest()


@dataclass(frozen=True, slots=True)
class PhotographPin:
    """Asks the first one for the PIN, to read the photograph."""

    turn: Turn
    tries_left: int | None = None
    """After a wrong PIN."""


@dataclass(frozen=True, slots=True)
class ReadingPhotograph:
    """The photograph is being read."""

    turn: Turn
    job: int


@dataclass(frozen=True, slots=True)
class HandOver:
    """Asks the first one to take their card. With that their visit is over."""

    turn: Turn


@dataclass(frozen=True, slots=True)
class AwaitSecond:
    """Asks the second one for their card. Whose turn it goes on with is in the kiosk's state."""

    first_again: bool = False
    """Whether it was the first one's card that was put in."""
