"""What a department declares: its texts, its services with a handler each, its tables and its seed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any, Final

from sqlalchemy import MetaData
from sqlalchemy.orm import Session

from cardsvc.wire.authentication import CardAtTap, TappedOffline
from cardsvc.wire.levels import Level
from cardsvc.wire.manifest import (
    Manifest,
    OutcomeField,
    ServiceDescription,
    Texts,
    TwoTurns,
    department_audience,
)
from kiosk.departments.contract.inputs import check_schema
from kiosk.departments.contract.refusals import AttributeNeeded, CardNotInForceThen

MINE: Final = "my-cases"
"""The service that tells how all matters of a citizen stand (`contract.matters`)."""
NEWS: Final = "news"
"""The one that tells what of it is new."""


@dataclass(frozen=True, slots=True)
class Visitor:
    """Verified: who is there, as this department may know them."""

    pseudonym: str = field(repr=False)
    """This department's own name for the citizen; no other department has the same."""
    level: Level
    attributes: Mapping[str, Any] = field(repr=False)
    """What the citizen agreed to tell; may be less than the service wants."""
    answers: Mapping[str, bool] = field(default_factory=dict, repr=False)
    """What was answered by yes or no, by question; as above."""

    def told(self, attribute: str) -> str:
        """An attribute that the service cannot do without. Raises AttributeNeeded."""
        if self.attributes.get(attribute) is None:
            raise AttributeNeeded(attribute)
        return str(self.attributes[attribute])

    def answered(self, question: str) -> bool:
        """The answer to a question that the service cannot do without. Raises AttributeNeeded."""
        if question not in self.answers:
            raise AttributeNeeded(question)
        return self.answers[question]


@dataclass(frozen=True, slots=True)
class FirstTurn:
    """What somebody else began, and this visit goes on with."""

    receipt: str
    pseudonym: str = field(repr=False)
    attributes: Mapping[str, Any] = field(repr=False)
    """What they told."""
    input: Mapping[str, Any] = field(repr=False)
    begun_at: datetime
    """Where they signed, when the document was written: what follows from the time must be the same in it."""


@dataclass(frozen=True, slots=True)
class Visit:
    """One request for a service, verified and valid against its schema."""

    visitor: Visitor
    input: Mapping[str, Any] = field(repr=False)
    now: datetime
    receipt: str
    """The number that the answer will have, the same whenever the request is repeated."""
    offline: TappedOffline | None = None
    """The citizen was at a kiosk without a network, some time ago; and how the card stood then."""
    first: FirstTurn | None = None
    """For the second one of two who come in turn, and only there."""

    def require_card_in_force(self) -> None:
        """Of a tap at a kiosk without a network: the card was in force then. Raises CardNotInForceThen."""
        if self.offline is not None and self.offline.card is not CardAtTap.IN_FORCE:
            raise CardNotInForceThen(f"it was {self.offline.card.value}", card=self.offline.card.value)

    @property
    def begun(self) -> FirstTurn:
        """What the other one began. Raises ValueError where nobody did."""
        if self.first is None:
            raise ValueError("nobody began this")
        return self.first


@dataclass(frozen=True, slots=True)
class Paper:
    """A certificate, as its department means it; number, date, seal and QR code are put to it when it is made."""

    title: Texts
    statement: Texts = field(repr=False)
    """A sentence or two: what is certified."""
    lines: tuple[OutcomeField, ...] = field(repr=False)
    valid_for: timedelta


@dataclass(frozen=True, slots=True)
class NewCase:
    """Something that a person has to decide."""

    lines: tuple[OutcomeField, ...] = field(repr=False)
    """What the officer reads."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of it; the receipt number is put to it when it is kept."""

    title: Texts
    fields: tuple[OutcomeField, ...] = ()
    paper: Paper | None = None
    """To be made, sealed and given along."""
    case: NewCase | None = None
    """To be put before an officer, under the receipt's number."""


@dataclass(frozen=True, slots=True)
class Draft:
    """A document for the citizen to sign, as its department means it; receipt number and time are put to it."""

    title: Texts
    statement: Texts = field(repr=False)
    """What the citizen declares or wants done, in the first person."""
    lines: tuple[OutcomeField, ...] = field(default=(), repr=False)


Handler = Callable[[Session, Visit], Answer]
"""Does the work inside the request's transaction, which it must not end. Raises `ServiceRefused` to say no.

At level ``sign`` the citizen has signed the draft that was prepared for this input: the visit has the receipt number
that stands in it, and what the citizen told when it was prepared.
"""

Preparer = Callable[[Session, Visit], Draft]
"""Says what the citizen is to sign. Raises `ServiceRefused` to say no before anybody signs.

Whatever it writes is undone: it may do the work itself to see whether it can be done.
"""


