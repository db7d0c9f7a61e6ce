"""From an approved application to a sealed card: which card is taken for it, what is true of a card, what comes next.

Nothing is remembered here between the calls: each asks the service's record and the card, so that a desk that was
switched off in the middle, or another desk, goes on in the same way.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Final
from uuid import UUID

from cardsvc.client import ServiceClient, ServiceProblem
from cardsvc.wire.lifecycle import Application, ApplicationState, ApplicationSummary, Card, CardState
from cardsvc.wire.people import Purpose
from cardsvc.wire.stock import StockCard
from kiosk.desk.card_layout import Printed
from kiosk.desk.looking import Condition, SeenCard

ISSUABLE: Final = (ApplicationState.APPROVED, ApplicationState.PERSONALISING, ApplicationState.PRODUCED)
"""What a card can be written for, is written for, or was written for and is not in its holder's hands."""


class NotApproved(Exception):
    """Raised when a card is to be made for an application that nobody approved. Carries its state."""

    def __init__(self, state: ApplicationState) -> None:
        super().__init__(f"the application is {state}")
        self.state = state


class OtherCardReserved(Exception):
    """Raised when another card was taken for the application before. Carries its printed number."""

    def __init__(self, stock_number: str) -> None:
        super().__init__("another card was taken for this application before")
        self.stock_number = stock_number


class NotInStock(Exception):
    """Raised when no blank card has the number that was entered. Carries it."""

    def __init__(self, stock_number: str) -> None:
        super().__init__("no blank card in stock has this number")
        self.stock_number = stock_number


def issuable(officer: ServiceClient) -> list[ApplicationSummary]:
    """The applications to make cards for, and whose cards wait to be handed over; oldest first."""
    return [row for row in officer.applications() if row.state in ISSUABLE]


def find_in_stock(officer: ServiceClient, stock_number: str) -> StockCard:
    """The blank card with this printed number. Raises NotInStock."""
    for card in blank_cards(officer):
        if card.stock_number == stock_number:
            return card
    raise NotInStock(stock_number)


def blank_cards(officer: ServiceClient) -> Iterator[StockCard]:
    """All that are on the books and nobody's yet."""
    return (card for card in officer.stock() if card.state == CardState.STOCK)


def take_card(officer: ServiceClient, application_id: UUID, stock_number: str) -> Card:
    """Reserve the card of this printed number for the application, or find that it is. Repeating it changes nothing.

    Raises NotApproved, OtherCardReserved, NotInStock, ServiceProblem, ServiceUnreachable.
    """
    application = officer.application(application_id)
    if application.state is ApplicationState.APPROVED:
        find_in_stock(officer, stock_number)
        return officer.personalise(application_id, stock_number)
    card = card_of(officer, application)
    if card is None:
        raise NotApproved(application.state)
    if card.stock_number != stock_number:
        raise OtherCardReserved(card.stock_number)
    return card


def card_of(officer: ServiceClient, application: Application) -> Card | None:
    """The card that was taken for an application."""
    return None if application.card_uuid is None else officer.card(application.card_uuid)


def what_is_printed(officer: ServiceClient, application_id: UUID) -> Printed:
    """What stands on the card of an application. That the photograph was opened goes on record.

    Raises NotApproved while no card was taken for it, ServiceProblem, ServiceUnreachable.
    """
    application = officer.application(application_id)
    card = card_of(officer, application)
    if card is None:
        raise NotApproved(application.state)
    try:
        photo = officer.open_photo(application.citizen_id, Purpose.APPLICATION)
    except ServiceProblem as problem:
        if problem.problem.code != "no-photo":
            raise
        photo = None
    person = application.person
    return Printed(person.name, person.name_latin or "", card.stock_number, card.expires_on, photo)


def put_aside(officer: ServiceClient, card_uuid: UUID, reason: str) -> Card:
    """A card cannot be gone on with: it is lost, broken or misprinted. Its application can have another one."""
    if officer.card(card_uuid).state is CardState.PERSONALISING:
        return officer.give_up(card_uuid, reason)
    return officer.spoil(card_uuid, reason)


