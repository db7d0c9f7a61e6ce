"""Choosing another PIN: which ones are too easy, giving it to the card, and finding out which one a card has.

The PIN is changed by the card alone; neither the card service nor anybody else learns the old or the new one.
"""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from itertools import pairwise, permutations, product
from typing import Final
from uuid import UUID

from kiosk.proving import open_expected
from readers.connection import CardReader
from readers.errors import Outcome, ReaderError, WrongPin
from readers.piv.pin import Pin
from readers.piv.session import PivSession

_RUN: Final = 5
"""So many digits that follow each other are a run, whatever stands before or behind them."""
_FEW: Final = 2
"""As few different digits repeat themselves."""
_SHORTEST_DATE: Final = 5
"""Digits of a date that count as one: 1241987 without its year's century is 12487."""
_WELL_KNOWN: Final = frozenset({"112233", "123321", "147258", "159753", "258456", "520131", "789456", "5201314"})
"""Rows and crosses of the keypad, and numbers that sound like words: kinds that many choose.

P. Markert et al., "This PIN Can Be Easily Guessed" (IEEE S&P 2020), and D. Wang et al., "Understanding Human-Chosen
PINs: Characteristics, Distribution and Security" (ASIA CCS 2017), describe them.
"""


class Weakness(StrEnum):
    """Why a PIN is too easy to guess."""

    REPEATED = "repeated"
    RUN = "run"
    WELL_KNOWN = "well-known"
    BIRTHDAY = "birthday"


def weakness(pin: Pin, birth_date: date | None = None) -> Weakness | None:
    """What is wrong with a PIN. That it is somebody's birthday is seen where their date of birth is known."""
    digits = pin.digits
    if birth_date is not None and _says(digits, birth_date):
        return Weakness.BIRTHDAY
    if len(set(digits)) <= _FEW or _repeats(digits):
        return Weakness.REPEATED
    if _runs(digits, 1) or _runs(digits, -1):
        return Weakness.RUN
    return Weakness.WELL_KNOWN if digits in _WELL_KNOWN else None


def _says(digits: str, day: date) -> bool:
    """Whether they are this date, in any order of day, month and year that somebody writes, or begin or end with it.

    A PIN has six to eight digits: one or two more before or behind a date of six are soon tried.
    """
    days, months, years = (f"{day:%d}", str(day.day)), (f"{day:%m}", str(day.month)), (f"{day:%Y}", f"{day:%y}")
    spoken = [*product(days, months, years), *((years[0], part) for part in (days[0], months[0]))]
    written = {"".join(order) for parts in spoken for order in permutations(parts)}
    return any(digits.startswith(one) or digits.endswith(one) for one in written if len(one) >= _SHORTEST_DATE)


def _repeats(digits: str) -> bool:
    """Whether it is one shorter number again and again: 123123, 27272727."""
    return digits in (digits + digits)[1:-1]


def _runs(digits: str, step: int) -> bool:
    length = 1
    for before, after in pairwise(digits):
        length = length + 1 if (int(after) - int(before)) % 10 == step % 10 else 1
        if length == _RUN:
            return True
    return False


class PinInDoubt(Exception):
    """Raised when the card was given the new PIN and its answer was lost: it may have taken it or not."""


def change_pin(reader: CardReader, card_uuid: UUID, old: Pin, new: Pin) -> None:
    """Have the card take another PIN, if the card is still the same.

    Raises PinInDoubt; ReaderError and OtherCard when the old one is still in force for certain: nothing was sent, or
    the card answered that it does not.
    """
    attempt = _Attempt()
    try:
        with reader.connect() as connection, connection.transaction():
            session = open_expected(connection, card_uuid)
            attempt.begun = True
            session.change_pin(old, new)
            attempt.done = True
    except ReaderError as error:
        if attempt.done:  # what went wrong came after the card's answer
            return
        if attempt.begun and error.outcome is Outcome.UNKNOWN:
            raise PinInDoubt from None
        raise


class _Attempt:
    """How far a change has come."""

    begun = False
    done = False


def took_new_pin(reader: CardReader, card_uuid: UUID, old: Pin, new: Pin) -> bool | None:
    """Ask a card whose answer was lost whether it has the new PIN; None when that would cost the last try.

    A card that does not take the new one has the one it had before. The old one then gives it all its tries back.
    Raises ReaderError, OtherCard.
    """
    with reader.connect() as connection, connection.transaction():
        session = open_expected(connection, card_uuid)
        if (session.pin_tries_left() or 0) <= 1:
            return None
        try:
            session.verify_pin(new)
        except WrongPin as refused:
            if refused.tries_left > 1:
                _give_back_tries(session, old)
            return False
        return True


def _give_back_tries(session: PivSession, old: Pin) -> None:
    try:
        session.verify_pin(old)
    except WrongPin:
        return
