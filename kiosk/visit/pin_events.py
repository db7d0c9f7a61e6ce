"""What can happen while somebody changes their PIN, and what is to be done for it."""

from __future__ import annotations

from dataclasses import dataclass, field
from uuid import UUID

from cardsvc.wire.manifest import Outcome
from kiosk.visit.reason import Reason
from readers.piv.pin import Pin


@dataclass(frozen=True, slots=True)
class PinChanged:
    """The card has answered that it took the new PIN."""

    job: int
    outcome: Outcome = field(repr=False)


@dataclass(frozen=True, slots=True)
class PinKept:
    """The card has the PIN that it had: it answered so, or was not given another one."""

    job: int
    reason: Reason


@dataclass(frozen=True, slots=True)
class PinDoubted:
    """The card was given the new PIN, and its answer was lost; or it could not be asked which one it has."""

    job: int
    old: Pin
    new: Pin


@dataclass(frozen=True, slots=True)
class PinFound:
    """The card was asked which of them it has."""

    job: int
    new: bool | None
    """None when that would have cost the last try."""


@dataclass(frozen=True, slots=True)
class GivePin:
    """Have the card in the contact reader take another PIN. Answer: PinChanged, PinKept or PinDoubted."""

    job: int
    card_uuid: UUID
    old: Pin
    new: Pin


@dataclass(frozen=True, slots=True)
class FindPin:
    """Ask the card in the contact reader which of them it has. Answer: PinFound or PinDoubted."""

    job: int
    card_uuid: UUID
    old: Pin
    new: Pin


PinEvent = PinChanged | PinKept | PinDoubted | PinFound
PinEffect = GivePin | FindPin
