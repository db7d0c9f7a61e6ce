"""What the kiosk can show, and all it remembers while it shows it."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from cardsvc.wire.levels import Level
from cardsvc.wire.manifest import Language, Outcome, OutcomeField, SignedDocument
from cardsvc.wire.signing import SignatureChallenge
from kiosk.forms import Filled
from kiosk.offers import Offer
from kiosk.visit.pin_screens import ChangePin, ChangingPin, FindingPin, PinLost
from kiosk.visit.reason import Reason
from kiosk.visit.turn_screens import AwaitSecond, HandOver, PhotographPin, ReadingPhotograph, Turn


@dataclass(frozen=True, slots=True)
class Attract:
    """Nobody is there: asks for a card."""

    since: datetime | None = None
    """When a card was first seen to lie on the contactless reader with nobody there."""


@dataclass(frozen=True, slots=True)
class Reading:
    """A card is held to the contactless reader."""


@dataclass(frozen=True, slots=True)
class Services:
    """The citizen chooses: a department, then one of its services."""

    department: str | None = None


@dataclass(frozen=True, slots=True)
class InsertCard:
    """The wanted service needs the PIN: asks to put the card in."""

    wanted: Offer


@dataclass(frozen=True, slots=True)
class PinEntry:
    """A card is in the contact reader; asks for its PIN."""

    card_uuid: UUID
    wanted: Offer | None = None
    tries_left: int | None = None
    """After a wrong PIN."""
    few: int | None = None
    """Tries that the card had left when it was put in, where that is fewer than usual."""


@dataclass(frozen=True, slots=True)
class CheckingPin:
    """The card checks the PIN. The PIN itself is not here: it went to the card with the effect and nowhere else."""

    card_uuid: UUID
    wanted: Offer | None
    job: int


@dataclass(frozen=True, slots=True)
class Consent:
    """Shows what the department will learn, and waits for a yes."""

    offer: Offer


@dataclass(frozen=True, slots=True)
class FillForm:
    """The service's questions."""

    offer: Offer
    filled: Filled = field(default_factory=Filled, repr=False)


@dataclass(frozen=True, slots=True)
class Paper:
    """A document that a department prepared for the citizen to sign."""

    text: str = field(repr=False)
    """The whole document, which is its UTF-8: the screen shows this, and this is signed."""
    language: Language
    prepared: str = field(repr=False)
    """The department's JWS about it."""
    challenge: SignatureChallenge | None = field(repr=False)
    """What the card is to sign; None when that is to be asked for anew."""

    @property
    def document(self) -> bytes:
        """What is signed."""
        return self.text.encode()

    @property
    def sha256(self) -> str:
        """The document's hash, hexadecimal."""
        return hashlib.sha256(self.document).hexdigest()


@dataclass(frozen=True, slots=True)
class Submission:
    """One attempt of a citizen at a service. Whatever is repeated of it is repeated with the same key."""

    offer: Offer
    key: UUID
    values: dict[str, Any] = field(default_factory=dict, repr=False)
    assertion: str | None = field(default=None, repr=False)
    signed: SignedDocument | None = field(default=None, repr=False)
    """At level ``sign``: what the citizen signed."""
    continues: str | None = field(default=None, repr=False)
    """The receipt of what somebody else began, for whoever comes second."""
    reread: bool = False
    """Whether the citizen has read the document before, and must read it again."""

    @property
    def mark(self) -> str:
        """Stands for the submission where the key, which is for the department alone, must not be seen."""
        return hashlib.sha256(self.key.bytes).hexdigest()


@dataclass(frozen=True, slots=True)
class Check:
    """Shows what is about to be asked for, before it is sent; what is signed is shown in `Review` instead."""

    submission: Submission
    origin: FillForm | Done
    """Where "back" leads."""
    about: OutcomeField | None = field(default=None, repr=False)
    """The line whose button was pressed."""


@dataclass(frozen=True, slots=True)
class Review:
    """Shows exactly what is to be signed."""

    submission: Submission
    paper: Paper


@dataclass(frozen=True, slots=True)
class SignPin:
    """Asks for the PIN once more: with it the card signs."""

    submission: Submission
    paper: Paper
    tries_left: int | None = None
    """After a wrong PIN."""


@dataclass(frozen=True, slots=True)
class Signing:
    """The card signs. The PIN is not here either."""

    submission: Submission
    paper: Paper
    job: int


@dataclass(frozen=True, slots=True)
class HoldAgain:
    """Without a network: asks to hold the card to the reader once more, for it to state what is wanted."""

    submission: Submission


@dataclass(frozen=True, slots=True)
class Sending:
    """The request is on its way."""

    submission: Submission
    job: int


