"""A citizen chooses a PIN, and the card takes it in place of its transport PIN, however often it is torn out."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from uuid import UUID

from cardsvc.client import ServiceClient
from cardsvc.wire.lifecycle import Card
from kiosk.desk.equipment import FindsReader
from kiosk.desk.handing_over import (
    PinFault,
    activate,
    activate_at_keypad,
    change_pin_at_keypad,
    fault_of,
    fault_of_both,
    give_pin,
    has_keypad,
    settle_keypad,
    settle_pin,
)
from kiosk.desk.pins_in_hand import PinInHand
from kiosk.pins import PinInDoubt
from readers.errors import CardRemoved, NoCard
from readers.piv.pin import Pin


class Choosing:
    """Of one card. `go_on` and `at_keypad` can be called again after whatever they raise."""

    def __init__(
        self, find_reader: FindsReader, card_uuid: UUID, pin: PinInHand, birth_date: date, desk: ServiceClient | None
    ) -> None:
        """``desk`` is the service in the desk's own name, for a card that comes into force with the PIN."""
        self.card_uuid = card_uuid
        self.pin = pin
        self.desk = desk
        self._find_reader = find_reader
        self._birth_date = birth_date

    @property
    def needs_letter(self) -> bool:
        """Whether the citizen has to enter the transport PIN."""
        return self.pin.by_letter and self.pin.chosen is None

    @property
    def goes_on(self) -> bool:
        """Whether a PIN was chosen that is not in force: nothing is to be entered."""
        return self.pin.chosen is not None

    def judge(self, digits: str) -> PinFault | None:
        """Why these should not be taken, while they are entered."""
        return fault_of(digits, self._birth_date, self.pin.transport)

    def choose(self, letter: str, first: str, again: str) -> PinFault | None:
        """Take what was entered, for `go_on`; or why not."""
        if self.needs_letter:
            self.pin.transport = _pin_of(letter)
        fault = fault_of_both(first, again, self._birth_date, self.pin.transport)
        if fault is None and self.pin.transport is None:
            return PinFault.NO_LETTER
        if fault is None:
            self.pin.chosen = Pin(first)
        return fault

    def go_on(self) -> Card | None:
        """The card takes the PIN and comes into force, from wherever that is now; the card where it came into force.

        Raises PinInDoubt, PinUnknown, ReaderError, OtherCard, ServiceProblem, ServiceUnreachable.
        """
        old, new = self.pin.transport, self.pin.chosen
        if old is None or new is None:
            raise ValueError("nothing was chosen")
        if self.pin.in_doubt:
            self.pin.taken = settle_pin(self._find_reader(), self.card_uuid, old, new)
            self.pin.in_doubt = False
        if not self.pin.taken:
            self._give(old, new)
        if self.desk is None:
            return None
        return activate(self.desk, self._find_reader(), self.card_uuid, new)

    def card_is_there(self) -> bool:
        """Whether there is a card in the reader. Raises ReaderError where there is no reader."""
        return self._find_reader().wait_for_card(0)

    def has_keypad(self) -> bool:
        """Whether PINs can be changed at the reader itself. Raises ReaderError."""
        return has_keypad(self._find_reader())

    def at_keypad(self) -> Card | None:
        """The same as `go_on` with all PINs entered at the reader; none passes through this machine.

        Raises PinNotEntered too.
        """
        if self.pin.in_doubt and self.pin.transport is not None:
            self.pin.taken = settle_keypad(self._find_reader(), self.card_uuid, self.pin.transport)
        self.pin.in_doubt = False
        if not self.pin.taken:
            self._attempt(lambda: change_pin_at_keypad(self._find_reader(), self.card_uuid))
        if self.desk is None:
            return None
        return activate_at_keypad(self.desk, self._find_reader(), self.card_uuid)

    def _give(self, old: Pin, new: Pin) -> None:
        try:
            self._attempt(lambda: give_pin(self._find_reader(), self.card_uuid, old, new))
        except (PinInDoubt, NoCard, CardRemoved):
            raise
        except Exception:
            self.pin.let_go()  # the citizen begins again
            raise

    def _attempt(self, change: Callable[[], None]) -> None:
        try:
            change()
        except PinInDoubt:
            self.pin.in_doubt = True
            raise
        self.pin.taken = True


def _pin_of(digits: str) -> Pin | None:
    try:
        return Pin(digits)
    except ValueError:
        return None
