"""Cutting a photograph to 35 by 45 (ICAO 9303 part 3 §3.9), around a head that has the right size."""

from __future__ import annotations

from dataclasses import dataclass, replace
from io import BytesIO
from typing import Final

from PIL import Image, ImageOps

from kiosk.desk.drafts import Cut

SHAPE: Final = 35 / 45
LEAST_WIDTH: Final = 413
"""35 mm at 300 dots an inch; the card service takes no less."""
HEAD: Final = (0.70, 0.80)
"""From chin to crown, of the picture's height."""
CROWN: Final = 0.10
"""From the upper edge to the crown, likewise."""
_MOST_HEIGHT: Final = 1350
_QUALITY: Final = 92
_MOST_PIXELS: Final = 60_000_000


class PhotographRefused(Exception):
    """Raised for what is no photograph that can be used. ``reason``: ``unreadable``, ``too-small``."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Frame:
    """Which part of a picture is kept; always within it, always 35 by 45, never too few pixels."""

    whole: tuple[int, int]
    """Width and height of the picture."""
    left: float
    top: float
    width: float

    @classmethod
    def around_the_middle(cls, width: int, height: int) -> Frame:
        """The largest. Raises PhotographRefused."""
        largest = min(float(width), height * SHAPE)
        if round(largest) < LEAST_WIDTH:
            raise PhotographRefused("too-small")
        return cls((width, height), (width - largest) / 2, (height - largest / SHAPE) / 2, largest)

    @classmethod
    def of(cls, cut: Cut, width: int, height: int) -> Frame:
        """As it was kept; within this picture, should it be another one by now."""
        return cls((width, height), cut.left, cut.top, cut.width).scaled(1.0)

    @property
    def height(self) -> float:
        """In pixels of the picture."""
        return self.width / SHAPE

    @property
    def cut(self) -> Cut:
        """To be kept."""
        return Cut(left=self.left, top=self.top, width=self.width)

    def moved(self, right: float, down: float) -> Frame:
        """By parts of its own size."""
        return replace(self, left=self.left + right * self.width, top=self.top + down * self.height).within()

    def scaled(self, factor: float) -> Frame:
        """Around its middle."""
        largest = min(float(self.whole[0]), self.whole[1] * SHAPE)
        width = min(max(self.width * factor, float(LEAST_WIDTH)), largest)
        left = self.left + (self.width - width) / 2
        top = self.top + (self.width - width) / SHAPE / 2
        return replace(self, left=left, top=top, width=width).within()

    def within(self) -> Frame:
        """As near as the picture's edges let it."""
        left = min(max(self.left, 0.0), self.whole[0] - self.width)
        top = min(max(self.top, 0.0), self.whole[1] - self.height)
        return replace(self, left=left, top=top)


def upright(picture: bytes) -> bytes:
    """The photograph as it is looked at, without whatever else is in the file: a JPEG. Raises PhotographRefused."""
    with _opened(picture) as image:
        return _as_jpeg(ImageOps.exif_transpose(image).convert("RGB"))


def size_of(picture: bytes) -> tuple[int, int]:
    """Width and height. Raises PhotographRefused."""
    with _opened(picture) as image:
        return image.size


def cut_out(picture: bytes, cut: Cut) -> bytes:
    """The part that is kept, as JPEG. Raises PhotographRefused."""
    with _opened(picture) as image:
        frame = Frame.of(cut, *image.size)
        box = (frame.left, frame.top, frame.left + frame.width, frame.top + frame.height)
        height = max(min(round(frame.height), _MOST_HEIGHT), round(LEAST_WIDTH / SHAPE))
        size = (max(round(height * SHAPE), LEAST_WIDTH), height)
        return _as_jpeg(image.convert("RGB").resize(size, Image.Resampling.LANCZOS, box))


def _opened(picture: bytes) -> Image.Image:
    try:
        image = Image.open(BytesIO(picture), formats=("JPEG", "PNG", "BMP", "WEBP"))
        if image.width * image.height > _MOST_PIXELS:
            raise PhotographRefused("unreadable")
        image.load()
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        raise PhotographRefused("unreadable") from None
    return image


def _as_jpeg(image: Image.Image) -> bytes:
    out = BytesIO()
    image.save(out, "JPEG", quality=_QUALITY, exif=b"")
    return out.getvalue()
