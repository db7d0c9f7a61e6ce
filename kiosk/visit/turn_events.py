"""What can happen where two people come in turn, and what is to be done for it."""

from __future__ import annotations

from dataclasses import dataclass, field
from uuid import UUID

from kiosk.offers import Offer
from kiosk.visit.reason import Reason
from readers.piv.pin import Pin


@dataclass(frozen=True, slots=True)
class Photographed:
    """The photograph was read from the card."""

    job: int
    photograph: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class NotPhotographed:
    """It was not: there is none, or the PIN was wrong, or the card was taken away."""

    job: int
    reason: Reason


@dataclass(frozen=True, slots=True)
class ReadPhotograph:
    """Have the card in the contact reader check the PIN and give the photograph. Answer: Photographed or Not-."""

    job: int
    card_uuid: UUID
    pin: Pin


@dataclass(frozen=True, slots=True)
class Admitted:
    """The department lets the second one take the turn."""

    job: int


@dataclass(frozen=True, slots=True)
class AskAdmission:
    """Ask the department whether the second one may take the turn. Answer: Admitted or Declined."""

    job: int
    token: str = field(repr=False)
    offer: Offer
    continues: str = field(repr=False)


TurnEvent = Photographed | NotPhotographed | Admitted
TurnEffect = ReadPhotograph | AskAdmission
