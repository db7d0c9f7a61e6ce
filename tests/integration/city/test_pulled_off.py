"""A card pulled off in the middle: of a tap, of a PIN, of being written."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from cardsvc.wire.lifecycle import Person
from cardsvc.wire.relay import Finished, Progress
from kiosk.city.founding import FOUNDING_OFFICERS, KIOSK
from kiosk.city.issuing import CITIZENS_PIN, enrol
from kiosk.city.stage import CardFiles, Place
from kiosk.city.witness import CardRecordWitness
from kiosk.desk.relay import RelayRefused, relay_personalisation
from tests.fixtures.city import LiveCity, Recorded

SELECT, GET_DATA, VERIFY, GENERAL_AUTHENTICATE, CHANGE = "A4", "CB", "20", "87", "24"
NEW_PIN = "86419375"
NEEDS_PCSC = pytest.mark.needs("pcscd", "vpcd", "unshare", "pyscard")
WHEN = pytest.mark.parametrize("when", [(), ("--carried-out",)], ids=["before", "carried-out"])


@NEEDS_PCSC
@WHEN
@pytest.mark.parametrize("at", [SELECT, GET_DATA, GENERAL_AUTHENTICATE])
def test_in_the_middle_of_a_tap(city: LiveCity, card: CardFiles, at: str, when: tuple[str, ...]) -> None:
    memory = card.state.read_bytes()
    with (
        city.nothing_written(),
        city.recording() as recorded,
        city.put_odd(card, Place.CONTACTLESS, "--vanish-at", at, *when),
    ):
        city.visitor.is_refused("card-removed")
    assert recorded == []  # no proof came about
    assert card.state.read_bytes() == memory
    with city.put(card, Place.CONTACTLESS):
        city.visitor.wait_for("services")


def spared(at: str) -> str:
    """The first VERIFY, without a PIN, asks how many tries are left."""
    return "1" if at == VERIFY else "0"


@NEEDS_PCSC
@WHEN
@pytest.mark.parametrize("at", [VERIFY, GENERAL_AUTHENTICATE])
def test_in_the_middle_of_a_pin(city: LiveCity, card: CardFiles, at: str, when: tuple[str, ...]) -> None:
    memory = json.loads(card.state.read_text())
    with (
        city.nothing_written(),
        city.recording() as recorded,
        city.put_odd(card, Place.CONTACT, "--vanish-at", at, "--spare", spared(at), *when),
    ):
        city.visitor.wait_for("pin-entry")
        city.visitor.touch("/pin", pin=CITIZENS_PIN)
        city.visitor.is_refused("card-removed")
    assert recorded == []
    assert json.loads(card.state.read_text()) == memory
    with city.put(card, Place.CONTACT):
        city.visitor.wait_for("pin-entry")
        city.visitor.touch("/pin", pin=CITIZENS_PIN)
        assert city.visitor.wait_for("services")["level"] == "pin"


@NEEDS_PCSC
@pytest.mark.parametrize(
    ("when", "says", "pin"),
    [((), "pin-is-old", CITIZENS_PIN), (("--carried-out",), "pin-is-new", NEW_PIN)],
    ids=["before", "carried-out"],
)
def test_in_the_middle_of_changing_the_pin(
    city: LiveCity, card: CardFiles, when: tuple[str, ...], says: str, pin: str
) -> None:
    """The card is asked for again, and asked which PIN it has: a card answers that with the PIN alone."""
    with city.put_odd(card, Place.CONTACT, "--vanish-at", CHANGE, *when):
        city.visitor.wait_for("pin-entry")
        city.visitor.touch("/pin", pin=CITIZENS_PIN)
        city.visitor.wait_for("services")
        city.visitor.touch("/choose", department="city", service="change-pin")
        for entered in (CITIZENS_PIN, NEW_PIN, NEW_PIN):
            city.visitor.touch("/pin", pin=entered)
        assert city.visitor.wait_for("find-pin")["level"] is None
    with city.put(card, Place.CONTACT):
        city.visitor.is_refused(says)
        city.visitor.touch("/done")
    with city.put(card, Place.CONTACT):
        city.visitor.wait_for("pin-entry")
        city.visitor.touch("/pin", pin=pin)
        assert city.visitor.wait_for("services")["level"] == "pin"


@pytest.mark.parametrize(
    ("step", "refusal", "at_kiosk"),
    [
        ("certificate-9c", ("unfinished-card", None), []),
        ("inspect", ("card-not-active", "personalising"), ["card-not-active"]),
    ],
)
def test_in_the_middle_of_being_written(
    city: LiveCity, tmp_path: Path, step: str, refusal: tuple[str, str | None], at_kiosk: list[str]
) -> None:
    """Its certificates on hold and of no use at a kiosk; back in the reader, it is gone on with."""
    clerk, approver = (city.caller(officer) for officer in FOUNDING_OFFICERS)
    number = f"CC-9{len(step)}00"
    application = enrol(clerk, somebody(number))
    approver.approve(application)

    torn = Blank(city, tmp_path, f"{number}-1")
    torn.reserve(application)
    with city.recording("card.personalise") as recorded, pytest.raises(RelayRefused) as refused:
        torn.write(pull_off_at=step)

    assert refused.value.code == "card-failed"
    assert recorded == [Recorded("card.personalise", "card-failed", FOUNDING_OFFICERS[0], card=torn.uuid)]
    on_record = CardRecordWitness(city.records, torn.uuid)
    assert on_record.state == "personalising"
    assert set(on_record.certificates) == {"on-hold"}

    with city.nothing_written(), city.recording() as taps, city.put(torn.card, Place.CONTACTLESS):
        city.visitor.is_refused(*refusal)
    assert taps == [Recorded("authentication", outcome, KIOSK, card=torn.uuid) for outcome in at_kiosk]

    assert torn.write().card_uuid == torn.uuid
    assert on_record.state == "sealed"
    assert set(on_record.certificates) <= {"on-hold", "revoked"}
    assert on_record.certificates.count("on-hold") == 3


def somebody(document_number: str) -> Person:
    return Person(
        name="何慧君",
        birth_date=date(1994, 6, 18),
        document_number=document_number.replace("-", ""),
        district="hengqin",
    )


class Blank:
    """A blank card at the clerk's desk."""

    def __init__(self, city: LiveCity, folder: Path, stock_number: str) -> None:
        self._city = city
        self._stock_number = stock_number
        self.card = CardFiles.named(folder, stock_number)
        self.uuid = UUID(int=0)

    def reserve(self, application: UUID) -> None:
        clerk = self._city.caller(FOUNDING_OFFICERS[0])
        clerk.add_stock(self._stock_number)
        self.uuid = clerk.personalise(application, self._stock_number).uuid

    def write(self, *, pull_off_at: str | None = None) -> Finished:
        clerk, desk = self._city.caller(FOUNDING_OFFICERS[0]), self._city.desk

        def hand(progress: Progress) -> Any:
            if progress.step == pull_off_at:
                desk.take_off(Place.CONTACT)

        desk.put_on(self.card, Place.CONTACT)
        try:
            with desk.reader(Place.CONTACT).connect() as connection:
                return relay_personalisation(clerk, self.uuid, connection, hand)
        finally:
            desk.take_off(Place.CONTACT)
