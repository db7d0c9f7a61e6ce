"""Drawing a paper: one page of A4 in the three languages of the city, with a QR code that leads to its page."""

from __future__ import annotations

import io
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Final

import segno
from reportlab.lib.colors import Color, HexColor
from reportlab.lib.pagesizes import A4
from reportlab.lib.units import mm
from reportlab.lib.utils import simpleSplit
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas

from cardsvc.wire.manifest import Language, OutcomeField, Texts, text_in
from kiosk.departments.contract.declaration import Paper
from kiosk.departments.contract.papers.words import ORDER, joined
from kiosk.departments.contract.texts import texts

FONT: Final = "Paper"
FONTS: Final = (
    Path("/usr/share/fonts/truetype/wqy/wqy-microhei.ttc"),
    Path("/usr/share/fonts/wqy-microhei/wqy-microhei.ttc"),
)
"""Where WenQuanYi Micro Hei may be: one font with the letters of all three languages."""

_WIDTH, _HEIGHT = A4
_MARGIN: Final = 22 * mm
_INK: Final = HexColor(0x14213D)
_FAINT: Final = HexColor(0x5B6475)
_LINE: Final = HexColor(0xC9CFDA)
_CHECK: Final = texts(
    "Anybody can check this paper: scan the code, or go to",
    "任何人均可查验本文件：请扫描二维码，或访问",
    "Qualquer pessoa pode verificar este documento: leia o código ou visite",
)
_VALID: Final = texts("Valid until", "有效期至", "Válido até")
_NUMBER: Final = texts("Number", "编号", "Número")
_ISSUED: Final = texts("Issued on", "签发日期", "Emitido em")


class FontMissing(Exception):
    """Raised when no font here can write all three languages."""


def draw(paper: Paper, *, issuer: Texts, number: str, issued_on: str, valid_until: str, address: str) -> bytes:
    """The page as PDF. Raises FontMissing."""
    _register_font()
    file = io.BytesIO()
    canvas = Canvas(file, pagesize=A4, pageCompression=1, lang="zh-Hans")
    canvas.setTitle(text_in(paper.title, Language.ENGLISH))
    canvas.setAuthor(text_in(issuer, Language.ENGLISH))
    canvas.setSubject(number)
    pen = _Pen(canvas)
    pen.write(joined(issuer), 11, _FAINT)
    pen.skip(6 * mm)
    for language in ORDER:
        pen.write(text_in(paper.title, language), 18 if language is Language.CHINESE else 12)
    pen.rule()
    for language in ORDER:
        pen.write(text_in(paper.statement, language), 11)
        pen.skip(1.5 * mm)
    pen.rule()
    own = (_line(_NUMBER, number), _line(_ISSUED, issued_on), _line(_VALID, valid_until))
    for line in (*paper.lines, *own):
        pen.pair(joined(line.label), line.value if isinstance(line.value, str) else joined(line.value))
    pen.rule()
    _put_code(canvas, pen, address)
    canvas.showPage()
    canvas.save()
    return file.getvalue()


@cache
def _register_font() -> None:
    path = next((path for path in FONTS if path.exists()), None)
    if path is None:
        raise FontMissing("install WenQuanYi Micro Hei (on Debian: fonts-wqy-microhei)")
    pdfmetrics.registerFont(TTFont(FONT, str(path), subfontIndex=0))


class _Pen:
    """Writes from the top of the page downwards."""

    def __init__(self, canvas: Canvas) -> None:
        self._canvas = canvas
        self.y = _HEIGHT - _MARGIN

    def write(self, said: str, size: float, colour: Color = _INK) -> None:
        """A paragraph, broken where the line is full."""
        self._canvas.setFillColor(colour)
        for line in _broken(said, size, _WIDTH - 2 * _MARGIN):
            self.y -= size * 1.45
            self._canvas.setFont(FONT, size)
            self._canvas.drawString(_MARGIN, self.y, line)

    def pair(self, label: str, value: str) -> None:
        """A label, and what it is below it."""
        self.skip(1.5 * mm)
        self.write(label, 8.5, _FAINT)
        self.write(value, 12)

    def rule(self) -> None:
        """A line across the page."""
        self.skip(5 * mm)
        self._canvas.setStrokeColor(_LINE)
        self._canvas.line(_MARGIN, self.y, _WIDTH - _MARGIN, self.y)
        self.skip(2 * mm)

    def skip(self, height: float) -> None:
        """Leave room."""
        self.y -= height


def _put_code(canvas: Canvas, pen: _Pen, address: str) -> None:
    side, pen.y = 32 * mm, pen.y - 34 * mm
    code = segno.make(address, error="m", micro=False)
    square = side / (code.symbol_size(border=0)[0])
    canvas.setFillColor(_INK)
    for row, squares in enumerate(code.matrix):
        for column, dark in enumerate(squares):
            if dark:
                top = pen.y + side - (row + 1) * square
                canvas.rect(_MARGIN + column * square, top, square, square, stroke=0, fill=1)
    _beside(canvas, pen.y + side, side, [*(text_in(_CHECK, each) for each in ORDER), address])


def _beside(canvas: Canvas, top: float, side: float, said: list[str]) -> None:
    left = _MARGIN + side + 6 * mm
    for paragraph in said:
        for line in _broken(paragraph, 9, _WIDTH - _MARGIN - left):
            top -= 13
            canvas.setFont(FONT, 9)
            canvas.drawString(left, top, line)


def _broken(said: str, size: float, width: float) -> Iterator[str]:
    """Lines of this width at most: between words, and within a word that is too long, as Chinese sentences are."""
    for line in simpleSplit(said, FONT, size, width):
        rest = line
        while pdfmetrics.stringWidth(rest, FONT, size) > width:
            fits = next(n for n in range(len(rest), 0, -1) if pdfmetrics.stringWidth(rest[:n], FONT, size) <= width)
            yield rest[:fits]
            rest = rest[fits:]
        yield rest


def _line(label: Texts, value: str) -> OutcomeField:
    return OutcomeField(label=label, value=value)
