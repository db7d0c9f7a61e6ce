"""What PC/SC says about a reader in one number (PC/SC part 5 §3.1.5, pcsclite.h)."""

from __future__ import annotations

from typing import Final

UNAWARE: Final = 0x0000
"""Of whom nothing is known yet: asking with it is answered at once."""
_CHANGED: Final = 0x0002
_GONE: Final = 0x0004 | 0x0008
"""SCARD_STATE_UNKNOWN and SCARD_STATE_UNAVAILABLE: the reader itself."""
_PRESENT: Final = 0x0020
_MUTE: Final = 0x0200
_EVENT_COUNT_SHIFT: Final = 16
"""pcsc-lite counts insertions and removals in the upper half."""


def unmarked(answer: int) -> int:
    """A state as it is to be asked with the next time: without the mark that it is new."""
    return answer & ~_CHANGED


def unplugged(state: int) -> bool:
    """Whether the reader is gone."""
    return bool(state & _GONE)


def present(state: int) -> bool:
    """Whether a card is there."""
    return bool(state & _PRESENT)


def mute(state: int) -> bool:
    """Whether that card gave no answer to reset."""
    return bool(state & _MUTE)


def events(state: int) -> int:
    """How many cards came and went."""
    return state >> _EVENT_COUNT_SHIFT


def gone_since(state: int, before: int) -> bool:
    """Whether the card that was there before is not."""
    return not present(state) or events(state) != events(before)
