"""Text that a card or a reader gave, made fit to be shown."""

from __future__ import annotations

from typing import Final

_REPLACEMENT: Final = "\N{REPLACEMENT CHARACTER}"


def printable(text: str, instead: str = _REPLACEMENT) -> str:
    """Without what moves a terminal's cursor, turns the direction of writing, or begins a line of its own.

    Else a card could write what it likes on the screen of whoever looks at it.
    """
    return "".join(character if character.isprintable() else instead for character in text)
