"""PINs and PUKs as a type of their own, so that they cannot slip into a log."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Final

PIN_FIELD: Final = 8
"""Bytes of a PIN in a command, padded with FF (SP 800-73-5 part 2 §2.4.3)."""
_DIGITS: Final = re.compile(r"[0-9]{6,8}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Pin:
    """Six to eight decimal digits; a PUK has eight (SP 800-73-5 part 2 §2.4.3). ``repr`` and ``str`` hide them.

    Raises ValueError, without the digits, for anything else.
    """

    digits: str = field(repr=False)

    def __post_init__(self) -> None:
        if not _DIGITS.fullmatch(self.digits):
            raise ValueError("a PIN has six to eight decimal digits")

    @property
    def padded(self) -> bytes:
        """The eight bytes that go to the card."""
        return self.digits.encode("ascii").ljust(PIN_FIELD, b"\xff")
