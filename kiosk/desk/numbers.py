"""Numbers of identity documents, and what their check digits say.

A number says little about what it is of: the clerk, who holds the document, chooses that. Residents' numbers of Macau
have a check digit by a rule that is not published: their form alone is looked at.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Final

from kiosk.desk.dates import read_date


class Paper(StrEnum):
    """What a number is of."""

    RESIDENT_CARD = "resident-card"
    """Of a resident of the mainland: GB 11643-1999."""
    HONG_KONG_CARD = "hong-kong-card"
    MACAU_CARD = "macau-card"
    PASSPORT = "passport"
    OTHER = "other"


class NumberFault(StrEnum):
    """What is wrong with a number."""

    FORM = "number-form"
    CHECK_DIGIT = "number-check-digit"
    BIRTH_DATE = "number-birth-date"
    """It has another date of birth in it than was typed, or none that is a day."""


_ANY: Final = re.compile(r"[A-Z0-9]{5,20}")
_FORMS: Final[Mapping[Paper, re.Pattern[str]]] = {
    Paper.RESIDENT_CARD: re.compile(r"[1-9][0-9]{16}[0-9X]"),
    Paper.HONG_KONG_CARD: re.compile(r"[A-Z]{1,2}[0-9]{6}[0-9A]"),
    Paper.MACAU_CARD: re.compile(r"[1-9][0-9]{7}"),
    Paper.PASSPORT: re.compile(r"[A-Z0-9]{5,9}"),  # ICAO 9303 part 4: nine characters at most
    Paper.OTHER: _ANY,
}
_BIRTH: Final = slice(6, 14)
"""Where a resident's number has the date of birth."""


def tidy(typed: str) -> str:
    """As it is kept: capitals, without spaces, hyphens and the brackets around a check digit."""
    return re.sub(r"[\s()（）-]", "", typed).upper()


def fault_in(number: str, paper: Paper, birth_date: date | None) -> NumberFault | None:
    """What is wrong with a tidy number; the birth date is compared where the number has one."""
    if not _FORMS[paper].fullmatch(number):
        return NumberFault.FORM
    checked = _CHECKED.get(paper)
    if checked is not None and checked(number[:-1]) != number[-1]:
        return NumberFault.CHECK_DIGIT
    if paper is Paper.RESIDENT_CARD:
        born = birth_date_in(number)
        if born is None or birth_date not in (None, born):
            return NumberFault.BIRTH_DATE
    return None


def birth_date_in(number: str) -> date | None:
    """The date of birth in a resident's number."""
    return read_date(number[_BIRTH])


def resident_check(body: str) -> str:
    """ISO/IEC 7064 MOD 11-2 over 17 digits (GB 11643-1999 §4.4)."""
    total = sum(int(digit) * pow(2, 17 - place, 11) for place, digit in enumerate(body))
    return "10X98765432"[total % 11]


def hong_kong_check(body: str) -> str:
    """Weights 9 to 2 over two letters (a space counts as 36) and six digits, modulo 11; ten is A."""
    padded = body.rjust(8)
    values = [36 if sign == " " else int(sign, 36) for sign in padded]
    rest = -sum(value * weight for value, weight in zip(values, range(9, 1, -1), strict=True)) % 11
    return "0123456789A"[rest]


_CHECKED: Final[Mapping[Paper, Callable[[str], str]]] = {
    Paper.RESIDENT_CARD: resident_check,
    Paper.HONG_KONG_CARD: hong_kong_check,
}


# The machine-readable zone


@dataclass(frozen=True, slots=True)
class PassportLine:
    """What matters here of a passport's second line."""

    number: str = field(repr=False)
    birth_date: date = field(repr=False)


_LINE: Final = re.compile(
    r"(?P<number>[A-Z0-9<]{9})(?P<c1>[0-9])[A-Z<]{3}(?P<birth>[0-9]{6})(?P<c2>[0-9])[MFX<]"
    r"(?P<expiry>[0-9]{6})(?P<c3>[0-9])(?P<personal>[A-Z0-9<]{14})(?P<c4>[0-9<])(?P<c5>[0-9])"
)


def is_passport_line(typed: str) -> bool:
    """Whether it can be meant for one, as a scanner types it."""
    return len(typed.strip()) == 44


def read_passport_line(typed: str, today: date) -> PassportLine | None:
    """The second line of a passport (TD3, ICAO 9303 part 4 §4.2.2); None when a check digit does not fit."""
    found = _LINE.fullmatch(typed.strip().upper())
    if found is None or not _fits(found):
        return None
    number = found["number"].rstrip("<")
    born = _in_century(found["birth"], today)
    return None if born is None or not _ANY.fullmatch(number) else PassportLine(number, born)


def mrz_check(text: str) -> str:
    """Weights 7, 3, 1; a filler is nought, A is ten (ICAO 9303 part 3 §4.9)."""
    values = (0 if sign == "<" else int(sign, 36) for sign in text)
    return str(sum(value * (7, 3, 1)[place % 3] for place, value in enumerate(values)) % 10)


def _fits(found: re.Match[str]) -> bool:
    parts = [(found["number"], found["c1"]), (found["birth"], found["c2"]), (found["expiry"], found["c3"])]
    personal = (found["personal"], "0" if found["c4"] == "<" else found["c4"])
    whole = "".join(text + digit for text, digit in parts) + found["personal"] + found["c4"]
    return all(mrz_check(text) == digit for text, digit in [*parts, personal, (whole, found["c5"])])


def _in_century(six: str, today: date) -> date | None:
    """Nobody is born tomorrow: a later day was a hundred years ago."""
    for century in ("20", "19"):
        day = read_date(century + six)
        if day is not None and day <= today:
            return day
    return None
