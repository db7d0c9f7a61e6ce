"""What is printed on a card, and where: millimetres from the upper left corner of a CR80 card (ISO/IEC 7810 ID-1)."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import Final

import segno

WIDTH, HEIGHT = 85.60, 53.98
_MARGIN: Final = 4.0
_PHOTO: Final = (21.0, 27.0)
"""Seven by nine, as photographs are kept (35 by 45)."""


@dataclass(frozen=True, slots=True)
class Box:
    """A place on the card."""

    x: float
    y: float
    width: float
    height: float

    @property
    def on_card(self) -> bool:
        """Whether all of it is."""
        return self.x >= 0 and self.y >= 0 and self.x + self.width <= WIDTH and self.y + self.height <= HEIGHT


@dataclass(frozen=True, slots=True)
class Text:
    """A line; it is made smaller until it fits its box."""

    box: Box
    text: str = field(repr=False)
    height: float
    """Of the letters, in millimetres."""


@dataclass(frozen=True, slots=True)
class Picture:
    """The photograph, as JPEG or PNG."""

    box: Box
    content: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Code:
    """A QR code: rows of dark and light squares, with the margin that scanners need."""

    box: Box
    squares: tuple[tuple[bool, ...], ...]


Item = Text | Picture | Code


@dataclass(frozen=True, slots=True)
class Face:
    """One side of a card."""

    items: tuple[Item, ...]


@dataclass(frozen=True, slots=True)
class Printed:
    """What stands on a card."""

    name: str = field(repr=False)
    name_latin: str = field(repr=False)
    number: str
    """Printed on the blank card too; the QR code says it, and nothing else."""
    expires_on: date | None
    photo: bytes | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Captions:
    """Words on the card, in the languages of the city at once."""

    city: str
    valid_until: str
    number: str
    found: str


def front(printed: Printed, captions: Captions) -> Face:
    """Photograph, names, number and last day."""
    width, height = _PHOTO
    left = _MARGIN + width + _MARGIN
    wide = WIDTH - left - _MARGIN
    until = "" if printed.expires_on is None else f"{printed.expires_on:%Y-%m-%d}"
    items: list[Item] = [
        Text(Box(_MARGIN, 3.5, WIDTH - 2 * _MARGIN, 6.0), captions.city, 4.0),
        Text(Box(left, 13.0, wide, 8.0), printed.name, 6.0),
        Text(Box(left, 21.5, wide, 5.0), printed.name_latin, 3.6),
        Text(Box(left, 30.5, wide, 3.0), captions.number, 2.1),
        Text(Box(left, 33.5, wide, 5.0), printed.number, 3.6),
        Text(Box(left, 40.5, wide, 3.0), captions.valid_until, 2.1),
        Text(Box(left, 43.5, wide, 5.0), until, 3.6),
    ]
    if printed.photo is not None:
        items.append(Picture(Box(_MARGIN, 14.0, width, height), printed.photo))
    return Face(tuple(items))


def back(printed: Printed, captions: Captions) -> Face:
    """QR code with the number, and what whoever finds the card does."""
    side = 26.0
    return Face(
        (
            Code(Box(WIDTH - side - _MARGIN, 8.0, side, side), qr(printed.number)),
            Text(Box(_MARGIN, 10.0, WIDTH - side - 3 * _MARGIN, 5.0), captions.city, 3.4),
            Text(Box(_MARGIN, 17.0, WIDTH - side - 3 * _MARGIN, 5.0), printed.number, 3.6),
            Text(Box(_MARGIN, 42.0, WIDTH - 2 * _MARGIN, 5.0), captions.found, 2.6),
        )
    )


def qr(text: str) -> tuple[tuple[bool, ...], ...]:
    """Error correction M, four squares of margin (ISO/IEC 18004 §9.1)."""
    made = segno.make(text, error="m", micro=False)
    return tuple(tuple(bool(square) for square in row) for row in made.matrix_iter(border=4))
