"""The photograph as a card has room for it: as large and as good as goes in.

A card that keeps to the standard takes 12 kB, and most that can be bought take 3; a face that fills a screen fits into
the first, one of the size of a stamp into the second.
"""

from __future__ import annotations

from io import BytesIO
from typing import Final

from PIL import Image

from readers.piv.photograph import Photograph

_SIZES: Final = (
    (540, 80),
    (540, 65),
    (450, 60),
    (390, 55),
    (330, 50),
    (280, 45),
    (240, 40),
    (210, 38),
    (186, 36),
    (165, 34),
    (150, 30),
    (135, 28),
    (120, 25),
    (96, 20),
    (72, 10),
)
"""Height in pixels and quality, the best first. The last fits any card, whatever it shows."""
_SIGNATURE_VARIES: Final = 8
"""Bytes by which an ECDSA signature, and the lengths that are written around it, may be longer another time."""


class PortraitTooLarge(ValueError):
    """Raised when not even the smallest picture has room."""


def room_for(most: int, frame: int) -> int:
    """Bytes that are left for the picture in an object of ``most`` bytes, of which an empty one takes ``frame``."""
    return most - frame - _SIGNATURE_VARIES


def fit(portrait: bytes, room: int) -> Photograph:
    """A baseline JPEG (INCITS 385 wants no other) of at most ``room`` bytes, of one that is kept.

    The same every time: a card that was begun is known by it. Raises PortraitTooLarge.
    """
    with Image.open(BytesIO(portrait), formats=("JPEG",)) as kept:
        whole = kept.convert("RGB")
    for height, quality in _SIZES:
        image = whole.copy()
        image.thumbnail((whole.width, height), Image.Resampling.LANCZOS)
        out = BytesIO()
        image.save(out, "JPEG", quality=quality, optimize=True, subsampling="4:2:0")
        if out.tell() <= room:
            return Photograph(out.getvalue(), image.width, image.height)
    raise PortraitTooLarge
