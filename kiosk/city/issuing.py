"""From a person to an active card: what clerk, approving officer, desk and citizen do, each with their own key."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass
from datetime import date
from typing import Final
from uuid import UUID

from cardsvc.client import ServiceClient
from cardsvc.wire.lifecycle import Person
from kiosk.city.founding import DESK, FOUNDING_OFFICERS, Plan
from kiosk.city.portraits import portrait
from kiosk.city.stage import CardFiles, Place, Stage
from kiosk.desk import handing_over
from kiosk.desk.issuing import take_card
from kiosk.desk.writing import write
from readers.connection import CardReader
from readers.piv.pin import Pin

RESIDENT: Final = Person(
    name="陈嘉欣",
    name_latin="Chen Jiaxin",
    birth_date=date(1987, 4, 12),
    document_number="M1234567",
    district="hengqin",
)
STOCK_NUMBER: Final = "CC-0000-0001"
CITIZENS_PIN: Final = "271828"
CARD_SECONDS: Final = 10.0
"""How long to wait for a card that was just put on."""


@dataclass(frozen=True, slots=True)
class SealedCard:
    """A card fresh from the desk."""

    uuid: UUID
    transport_pin: Pin


def enrol(clerk: ServiceClient, person: Person) -> UUID:
    """Write and submit an application, with a photograph of nobody; return its id."""
    application = clerk.create_application(person)
    clerk.store_photo(application.citizen_id, portrait(person.document_number))
    clerk.submit(application.id)
    return application.id


def personalise(clerk: ServiceClient, application: UUID, stock_number: str, reader: CardReader) -> SealedCard:
    """Take a blank card into stock and have the service write it, in the reader."""
    clerk.add_stock(stock_number)
    card = take_card(clerk, application, stock_number)
    reader.wait_for_card(CARD_SECONDS)
    written = write(clerk, reader, card.uuid)
    return SealedCard(card.uuid, written.transport_pin)


def activate(desk: ServiceClient, card: SealedCard, pin: Pin, reader: CardReader) -> None:
    """The citizen replaces the transport PIN, and the card proves with the new one that it did."""
    reader.wait_for_card(CARD_SECONDS)
    handing_over.give_pin(reader, card.uuid, card.transport_pin, pin)
    handing_over.activate(desk, reader, card.uuid, pin)


def issue(plan: Plan, stage: Stage, files: CardFiles) -> UUID:
    """All of it for our resident, on the contact reader; the card is taken off at the end. Returns its UUID."""
    with plan.caller(FOUNDING_OFFICERS[0]) as clerk:
        application = enrol(clerk, RESIDENT)
    return produce(plan, stage, files, application, STOCK_NUMBER)


def produce(
    plan: Plan,
    stage: Stage,
    files: CardFiles,
    application: UUID,
    stock_number: str,
    *,
    officers: tuple[str, str] = FOUNDING_OFFICERS,
) -> UUID:
    """From a submitted application to an active card, with the PIN that every card here has. Returns its UUID.

    ``officers`` are the clerk who wrote the application and the colleague who approves it.
    """
    with ExitStack() as stack:
        clerk, approver, desk = (stack.enter_context(plan.caller(name)) for name in (*officers, DESK))
        approver.approve(application)
        stage.put_on(files, Place.CONTACT)
        stack.callback(stage.take_off, Place.CONTACT)
        reader = stage.reader(Place.CONTACT)
        card = personalise(clerk, application, stock_number, reader)
        clerk.deliver(card.uuid)
        activate(desk, card, Pin(CITIZENS_PIN), reader)
        return card.uuid
