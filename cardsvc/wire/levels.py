"""The three levels of assurance, in their order."""

from __future__ import annotations

from enum import StrEnum
from typing import Final


class Level(StrEnum):
    """How sure we are who is there. Levels are ordered: ``Level.TAP < Level.PIN < Level.SIGN``."""

    TAP = "tap"
    """The card was held to a contactless reader (key 9E, no PIN): a found card is enough."""
    PIN = "pin"
    """The card was put in and its PIN entered (key 9A)."""
    SIGN = "sign"
    """As `PIN`, and a signature with 9C over exactly what the screen showed."""

    # All four are written out: `str` brings its own, by the alphabet, which `total_ordering` would leave in place.

    def __lt__(self, other: object) -> bool:
        return self._rank < other._rank if isinstance(other, Level) else NotImplemented

    def __le__(self, other: object) -> bool:
        return self._rank <= other._rank if isinstance(other, Level) else NotImplemented

    def __gt__(self, other: object) -> bool:
        return self._rank > other._rank if isinstance(other, Level) else NotImplemented

    def __ge__(self, other: object) -> bool:
        return self._rank >= other._rank if isinstance(other, Level) else NotImplemented

    @property
    def _rank(self) -> int:
        return _ORDER.index(self)


_ORDER: Final = tuple(Level)