class PrintState(StrEnum):
    """How it stands with something that was given to the printer."""

    WAITING = "waiting"
    SENT = "sent"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Printing:
    """Something that was given to the printer."""

    job: int
    state: PrintState = PrintState.WAITING


@dataclass(frozen=True, slots=True)
class Done:
    """What came of it."""

    offer: Offer
    outcome: Outcome = field(repr=False)
    pages: int = 0
    """How many pages the department's paper has; none where it cannot be drawn."""
    mark: str = ""
    """Stands for this outcome in the addresses of its pictures. No other outcome has it, and nobody can guess it."""
    printing: Printing | None = None


@dataclass(frozen=True, slots=True)
class Refusal:
    """It did not work, and why."""

    reason: Reason
    resume: Services | InsertCard | PinEntry | Consent | FillForm | Check | Review | Done | AwaitSecond | None = None
    """Where "back" leads; None when there is nothing to go back to."""
    retry: Submission | None = None
    """What "try again" sends again, with the same key."""


class Call(StrEnum):
    """How somebody is asked to take their card."""

    ASKED = "asked"
    LOUD = "loud"
    LEFT = "left"
    """It counts as left behind."""


@dataclass(frozen=True, slots=True)
class TakeCard:
    """The visit is over; asks to take the card."""

    since: datetime | None = None
    """When it was first seen to be still there."""
    call: Call = Call.ASKED
    lying: bool = False
    """On the contactless reader, not in the slot."""


@dataclass(frozen=True, slots=True)
class OutOfService:
    """The kiosk was taken out of service from afar."""


Screen = (
    Attract
    | Reading
    | Services
    | InsertCard
    | PinEntry
    | CheckingPin
    | Consent
    | FillForm
    | Check
    | Review
    | SignPin
    | Signing
    | HoldAgain
    | ChangePin
    | ChangingPin
    | PinLost
    | FindingPin
    | PhotographPin
    | ReadingPhotograph
    | HandOver
    | AwaitSecond
    | Sending
    | Done
    | Refusal
    | TakeCard
    | OutOfService
)
Place = Services | InsertCard | PinEntry | Consent | FillForm | Check | Review | Done | AwaitSecond
"""A screen one can come back to."""


@dataclass(frozen=True, slots=True)
class Visit:
    """Who is there: only as a card and a token that this kiosk can use for departments."""

    card_uuid: UUID
    level: Level
    token: str = field(repr=False)
    ends_at: datetime
    inserted: bool = False
    """Whether the card in the contact reader is known to be this visit's."""
    kept_at: datetime | None = None
    """When the service last heard that somebody is there."""
    offline: frozenset[tuple[str, str]] | None = None
    """Without a network: the services, by department and code, that may be taken. There is no token then."""
    news: tuple[OutcomeField, ...] = field(default=(), repr=False)
    """What departments have told unasked."""
    admitted: bool = False
    """Whether the department lets them take the second turn: before that they see no photograph."""


class Trouble(StrEnum):
    """What is out of order."""

    CONTACTLESS_READER = "contactless-reader"
    CONTACT_READER = "contact-reader"
    SERVICE = "service"
    OFFLINE = "offline"
    """The service is away, but some services may be taken without it."""


class Mode(StrEnum):
    """How somebody wants the screen to be."""

    LARGE_TEXT = "large-text"
    HIGH_CONTRAST = "high-contrast"
    SEAT_HEIGHT = "seat-height"
    """Everything to be pressed is low on the screen."""


@dataclass(frozen=True, slots=True)
class KioskState:
    """Everything a kiosk remembers. The first five belong to the citizen; the rest does not."""

    screen: Screen = field(default_factory=Attract)
    visit: Visit | None = None
    language: Language = Language.ENGLISH
    deadline: datetime | None = None
    """When the screen stops waiting for somebody to do something."""
    modes: frozenset[Mode] = frozenset()
    """How the citizen wants the screen to be."""
    turn: Turn | None = None
    """What somebody began who has taken their card: the next one goes on with it."""
    card_inside: bool = False
    """Whether there is a card in the contact reader."""
    second_card: bool = False
    """Whether another card is held to the contactless reader meanwhile."""
    card_held: bool = False
    """Whether one lies on the contactless reader."""
    cards_left: int = 0
    """How many were left behind since the kiosk was started."""
    last_job: int = 0
    """Number of the last piece of work given out; an answer to another one is too late."""
    offers: tuple[Offer, ...] = ()
    prints: bool = False
    """Whether there is a printer."""
    troubles: frozenset[Trouble] = frozenset()
    closing: bool = False
    """Whether it goes out of service as soon as somebody has been told which PIN their card has."""
