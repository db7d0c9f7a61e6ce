"""Reading pictures that somebody sent: within limits, and believing nothing but what decodes.

A photograph is decoded and written anew, so that nothing of the file survives but what is seen: no place, no camera, no
owner, no second file behind the picture.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from io import BytesIO
from typing import Final

from PIL import Image, ImageOps

FORMATS: Final = ("JPEG", "PNG")
MIN_WIDTH: Final = 413
MIN_HEIGHT: Final = 531
"""35 by 45 mm at 300 dots an inch (ICAO 9303 part 3 §3.9)."""
MAX_PIXELS: Final = 25_000_000
"""A camera's picture; more is a bomb."""
SHAPES: Final = (0.70, 0.87)
"""Width by height: 35 by 45 mm is 0.78, and clerks cut by hand."""
KEPT_HEIGHT: Final = 1062
"""Twice the minimum; a larger one is made smaller."""
_QUALITY: Final = 92
_MODES: Final = frozenset({"RGB", "RGBA", "L", "LA", "P", "1"})
_WHITE: Final = (255, 255, 255)


class PictureUnreadable(Exception):
    """Raised for what is not a picture that we take. ``reason`` is for programs; the text is for people."""

    def __init__(self, reason: str, text: str) -> None:
        super().__init__(text)
        self.reason = reason


@dataclass(frozen=True)
class Portrait:
    """A photograph, written anew."""

    jpeg: bytes = field(repr=False)
    width: int
    height: int


def read_portrait(raw: bytes) -> Portrait:
    """A photograph of a person from JPEG or PNG bytes. Raises PictureUnreadable."""
    with _opened(raw) as image:
        _check_size(image)
        upright = _decode(image)
    if upright.width < MIN_WIDTH or upright.height < MIN_HEIGHT:
        raise PictureUnreadable("too-small", f"At least {MIN_WIDTH} by {MIN_HEIGHT} pixels are needed.")
    least, most = SHAPES
    if not least <= upright.width / upright.height <= most:
        raise PictureUnreadable("wrong-shape", "The photograph should be 35 by 45: cut it.")
    upright.thumbnail((upright.width, KEPT_HEIGHT))
    return Portrait(_as_jpeg(upright), upright.width, upright.height)


def check_picture(raw: bytes) -> str:
    """The media type of a scan that decodes within the limits. Raises PictureUnreadable."""
    with _opened(raw) as image:
        _check_size(image)
        _decode(image)
        return "image/jpeg" if image.format == "JPEG" else "image/png"


@contextmanager
def _opened(raw: bytes) -> Iterator[Image.Image]:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            image = Image.open(BytesIO(raw), formats=FORMATS)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise PictureUnreadable("too-many-pixels", "The picture has too many pixels.") from None
    except (OSError, ValueError, SyntaxError):  # Pillow's words for what is no picture, or a broken one
        raise PictureUnreadable("not-a-picture", "Send a JPEG or a PNG.") from None
    with image:
        yield image


def _check_size(image: Image.Image) -> None:
    """Before a pixel is decoded."""
    if image.width * image.height > MAX_PIXELS:
        raise PictureUnreadable("too-many-pixels", "The picture has too many pixels.")
    if getattr(image, "is_animated", False):
        raise PictureUnreadable("moves", "The picture moves. Send one that stands still.")


def _decode(image: Image.Image) -> Image.Image:
    if image.mode not in _MODES:
        raise PictureUnreadable("wrong-colours", "Send a picture in RGB or in shades of grey.")
    try:
        upright = ImageOps.exif_transpose(image)
        if upright.mode in ("RGBA", "LA", "P"):  # transparent pixels have colours of their own, unseen until now
            visible = upright.convert("RGBA")
            upright = Image.new("RGB", upright.size, _WHITE)
            upright.paste(visible, mask=visible.getchannel("A"))
        return upright.convert("RGB")
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        raise PictureUnreadable("broken", "The picture is broken off or damaged.") from None


def _as_jpeg(image: Image.Image) -> bytes:
    clean = Image.new("RGB", image.size)
    clean.paste(image)  # what Pillow remembers about the file stays behind
    out = BytesIO()
    clean.save(out, "JPEG", quality=_QUALITY, optimize=True)
    return out.getvalue()
