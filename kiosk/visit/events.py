"""What can happen to a visit, and what a visit wants done."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from cardsvc.wire.levels import Level
from cardsvc.wire.manifest import Language, Outcome, OutcomeField, SignedDocument
from kiosk.offers import Offer
from kiosk.visit.pin_events import PinEffect, PinEvent
from kiosk.visit.reason import Reason
from kiosk.visit.screens import Paper, Trouble
from kiosk.visit.turn_events import TurnEffect, TurnEvent
from readers.piv.pin import Pin


@dataclass(frozen=True, slots=True)
class Authenticated:
    """The card service has let a card in."""

    card_uuid: UUID
    level: Level
    token: str = field(repr=False)
    ends_at: datetime


# From the contactless reader


@dataclass(frozen=True, slots=True)
class CardHeld:
    """A card is held to the contactless reader and is being read."""


@dataclass(frozen=True, slots=True)
class CardLifted:
    """It is not there any more."""


@dataclass(frozen=True, slots=True)
class Tapped:
    """The tap is proved."""

    authenticated: Authenticated


@dataclass(frozen=True, slots=True)
class TapRefused:
    """The tap did not work."""

    reason: Reason


@dataclass(frozen=True, slots=True)
class AdmittedOffline:
    """The card is genuine and in force by what the kiosk knows; the service was not asked."""

    card_uuid: UUID
    allowed: frozenset[tuple[str, str]]
    """Departments and services."""


@dataclass(frozen=True, slots=True)
class Recorded:
    """The card stated what is wanted, and it is in the journal."""

    key: UUID
    """Of the submission."""
    outcome: Outcome = field(repr=False)


# From the contact reader


@dataclass(frozen=True, slots=True)
class CardInserted:
    """A readable card is in the contact reader; nothing about it is proved yet."""

    card_uuid: UUID
    tries_left: int | None = None
    """Of its PIN, where the card says so."""


@dataclass(frozen=True, slots=True)
class CardUnreadable:
    """A card is in the contact reader, but it is none of ours or does not work."""

    reason: Reason


@dataclass(frozen=True, slots=True)
class CardTaken:
    """The contact reader is empty again."""


# From work that was given out; ``job`` says which


@dataclass(frozen=True, slots=True)
class PinProved:
    """The card took the PIN, and the service let it in."""

    job: int
    authenticated: Authenticated


@dataclass(frozen=True, slots=True)
class PinRefused:
    """The card or the service did not."""

    job: int
    reason: Reason


@dataclass(frozen=True, slots=True)
class Exchanged:
    """The service gave an assertion for the department."""

    job: int
    assertion: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Prepared:
    """The department has written what is to be signed, and the service will have the card sign it."""

    job: int
    paper: Paper


@dataclass(frozen=True, slots=True)
class Signed:
    """The card signed, and the service accepts it."""

    job: int
    signed: SignedDocument = field(repr=False)
    assertion: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Answered:
    """The department has done what was asked."""

    job: int
    outcome: Outcome = field(repr=False)
    pages: int = 0
    """How many pages its paper has; none where that cannot be drawn."""


@dataclass(frozen=True, slots=True)
class Printed:
    """The printer has taken it."""

    job: int


@dataclass(frozen=True, slots=True)
class NotPrinted:
    """The printer has not."""

    job: int


@dataclass(frozen=True, slots=True)
class Declined:
    """The card, the service or the department did not, or could not be reached."""

    job: int
    reason: Reason


# From the citizen


@dataclass(frozen=True, slots=True)
class ServiceChosen:
    """Pressed a service."""

    department: str
    service: str


@dataclass(frozen=True, slots=True)
class PinEntered:
    """Entered the PIN."""

    pin: Pin


@dataclass(frozen=True, slots=True)
class PinForgotten:
    """Asked what to do without the PIN."""


@dataclass(frozen=True, slots=True)
class ActionChosen:
    """Pressed the button beside a line of an outcome: the how manieth line it is. ``key`` is fresh."""

    line: int
    key: UUID


@dataclass(frozen=True, slots=True)
class Checked:
    """Said yes to what is about to be asked for."""


@dataclass(frozen=True, slots=True)
class ConsentGiven:
    """Said yes to what the department will learn. ``key`` is fresh, for the attempt that may follow."""

    key: UUID


@dataclass(frozen=True, slots=True)
class FormSubmitted:
    """Filled in the form. ``key`` is fresh."""

    entered: dict[str, Any] = field(repr=False)
    key: UUID


@dataclass(frozen=True, slots=True)
class AgreedToSign:
    """Pressed "sign", having before them the document with this SHA-256 (hexadecimal)."""

    sha256: str


@dataclass(frozen=True, slots=True)
class WentBack:
    """Pressed "back"."""


@dataclass(frozen=True, slots=True)
class TriedAgain:
    """Pressed "try again"."""


@dataclass(frozen=True, slots=True)
class PrintWanted:
    """Pressed "print"."""


@dataclass(frozen=True, slots=True)
class Finished:
    """Pressed "finish"."""


@dataclass(frozen=True, slots=True)
class LanguageChosen:
    """Chose a language."""

    language: Language


@dataclass(frozen=True, slots=True)
class Touched:
    """Is still there."""


# From the kiosk itself


@dataclass(frozen=True, slots=True)
class NewsHeard:
    """Departments have told what is new, for the visit of this token."""

    token: str = field(repr=False)
    news: tuple[OutcomeField, ...] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Ticked:
    """Time has passed."""


@dataclass(frozen=True, slots=True)
class OffersChanged:
    """The departments offer something else now."""

    offers: tuple[Offer, ...]


@dataclass(frozen=True, slots=True)
class TroubleSeen:
    """Something is out of order."""

    trouble: Trouble


@dataclass(frozen=True, slots=True)
class TroubleGone:
    """It works again."""

    trouble: Trouble


@dataclass(frozen=True, slots=True)
class TakenOutOfService:
    """Those who look after the kiosk have disabled it."""


@dataclass(frozen=True, slots=True)
class PutIntoService:
    """They have enabled it again."""


@dataclass(frozen=True, slots=True)
class RulesChanged:
    """The kiosk goes by other rules now."""


CitizenEvent = (
    ServiceChosen
    | ActionChosen
    | Checked
    | PinEntered
    | PinForgotten
    | ConsentGiven
    | FormSubmitted
    | AgreedToSign
    | WentBack
    | TriedAgain
    | PrintWanted
    | Finished
    | LanguageChosen
    | Touched
)
Event = (
    CardHeld
    | CardLifted
    | Tapped
    | TapRefused
    | AdmittedOffline
    | Recorded
    | CardInserted
    | CardUnreadable
    | CardTaken
    | PinProved
    | PinRefused
    | Exchanged
    | Prepared
    | Signed
    | Answered
    | Printed
    | NotPrinted
    | Declined
    | NewsHeard
    | PinEvent
    | TurnEvent
    | CitizenEvent
    | Ticked
    | OffersChanged
    | TroubleSeen
    | TroubleGone
    | TakenOutOfService
    | PutIntoService
    | RulesChanged
)


# Effects


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
