"""Only an active card is served: every other state is refused at the kiosk, named on the screen and written down."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from cardsvc.wire.lifecycle import CardState, Person, RevocationReason
from kiosk.city.founding import DESK, FOUNDING_OFFICERS, KIOSK
from kiosk.city.issuing import CITIZENS_PIN, activate, enrol, personalise
from kiosk.city.stage import CardFiles, Place
from kiosk.city.witness import CardRecordWitness
from readers.piv.pin import Pin
from tests.fixtures.city import LiveCity, Recorded

NEIGHBOUR = Person(
    name="歐陽若蘭",
    name_latin="AO IEONG IEOK LAN",
    birth_date=date(1971, 11, 30),
    document_number="M7654321",
    district="hengqin",
)


@pytest.mark.parametrize("state", [state for state in CardState if state is not CardState.ACTIVE])
def test_a_card_that_is_not_active_is_refused(city: LiveCity, card: CardFiles, state: CardState) -> None:
    memory = card.state.read_bytes()
    with (
        city.card_in_state(state),
        city.nothing_written(),
        city.recording() as recorded,
        city.put(card, Place.CONTACTLESS),
    ):
        city.visitor.is_refused("card-not-active", state.value)
    assert recorded == [Recorded("authentication", "card-not-active", KIOSK, card=city.card_uuid)]
    assert card.state.read_bytes() == memory


def test_the_right_pin_does_not_help(city: LiveCity, card: CardFiles) -> None:
    with (
        city.card_in_state(CardState.HELD),
        city.nothing_written(),
        city.recording() as recorded,
        city.put(card, Place.CONTACT),
    ):
        city.visitor.wait_for("pin-entry")
        city.visitor.touch("/pin", pin=CITIZENS_PIN)
        city.visitor.is_refused("card-not-active", "held")
    assert recorded == [Recorded("authentication", "card-not-active", KIOSK, card=city.card_uuid)]


def test_a_card_held_in_the_middle_of_a_visit(city: LiveCity, card: CardFiles) -> None:
    with city.put(card, Place.CONTACTLESS):
        city.visitor.wait_for("services")
    with city.card_in_state(CardState.HELD), city.nothing_written():
        city.visitor.touch("/choose", department="education", service="library-loan")
        city.visitor.touch("/consent")
        city.visitor.touch("/form", values={"barcode": "30519000000021"})
        city.visitor.touch("/check")
        city.visitor.is_refused("card-not-active", "held")


def test_a_card_is_refused_until_it_is_active_and_from_its_revocation_on(city: LiveCity, tmp_path: Path) -> None:
    """The states that a life leads through, by the service's own doing."""
    clerk, approver = (city.caller(officer) for officer in FOUNDING_OFFICERS)
    desk, reader = city.desk, city.desk.reader(Place.CONTACT)
    card = CardFiles.named(tmp_path, "neighbour")
    application = enrol(clerk, NEIGHBOUR)
    approver.approve(application)

    desk.put_on(card, Place.CONTACT)
    sealed = personalise(clerk, application, "CC-0000-0002", reader)
    desk.take_off(Place.CONTACT)
    tapped_and_refused(city, card, "sealed")

    clerk.deliver(sealed.uuid)
    tapped_and_refused(city, card, "delivered")
    with city.nothing_written(), city.put(card, Place.CONTACT):  # nor is the PIN of the letter good for anything here
        city.visitor.wait_for("pin-entry")
        city.visitor.touch("/pin", pin=sealed.transport_pin.digits)
        city.visitor.is_refused("card-not-active", "delivered")
    city.nobody_there()

    desk.put_on(card, Place.CONTACT)
    activate(city.caller(DESK), sealed, Pin(CITIZENS_PIN), reader)
    desk.take_off(Place.CONTACT)
    with city.put(card, Place.CONTACTLESS):
        city.visitor.wait_for("services")
    city.nobody_there()

    approver.revoke(sealed.uuid, RevocationReason.LOST)
    tapped_and_refused(city, card, "revoked")
    outcomes = CardRecordWitness(city.records, sealed.uuid).audit("authentication")
    assert outcomes == ["card-not-active"] * 3 + ["ok", "card-not-active"]


def tapped_and_refused(city: LiveCity, card: CardFiles, state: str) -> None:
    with city.nothing_written(), city.put(card, Place.CONTACTLESS):
        city.visitor.is_refused("card-not-active", state)
    city.nobody_there()
