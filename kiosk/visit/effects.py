"""What a visit wants done."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from cardsvc.wire.manifest import Language, Outcome, SignedDocument
from kiosk.offers import Offer
from kiosk.visit.pin_events import PinEffect
from kiosk.visit.screens import Paper
from kiosk.visit.turn_events import TurnEffect
from readers.piv.pin import Pin


@dataclass(frozen=True, slots=True)
class ProvePin:
    """Have the card in the contact reader check the PIN and prove itself. Answer: PinProved or PinRefused."""

    job: int
    card_uuid: UUID
    pin: Pin


@dataclass(frozen=True, slots=True)
class Exchange:
    """Get an assertion for a department. Answer: Exchanged or Declined."""

    job: int
    token: str = field(repr=False)
    offer: Offer


@dataclass(frozen=True, slots=True)
class Prepare:
    """Have the department write what is to be signed, and the service say how. Answer: Prepared or Declined."""

    job: int
    token: str = field(repr=False)
    offer: Offer
    values: dict[str, Any] = field(repr=False)
    language: Language
    continues: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Sign:
    """Have the card in the contact reader check the PIN and sign the document. Answer: Signed or Declined."""

    job: int
    token: str = field(repr=False)
    offer: Offer
    paper: Paper
    card_uuid: UUID
    pin: Pin


@dataclass(frozen=True, slots=True)
class Ask:
    """Ask the department. Answer: Answered or Declined."""

    job: int
    offer: Offer
    key: UUID
    assertion: str = field(repr=False)
    values: dict[str, Any] = field(repr=False)
    signed: SignedDocument | None = field(default=None, repr=False)
    continues: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Serve:
    """Have the card service do one of the city's own services. Answer: Answered or Declined."""

    job: int
    token: str = field(repr=False)
    offer: Offer
    values: dict[str, Any] = field(repr=False)


@dataclass(frozen=True, slots=True)
class AskNews:
    """Ask all departments what is new; nobody waits for it."""

    token: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class KeepVisit:
    """Tell the service that the citizen is still there. No answer."""

    token: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Print:
    """Have the department's paper printed, or the receipt where there is none. Answer: Printed or NotPrinted."""

    job: int
    offer: Offer
    outcome: Outcome = field(repr=False)
    pages: int
    """Of its paper; none where that cannot be drawn."""
    language: Language


@dataclass(frozen=True, slots=True)
class EndVisit:
    """Tell the service that the visit is over. No answer."""

    token: str = field(repr=False)


Effect = (
    ProvePin | Exchange | Prepare | Sign | Ask | Serve | Print | PinEffect | TurnEffect | AskNews | KeepVisit | EndVisit
)
