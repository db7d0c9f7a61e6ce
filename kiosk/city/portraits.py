"""Portraits of people who do not exist, drawn from a seed: the same seed, the same face."""

from __future__ import annotations

import hashlib
from io import BytesIO
from typing import Final

from PIL import Image, ImageDraw

_WIDTH: Final = 420
_HEIGHT: Final = 540
_FINE: Final = 3
"""Drawn so many times larger, and made smaller afterwards: that makes smooth edges."""
_BACKGROUND: Final = "#dfe4ea"
_INK: Final = "#2b2522"
_WHITE: Final = "#fdfdfb"
_SKINS: Final = ("#f3d3b8", "#e9bf9b", "#d9a67c", "#b97f57", "#8d5a3b")
_HAIRS: Final = ("#1d1a1a", "#3a2a21", "#6b4a30", "#8c8c8c", "#d6d3cd")
_LIPS: Final = ("#b7615a", "#a4504e", "#8f4742")
_CLOTHES: Final = ("#2f5d7c", "#7a3b4a", "#3f6b4f", "#4b4b6b", "#86683b", "#30343b")
_Box = tuple[float, float, float, float]


def portrait(seed: str) -> bytes:
    """A JPEG, 35 by 45, of a face from the front."""
    return _Sitter(hashlib.sha256(seed.encode()).digest()).draw()


class _Sitter:
    """Somebody, and the picture that is made of them. Lengths are pixels of the finished picture."""

    def __init__(self, digest: bytes) -> None:
        self._drawn = iter(digest)  # more bytes than a face has parts
        self._image = Image.new("RGB", (_WIDTH * _FINE, _HEIGHT * _FINE), _BACKGROUND)
        self._draw = ImageDraw.Draw(self._image)
        self._skin, self._hair = self._of(_SKINS), self._of(_HAIRS)
        self._half = 92 + self._within(22)
        """Of the width of the face."""
        self._chin = 372 + self._within(26)

    def draw(self) -> bytes:
        for part in (self._hair_behind, self._shoulders, self._head, self._fringe, self._eyes, self._nose, self._mouth):
            part()
        if self._within(3) == 0:
            self._glasses()
        out = BytesIO()
        self._image.resize((_WIDTH, _HEIGHT), Image.Resampling.LANCZOS).save(out, "JPEG", quality=92)
        return out.getvalue()

    def _shoulders(self) -> None:
        clothes = self._of(_CLOTHES)
        self._ellipse((40, 430, 380, 720), clothes)
        self._ellipse((160, self._chin - 60, 260, self._chin + 92), self._skin)

    def _hair_behind(self) -> None:
        """Short, to the ears or to the shoulders."""
        length = self._of(("300", "360", "470"))
        self._ellipse((_WIDTH / 2 - self._half - 24, 82, _WIDTH / 2 + self._half + 24, float(length)), self._hair)

    def _head(self) -> None:
        middle = _WIDTH / 2
        for side in (-1, 1):
            at = middle + side * self._half
            self._ellipse((at - 16, 232, at + 16, 290), self._skin)
        self._ellipse((middle - self._half, 120, middle + self._half, self._chin), self._skin)

    def _fringe(self) -> None:
        depth, middle = 150 + self._within(40), _WIDTH / 2
        box = (middle - self._half - 6, 100, middle + self._half + 6, 100 + 2 * (depth - 100))
        self._draw.pieslice(_fine(box), 180, 360, fill=self._hair)

    def _eyes(self) -> None:
        apart, raised = 40 + self._within(12), self._within(9)
        for side in (-1, 1):
            at = _WIDTH / 2 + side * apart
            self._ellipse((at - 17, 238, at + 17, 260), _WHITE)
            self._ellipse((at - 9, 239, at + 9, 259), _INK)
            self._draw.arc(_fine((at - 24, 214 - raised, at + 24, 246 - raised)), 200, 340, fill=self._hair, width=15)

    def _nose(self) -> None:
        wide, middle = 12 + self._within(10), _WIDTH / 2
        self._draw.arc(_fine((middle - wide, 268, middle + wide, 306)), 20, 160, fill=_INK, width=8)

    def _mouth(self) -> None:
        wide, middle = 26 + self._within(16), _WIDTH / 2
        self._draw.chord(_fine((middle - wide, 312, middle + wide, 340)), 5, 175, fill=self._of(_LIPS))

    def _glasses(self) -> None:
        for side in (-1, 1):
            at = _WIDTH / 2 + side * 46
            self._draw.rounded_rectangle(_fine((at - 36, 226, at + 36, 274)), 36, outline=_INK, width=11)
        self._draw.line(_fine((_WIDTH / 2 - 10, 246, _WIDTH / 2 + 10, 246)), fill=_INK, width=11)

    def _ellipse(self, box: _Box, colour: str) -> None:
        self._draw.ellipse(_fine(box), fill=colour)

    def _of(self, choices: tuple[str, ...]) -> str:
        return choices[self._within(len(choices))]

    def _within(self, count: int) -> int:
        return next(self._drawn) % count


def _fine(box: _Box) -> _Box:
    left, top, right, bottom = (length * _FINE for length in box)
    return left, top, right, bottom