class Situation(StrEnum):
    """What is true of a card in the reader, each with what comes next."""

    STRANGE = "strange"
    BLANK = "blank"
    BEGUN = "begun"
    """One application waits for a card that was begun: this should be it; the service compares the marker."""
    BEGUN_ONE_OF_SEVERAL = "begun-one-of-several"
    BEGUN_FOR_NOBODY = "begun-for-nobody"
    FOREIGN = "foreign"
    """The service has never heard of it."""
    UNJUDGED = "unjudged"
    """All is written; it was taken out before it was looked at again."""
    SEALED = "sealed"
    DELIVERED = "delivered"
    ACTIVE = "active"
    HELD = "held"
    REVOKED = "revoked"
    EXPIRED = "expired"
    QUARANTINED = "quarantined"
    DESTROYED = "destroyed"
    CONTRADICTORY = "contradictory"
    """The record says that it is blank, and it is not."""


_RECORDED: Final[Mapping[CardState, Situation]] = MappingProxyType(
    {
        CardState.STOCK: Situation.CONTRADICTORY,
        CardState.RESERVED: Situation.CONTRADICTORY,
        CardState.PERSONALISING: Situation.UNJUDGED,
        CardState.QUARANTINED: Situation.QUARANTINED,
        CardState.SEALED: Situation.SEALED,
        CardState.DELIVERED: Situation.DELIVERED,
        CardState.ACTIVE: Situation.ACTIVE,
        CardState.HELD: Situation.HELD,
        CardState.REVOKED: Situation.REVOKED,
        CardState.EXPIRED: Situation.EXPIRED,
        CardState.DESTROYED: Situation.DESTROYED,
    }
)
GOES_ON: Final = frozenset({Situation.BEGUN, Situation.UNJUDGED})
"""Having the card written again goes on with it."""


@dataclass(frozen=True, slots=True)
class Standing:
    """What is true of the card in the reader."""

    seen: SeenCard
    situation: Situation
    card: Card | None = None
    """By the service's record."""
    application: ApplicationSummary | None = None
    """The open one that the card is made for."""
    in_stock: int | None = None
    """How many blank cards are on the books, where this is a blank one."""


def standing(officer: ServiceClient, seen: SeenCard) -> Standing:
    """What the service's record and the card say together. Raises ServiceProblem, ServiceUnreachable."""
    match seen.condition:
        case Condition.STRANGE:
            return Standing(seen, Situation.STRANGE)
        case Condition.BLANK:
            return Standing(seen, Situation.BLANK, in_stock=sum(1 for _ in blank_cards(officer)))
        case Condition.BEGUN:
            return _begun(officer, seen)
        case Condition.FINISHED:
            return _finished(officer, seen)


def _begun(officer: ServiceClient, seen: SeenCard) -> Standing:
    """The marker is a random number that only the service can place."""
    reserved = ((row, officer.card(row.card_uuid)) for row in issuable(officer) if row.card_uuid is not None)
    begun = [(row, card) for row, card in reserved if card.state is CardState.PERSONALISING]
    match begun:
        case []:
            return Standing(seen, Situation.BEGUN_FOR_NOBODY)
        case [(application, card)]:
            return Standing(seen, Situation.BEGUN, card, application)
    return Standing(seen, Situation.BEGUN_ONE_OF_SEVERAL)


def _finished(officer: ServiceClient, seen: SeenCard) -> Standing:
    if seen.uuid is None:
        return Standing(seen, Situation.FOREIGN)
    try:
        card = officer.card(seen.uuid)
    except ServiceProblem as problem:
        if problem.problem.code != "no-such-card":
            raise
        return Standing(seen, Situation.FOREIGN)
    application = next((row for row in officer.applications() if row.card_uuid == card.uuid), None)
    return Standing(seen, _RECORDED[card.state], card, application)