Admitter = Callable[[Session, Visit], None]
"""Looks whether somebody may take a second turn. Raises `ServiceRefused` to say no, before they see a photograph.

Whatever it writes is undone. The visit has no input yet, and no receipt number.
"""


Settled = Callable[[Session, str, str, datetime], None]
"""Does what follows from a verdict, in the transaction that records it: of the case with that receipt, at that time.

Raises `inbox.cases.CaseRefused` where the verdict cannot be given (now): nothing is recorded then.
"""


Withdrawn = Callable[[Session, str, datetime], None]
"""Does what follows when a citizen withdraws the open case with that receipt, in the transaction that records it."""


Told = Callable[[Session, str], tuple[OutcomeField, ...]]
"""Says what the citizen is to know of the case with that receipt, besides the verdict."""


@dataclass(frozen=True)
class SecondTurn:
    """What another person does, with a card of their own, so that something that was begun is done."""

    service: Service
    """At level ``sign`` its preparer gives the very draft that the first one signed."""
    within: timedelta
    admits: Admitter | None = None
    """Where they are to see the photograph on the first one's card: says who may. Nobody sees one without it."""


@dataclass(frozen=True)
class Service:
    """One service and who does its work."""

    description: ServiceDescription
    handler: Handler
    prepare: Preparer | None = None
    """At level ``sign``, and only there."""
    gives_papers: bool = False
    """Its answers may hold a paper: the department needs a seal."""
    verdicts: Mapping[str, Texts] = field(default_factory=dict)
    """What an officer may say to its cases, and what the citizen is told then. A service without any opens none."""
    settled: Settled | None = None
    """What follows when an officer has settled one of its cases, where more does than that the citizen is told."""
    withdrawn: Withdrawn | None = None
    """What follows when a citizen withdraws one of its cases; without it nobody can."""
    told: Told | None = None
    """What the citizen hears of a settled case, where it is more than the verdict."""
    offline: bool = False
    """Takes what kiosks without a network bring later; its handler looks at ``visit.offline``: the card may have been
    revoked when it was tapped."""
    second: SecondTurn | None = None
    """Who has to go on with it, and the other must not be the same person. Its own handler only looks whether it can be
    begun; the second one's does the work."""
    confirm_online: bool = False
    """Ask the card service too, so that a card revoked a moment ago is refused: for what shows personal data."""

    def __post_init__(self) -> None:
        check_schema(self.description.input)
        if (self.description.level is Level.SIGN) != (self.prepare is not None):
            raise ValueError(f"{self.description.code}: a document is prepared at level sign, and only there")
        if self.offline and self.description.level is not Level.TAP:
            raise ValueError("without a network there is only level tap")


@dataclass(frozen=True)
class Department:
    """One department of the city."""

    code: str
    titles: Texts
    receipt_prefix: str
    """Two letters before its receipt numbers."""
    services: tuple[Service, ...]
    metadata: MetaData = field(repr=False)
    """Its own tables; their migrations are in ``migrations/departments/<code with underscores>``."""
    seed: Callable[[Session], None] | None = None
    """Puts in what must be there from the first day, where it is not there yet."""

    @cached_property
    def manifest(self) -> Manifest:
        """What the kiosk draws its screens from."""
        codes = {service.description.code for service in self.services}
        return Manifest(
            department=self.code,
            matters=MINE if MINE in codes else None,
            news=NEWS if NEWS in codes else None,
            titles=self.titles,
            services=tuple(service.description for service in self.services if service.second is None),
            in_turn=tuple(
                TwoTurns(
                    first=service.description,
                    second=service.second.service.description,
                    photograph=service.second.admits is not None,
                )
                for service in self.services
                if service.second is not None
            ),
        )

    @cached_property
    def every_service(self) -> tuple[Service, ...]:
        """Those of second turns, too."""
        seconds = (service.second.service for service in self.services if service.second is not None)
        return *self.services, *seconds

    @property
    def audience(self) -> str:
        """The audience that assertions for this department must have."""
        return department_audience(self.code)

    @property
    def gives_papers(self) -> bool:
        """Whether any of its services does."""
        return any(service.gives_papers for service in self.every_service)

    @property
    def has_signed(self) -> bool:
        """Whether citizens sign documents for any of its services."""
        return any(service.prepare is not None for service in self.every_service)

    @property
    def decides(self) -> bool:
        """Whether any of its services opens cases."""
        return any(service.verdicts for service in self.every_service)

    def service(self, code: str) -> Service | None:
        """The service of that code, if there is one."""
        return next((service for service in self.every_service if service.description.code == code), None)

    def first_of(self, code: str) -> Service | None:
        """The service that the one of that code goes on with, if it is a second turn."""
        return next(
            (each for each in self.services if each.second and each.second.service.description.code == code), None
        )
