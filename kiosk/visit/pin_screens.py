"""What the kiosk shows while somebody changes their PIN, and what it remembers meanwhile.

The PINs are here from when they were entered until the card has them, and while nobody knows which of them it has: then
only until the card is back, or a minute and a half is over.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from uuid import UUID

from kiosk.offers import Offer
from readers.piv.pin import Pin


class PinProblem(StrEnum):
    """What is wrong with what was entered; the first four are those of `kiosk.pins.Weakness`."""

    REPEATED = "repeated"
    RUN = "run"
    WELL_KNOWN = "well-known"
    BIRTHDAY = "birthday"
    """Where it is known: at a desk."""
    AS_BEFORE = "as-before"
    DIFFERENT = "different"
    """The second time it was another one."""
    NOT_TAKEN = "not-taken"
    """The card does not take such a PIN."""
    WRONG = "wrong"
    """The old one was."""


class PinStep(StrEnum):
    """What is to be entered."""

    OLD = "old"
    NEW = "new"
    AGAIN = "again"


@dataclass(frozen=True, slots=True)
class ChangePin:
    """Asks for the old PIN, then for the new one, then for the new one again."""

    offer: Offer
    old: Pin | None = field(default=None, repr=False)
    new: Pin | None = field(default=None, repr=False)
    problem: PinProblem | None = None
    tries_left: int | None = None
    """After a wrong old one."""

    @property
    def step(self) -> PinStep:
        """Which of the three."""
        if self.old is None:
            return PinStep.OLD
        return PinStep.NEW if self.new is None else PinStep.AGAIN


@dataclass(frozen=True, slots=True)
class ChangingPin:
    """The card takes the new PIN. Neither is here."""

    offer: Offer
    card_uuid: UUID
    job: int


@dataclass(frozen=True, slots=True)
class PinLost:
    """The card was given the new PIN and its answer was lost: asks to put the card back, to ask it."""

    offer: Offer
    card_uuid: UUID
    old: Pin = field(repr=False)
    new: Pin = field(repr=False)
    other_card: bool = False
    """Whether another one was put in."""


@dataclass(frozen=True, slots=True)
class FindingPin:
    """The card is back and is being asked."""

    offer: Offer
    card_uuid: UUID
    job: int
