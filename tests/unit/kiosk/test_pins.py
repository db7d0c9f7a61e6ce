"""Choosing a PIN, giving it to the card, and what the card has when it is pulled out at any command."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any, cast
from uuid import uuid4

import pytest

from kiosk.pins import PinInDoubt, Weakness, change_pin, took_new_pin, weakness
from kiosk.proving import OtherCard
from readers.connection import CardConnection, CardReader
from readers.errors import CardRemoved, PinBlocked, SecurityNotSatisfied, WrongPin
from readers.piv.pin import Pin
from readers.piv.session import PivSession
from readers.virtual.loopback import LoopbackReader, put_on
from tests.fixtures.cards import PIN, PersonalisedCard
from tests.fixtures.tearing import TornOut, When

OLD, NEW, WRONG = Pin(PIN), Pin("864193"), Pin("000000")
SELECT, READ, CHANGE = range(3)


@pytest.mark.parametrize(
    ("digits", "why"),
    [
        ("000000", Weakness.REPEATED),
        ("77777777", Weakness.REPEATED),
        ("121212", Weakness.REPEATED),
        ("112211", Weakness.REPEATED),
        ("123123", Weakness.REPEATED),
        ("48274827", Weakness.REPEATED),
        ("123456", Weakness.RUN),
        ("654321", Weakness.RUN),
        ("890123", Weakness.RUN),
        ("210987", Weakness.RUN),
        ("9345670", Weakness.RUN),
        ("159753", Weakness.WELL_KNOWN),
        ("5201314", Weakness.WELL_KNOWN),
        ("864193", None),
        ("12349870", None),
        ("246802", None),
        ("19870412", None),
    ],
)
def test_what_is_easy_to_guess_is_said_to_be(digits: str, why: Weakness | None) -> None:
    assert weakness(Pin(digits)) == why


@pytest.mark.parametrize(
    "digits",
    ["120487", "870412", "041287", "12041987", "19870412", "04121987", "198712", "12487000", "1241987", "99120487"],
)
def test_a_date_of_birth_is_easy_to_guess_for_whoever_knows_it(digits: str) -> None:
    assert weakness(Pin(digits), date(1987, 4, 12)) is Weakness.BIRTHDAY
    assert weakness(Pin(digits), date(1990, 5, 6)) is not Weakness.BIRTHDAY


def test_what_is_no_date_of_birth_is_not_called_one() -> None:
    assert weakness(Pin("864193"), date(1987, 4, 12)) is None


class Pulled:
    """A reader whose card is pulled out at a command."""

    def __init__(self, slot: Path, at: int, when: When) -> None:
        self._reader, self._at, self._when = LoopbackReader(slot), at, when

    @contextmanager
    def connect(self) -> Iterator[CardConnection]:
        with self._reader.connect() as connection:
            yield TornOut(connection, self._at, self._when)


def pulled(slot: Path, at: int, when: When) -> CardReader:
    return cast("CardReader", Pulled(slot, at, when))


@pytest.fixture
def card(personalised_card: PersonalisedCard) -> PersonalisedCard:
    return personalised_card


@pytest.fixture
def slot(card: PersonalisedCard, tmp_path: Path) -> Path:
    path = tmp_path / "slot"
    put_on(path, card.state_file)
    return path


def opens(slot: Path, pin: Pin) -> bool:
    with LoopbackReader(slot).connect() as connection:
        try:
            PivSession.open(connection).verify_pin(pin)
        except WrongPin:
            return False
        return True


def tries_left(slot: Path) -> int | None:
    with LoopbackReader(slot).connect() as connection:
        return PivSession.open(connection).pin_tries_left()


def test_the_card_takes_another_pin(card: PersonalisedCard, slot: Path) -> None:
    change_pin(LoopbackReader(slot), card.uuid, OLD, NEW)
    assert opens(slot, NEW)
    assert not opens(slot, OLD)


def test_a_wrong_old_pin_changes_nothing_and_costs_a_try(card: PersonalisedCard, slot: Path) -> None:
    with pytest.raises(WrongPin) as wrong:
        change_pin(LoopbackReader(slot), card.uuid, WRONG, NEW)
    assert wrong.value.tries_left == 2
    assert opens(slot, OLD)
    for _ in range(2):
        with pytest.raises(WrongPin):
            change_pin(LoopbackReader(slot), card.uuid, WRONG, NEW)
    with pytest.raises(PinBlocked):
        change_pin(LoopbackReader(slot), card.uuid, WRONG, NEW)


def test_another_card_is_not_given_any_pin(slot: Path) -> None:
    with pytest.raises(OtherCard):
        change_pin(LoopbackReader(slot), uuid4(), WRONG, NEW)
    with pytest.raises(OtherCard):
        took_new_pin(LoopbackReader(slot), uuid4(), OLD, NEW)
    assert tries_left(slot) == 3


def test_no_pin_goes_over_the_contactless_reader(card: PersonalisedCard, slot: Path) -> None:
    with pytest.raises(SecurityNotSatisfied):
        change_pin(LoopbackReader(slot, contactless=True), card.uuid, OLD, NEW)
    assert opens(slot, OLD)


@pytest.mark.parametrize("when", list(When))
@pytest.mark.parametrize("at", [SELECT, READ])
def test_pulled_out_before_the_pin_was_sent_it_has_the_old_one(
    card: PersonalisedCard, slot: Path, at: int, when: When
) -> None:
    with pytest.raises(CardRemoved):
        change_pin(pulled(slot, at, when), card.uuid, OLD, NEW)
    assert opens(slot, OLD)


@pytest.mark.parametrize("when", list(When))
def test_pulled_out_when_the_pin_was_sent_it_is_asked_which_one_it_has(
    card: PersonalisedCard, slot: Path, when: When
) -> None:
    with pytest.raises(PinInDoubt):
        change_pin(pulled(slot, CHANGE, when), card.uuid, OLD, NEW)
    new = when is When.AFTER
    assert took_new_pin(LoopbackReader(slot), card.uuid, OLD, NEW) is new
    assert tries_left(slot) == 3, "the asking costs none that is not given back"
    assert opens(slot, NEW if new else OLD)


def test_pulled_out_after_the_answer_it_has_the_new_one(card: PersonalisedCard, slot: Path) -> None:
    change_pin(pulled(slot, CHANGE + 1, When.BEFORE), card.uuid, OLD, NEW)
    assert opens(slot, NEW)


@pytest.mark.parametrize("when", list(When))
@pytest.mark.parametrize("at", range(4))
def test_pulled_out_while_it_is_asked_it_can_be_asked_again(
    card: PersonalisedCard, slot: Path, at: int, when: When
) -> None:
    change_pin(LoopbackReader(slot), card.uuid, OLD, NEW)
    with pytest.raises(CardRemoved):
        took_new_pin(pulled(slot, at, when), card.uuid, OLD, NEW)
    assert took_new_pin(LoopbackReader(slot), card.uuid, OLD, NEW) is True


def test_the_last_try_is_not_spent_on_asking(card: PersonalisedCard, slot: Path) -> None:
    for _ in range(2):
        assert not opens(slot, WRONG)
    assert took_new_pin(LoopbackReader(slot), card.uuid, OLD, NEW) is None
    assert tries_left(slot) == 1


def test_no_error_carries_a_pin(card: PersonalisedCard, slot: Path) -> None:
    seen: list[Any] = []
    for reader in (LoopbackReader(slot), pulled(slot, CHANGE, When.BEFORE), pulled(slot, READ, When.BEFORE)):
        with pytest.raises((WrongPin, PinInDoubt, CardRemoved)) as error:
            change_pin(reader, card.uuid, WRONG, NEW)
        seen.extend((error.value, error.value.__cause__, error.value.args))
    assert not [thing for thing in seen for pin in (WRONG, NEW) if pin.digits in f"{thing!r} {thing}"]
