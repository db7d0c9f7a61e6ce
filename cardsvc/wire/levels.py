"""The three levels of assurance, in their order."""

from __future__ import annotations

from enum import StrEnum
from functools import total_ordering


@total_ordering
class Level(StrEnum):
    """How sure we are who is there. Levels are ordered: ``Level.TAP < Level.PIN < Level.SIGN``."""

    TAP = "tap"
    """The card was held to a contactless reader (key 9E, no PIN): a found card is enough."""
    PIN = "pin"
    """The card was put in and its PIN entered (key 9A)."""
    SIGN = "sign"
    """As `PIN`, and a signature with 9C over exactly what the screen showed."""

    def __lt__(self, other: object) -> bool:
        if not isinstance(other, Level):
            return NotImplemented
        order = tuple(Level)
        return order.index(self) < order.index(other)
