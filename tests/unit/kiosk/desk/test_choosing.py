"""A citizen's PIN on the way to the card: torn out at every command, weak ones, no letter, the last try."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Final, cast
from uuid import uuid4

import pytest

from kiosk.desk.choosing import Choosing
from kiosk.desk.handing_over import PinFault, PinUnknown
from kiosk.desk.pins_in_hand import PinInHand, PinsInHand
from kiosk.pins import PinInDoubt
from readers.connection import CardConnection, CardReader
from readers.errors import CardRemoved, WrongPin
from readers.piv.pin import Pin
from readers.piv.session import PivSession
from readers.virtual.loopback import LoopbackReader, put_on
from tests.fixtures.cards import PIN, PersonalisedCard
from tests.fixtures.keypads import KeypadReader
from tests.fixtures.tearing import TornOut, When

OLD, NEW, WRONG = Pin(PIN), Pin("864193"), Pin("909090")
BORN: Final = date(1990, 5, 6)
_CHANGE: Final = 2
"""SELECT and reading the CHUID come before it."""


@dataclass
class Reader:
    """The reader, whose card is torn out as often as is said: at a command, before or after it."""

    slot: Path
    tears: list[tuple[int, When]] = field(default_factory=list)

    @contextmanager
    def connect(self) -> Iterator[CardConnection]:
        with LoopbackReader(self.slot).connect() as connection:
            yield TornOut(connection, *self.tears.pop(0)) if self.tears else connection

    def tries_left(self) -> int | None:
        with self.connect() as connection:
            return PivSession.open(connection).pin_tries_left()

    def takes(self, pin: Pin) -> bool:
        with self.connect() as connection:
            try:
                PivSession.open(connection).verify_pin(pin)
            except WrongPin:
                return False
            return True


@pytest.fixture
def card(personalised_card: PersonalisedCard) -> PersonalisedCard:
    return personalised_card


@pytest.fixture
def reader(card: PersonalisedCard, tmp_path: Path) -> Reader:
    slot = tmp_path / "slot"
    put_on(slot, card.state_file)
    return Reader(slot)


def choosing_at(reader: object, card: PersonalisedCard, pin: PinInHand) -> Choosing:
    return Choosing(lambda: cast("CardReader", reader), card.uuid, pin, BORN, None)


@pytest.mark.parametrize("when", list(When))
@pytest.mark.parametrize("at", range(_CHANGE + 1))
def test_torn_out_it_goes_on_with_what_was_chosen_and_costs_no_try(
    card: PersonalisedCard, reader: Reader, at: int, when: When
) -> None:
    pins = PinsInHand()
    pins.keep(card.uuid, OLD, BORN)
    choosing = choosing_at(reader, card, pins.of(card.uuid))
    assert choosing.choose("", NEW.digits, NEW.digits) is None
    reader.tears = [(at, when)]
    with pytest.raises((PinInDoubt, CardRemoved)):
        choosing.go_on()
    choosing.pin.let_go()
    again = choosing_at(reader, card, pins.of(card.uuid))  # another window over the same card
    if again.pin.in_doubt:
        assert again.goes_on, "which PIN the card may have is still known"
        reader.tears = [(at, when)]
        with pytest.raises(CardRemoved):
            again.go_on()
    else:
        assert again.choose("", NEW.digits, NEW.digits) is None
    again.go_on()
    assert reader.tries_left() == 3
    assert reader.takes(NEW)


def test_with_the_last_try_it_is_not_known_which_pin_a_card_has(card: PersonalisedCard, reader: Reader) -> None:
    pin = PinInHand(OLD)
    choosing = choosing_at(reader, card, pin)
    choosing.choose("", NEW.digits, NEW.digits)
    reader.tears = [(_CHANGE, When.BEFORE)]
    with pytest.raises(PinInDoubt):
        choosing.go_on()
    for _ in range(2):
        assert not reader.takes(WRONG)
    for _ in range(2):
        with pytest.raises(PinUnknown):
            choosing.go_on()
    assert (reader.tries_left(), pin.in_doubt) == (1, True)


def test_a_wrong_letter_is_entered_again_and_a_missing_one_is_said(card: PersonalisedCard, reader: Reader) -> None:
    choosing = choosing_at(reader, card, PinsInHand().of(card.uuid))
    assert choosing.needs_letter
    assert choosing.choose("", NEW.digits, NEW.digits) is PinFault.NO_LETTER
    assert choosing.choose(OLD.digits, OLD.digits, OLD.digits) is not None
    assert choosing.choose(WRONG.digits, NEW.digits, NEW.digits) is None
    with pytest.raises(WrongPin):
        choosing.go_on()
    assert choosing.needs_letter
    assert choosing.choose(OLD.digits, NEW.digits, NEW.digits) is None
    choosing.go_on()
    assert reader.takes(NEW)


@pytest.mark.parametrize("when", list(When))
def test_torn_out_at_the_keypad_it_is_asked_whether_it_still_has_the_transport_pin(
    card: PersonalisedCard, reader: Reader, when: When
) -> None:
    keypad = KeypadReader(cast("CardReader", reader), [OLD.digits, NEW.digits, NEW.digits])
    choosing = choosing_at(keypad, card, PinInHand(OLD))
    reader.tears = [(_CHANGE, when)]
    with pytest.raises(PinInDoubt):
        choosing.at_keypad()
    keypad.typed = [] if when is When.AFTER else [OLD.digits, NEW.digits, NEW.digits]
    choosing.at_keypad()
    assert keypad.typed == []
    assert reader.takes(NEW)


def test_no_pin_is_in_a_repr(card: PersonalisedCard) -> None:
    pins = PinsInHand()
    pins.keep(uuid4(), OLD)
    pins.keep(card.uuid, OLD, BORN)
    choosing = choosing_at(None, card, pins.of(card.uuid))
    choosing.choose("", NEW.digits, NEW.digits)
    for shown in map(repr, (pins, choosing, choosing.pin)):
        assert OLD.digits not in shown
        assert NEW.digits not in shown
