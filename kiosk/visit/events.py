"""What can happen to a visit."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from cardsvc.wire.levels import Level
from cardsvc.wire.manifest import Outcome, OutcomeField, SignedDocument
from kiosk.offers import Offer
from kiosk.visit.acts import CitizenEvent
from kiosk.visit.pin_events import PinEvent
from kiosk.visit.reason import Reason
from kiosk.visit.screens import Paper, Trouble
from kiosk.visit.turn_events import TurnEvent


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
class SecondCardHeld:
    """A card is held to the contactless reader while another one is in the slot; it is not read."""


@dataclass(frozen=True, slots=True)
class SecondCardGone:
    """It is not any more."""


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


Event = (
    CardHeld
    | SecondCardHeld
    | SecondCardGone
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
