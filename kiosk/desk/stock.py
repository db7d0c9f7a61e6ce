"""Blank cards at a desk: what a delivery comes to, a count as it is scanned, and who answers for how many."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Final

from cardsvc.wire.stock import MAX_BATCH, HandOver, StockCard
from kiosk.desk.intents import Intent, means

_NUMBER: Final = re.compile(r"[A-Z0-9-]{4,20}")
_DIGITS_AT_END: Final = re.compile(r"(.*?)([0-9]+)")
_SERIAL: Final = re.compile(r"\s*([A-Z0-9-]{4,20})[\s,;]+([A-Za-z0-9]{1,64})\s*")


class SerialsMalformed(Exception):
    """Raised when a line of a supplier's list is no printed number with the product's serial. Carries the line."""

    def __init__(self, line: int) -> None:
        super().__init__(f"line {line} is no number and serial")
        self.line = line


def cleaned(number: str) -> str:
    """A printed number as it stands in the books, however it was scanned or typed."""
    return number.strip().upper()


def is_number(number: str) -> bool:
    """Whether a card can have this printed number."""
    return _NUMBER.fullmatch(number) is not None


def size_of(first: str, last: str) -> int | None:
    """How many cards a delivery from ``first`` to ``last`` is; None when that is no range, or too large."""
    begins, ends = _DIGITS_AT_END.fullmatch(first), _DIGITS_AT_END.fullmatch(last)
    if begins is None or ends is None or not (is_number(first) and is_number(last)) or len(first) != len(last):
        return None
    if begins[1] != ends[1]:
        return None
    count = int(ends[2]) - int(begins[2]) + 1
    return count if 1 <= count <= MAX_BATCH else None


def read_serials(text: str) -> dict[str, str]:
    """A supplier's list: on each line a printed number and the product's own serial. Raises SerialsMalformed."""
    serials = {}
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip():
            continue
        found = _SERIAL.fullmatch(line)
        if found is None:
            raise SerialsMalformed(number)
        serials[found[1]] = found[2]
    return serials


def read_numbers(text: str) -> list[str]:
    """Printed numbers, however they are separated."""
    return [cleaned(number) for number in re.split(r"[\s,;]+", text) if number]


class Scanned(StrEnum):
    """What a scanned number is."""

    EXPECTED = "expected"
    UNEXPECTED = "unexpected"
    """It is not on the books of this office as a blank card."""
    AGAIN = "again"
    NO_NUMBER = "no_number"


@dataclass
class Count:
    """A stock-take under way. The card service compares again when it is sent."""

    office: str
    expected: frozenset[str]
    seen: list[str] = field(default_factory=list)

    @classmethod
    def of(cls, office: str, books: Iterable[StockCard]) -> Count:
        """Of what should be there."""
        return cls(office, frozenset(card.stock_number for card in books))

    def scan(self, typed: str) -> Scanned:
        """A card was seen."""
        number = cleaned(typed)
        if not is_number(number):
            return Scanned.NO_NUMBER
        if number in self.seen:
            return Scanned.AGAIN
        self.seen.append(number)
        return Scanned.EXPECTED if number in self.expected else Scanned.UNEXPECTED

    def take_back(self) -> str | None:
        """The last one was none; which it was."""
        return self.seen.pop() if self.seen else None

    @property
    def missing(self) -> list[str]:
        """On the books, and not seen yet."""
        return sorted(self.expected - set(self.seen))

    @property
    def unexpected(self) -> list[str]:
        """Seen, and not on the books."""
        return sorted(set(self.seen) - self.expected)


def by_custodian(cards: Sequence[StockCard]) -> list[tuple[str, int]]:
    """Who answers for how many."""
    return sorted(Counter(card.custodian or "–" for card in cards).items())


def by_state(cards: Sequence[StockCard]) -> list[tuple[str, int]]:
    """How many are in stock, reserved, put aside."""
    return sorted(Counter(card.state for card in cards).items())


def between(giver: str, taker: str) -> Hashable:
    """What is changed by whatever is offered by one to the other."""
    return "hand-over", giver, taker


class Offers:
    """What was seen to be offered: whoever offers the same after that means it anew, for it may have been declined."""

    def __init__(self) -> None:
        self._newest: dict[Hashable, datetime] = {}

    def are_shown(self, rows: Iterable[HandOver]) -> None:
        """These wait."""
        for row in rows:
            pair = between(row.from_officer, row.to_officer)
            self._newest[pair] = max(row.offered_at, self._newest.get(pair, row.offered_at))

    def intended(self, giver: str, taker: str, numbers: Iterable[str], said: Hashable) -> Intent:
        """To offer this, as far as it is known what was offered before."""
        pair = between(giver, taker)
        return means("offer", pair, numbers, fields=(said, self._newest.get(pair)))
