"""Numbers of reports: to be read over the telephone, so a digit that was misheard is noticed."""

from __future__ import annotations

import secrets
from typing import Final

DIGITS: Final = 10


def draw_number() -> str:
    """Nine random digits and their check digit."""
    body = f"{secrets.randbelow(10 ** (DIGITS - 1)):0{DIGITS - 1}d}"
    return body + check_digit(body)


def check_digit(body: str) -> str:
    """Luhn's rule (ISO/IEC 7812-1 annex B): finds every wrong digit, and most neighbours that changed places."""
    doubled = (int(digit) * (2 - place % 2) for place, digit in enumerate(reversed(body)))
    return str(-sum(value - 9 if value > 9 else value for value in doubled) % 10)


def is_number(text: str) -> bool:
    """Whether this can be the number of a report."""
    return len(text) == DIGITS and text.isascii() and text.isdecimal() and check_digit(text[:-1]) == text[-1]
