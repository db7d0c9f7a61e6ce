"""A receipt as PDF: a page for those who like to take one along."""

from __future__ import annotations

import io
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Final
from xml.sax.saxutils import escape

import segno
from reportlab.lib.colors import HexColor
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.platypus import Image, Paragraph, SimpleDocTemplate, Spacer

from cardsvc.wire.manifest import Language, Outcome, Texts, text_in
from kiosk.dates import with_days_in
from kiosk.offers import Offer
from kiosk.papers.codes import text_of

_FONT: Final = "Receipt"
_FONTS: Final = (
    Path("/usr/share/fonts/truetype/wqy/wqy-microhei.ttc"),
    Path("/usr/share/fonts/wqy-microhei/wqy-microhei.ttc"),
)
"""Where WenQuanYi Micro Hei may be: one font with the letters of all three languages."""
_FAINT: Final = HexColor(0x47615D)
_RECEIPT: Final[Texts] = {
    Language.ENGLISH: "Receipt number",
    Language.CHINESE: "回执编号",
    Language.PORTUGUESE: "Número do recibo",
}
_PRINTED: Final[Texts] = {Language.ENGLISH: "Printed", Language.CHINESE: "打印时间", Language.PORTUGUESE: "Impresso em"}


class FontMissing(Exception):
    """Raised when no font here can write all three languages."""


def draw(offer: Offer, outcome: Outcome, language: Language, now: datetime) -> bytes:
    """The receipt in one language. Raises FontMissing."""
    _register_font()
    say = _Writer(language)
    lines: list[tuple[str, str, float]] = [
        (with_days_in(text_in(each.label, language), language), _value(each.value, language), 13)
        for each in outcome.fields
    ]
    lines.append((_RECEIPT[language], outcome.receipt, 16))
    lines.append((_PRINTED[language], with_days_in(now.astimezone().strftime("%Y-%m-%d %H:%M"), language), 11))
    flow = [
        say(text_in(offer.department_titles, language), 12, faint=True),
        say(text_in(offer.service.titles, language), 12, faint=True),
        Spacer(0, 4 * mm),
        say(text_in(outcome.title, language), 20),
        Spacer(0, 6 * mm),
    ]
    for label, value, size in lines:
        flow += [say(label, 9, faint=True), say(value, size), Spacer(0, 2 * mm)]
    flow += [Spacer(0, 4 * mm), _code(text_of(offer.department, outcome))]
    file = io.BytesIO()
    SimpleDocTemplate(
        file, pagesize=A4, leftMargin=22 * mm, rightMargin=22 * mm, topMargin=22 * mm, bottomMargin=22 * mm,
        title=outcome.receipt, lang=language.value,
    ).build(flow)  # fmt: skip
    return file.getvalue()


class _Writer:
    """Writes paragraphs, broken as the language wants it: Chinese anywhere, others between words."""

    def __init__(self, language: Language) -> None:
        self._wrap = "CJK" if language is Language.CHINESE else None

    def __call__(self, said: str, size: float, *, faint: bool = False) -> Paragraph:
        style = ParagraphStyle(
            f"{size}-{faint}", fontName=_FONT, fontSize=size, leading=size * 1.45, wordWrap=self._wrap, splitLongWords=1
        )
        if faint:
            style.textColor = _FAINT
        return Paragraph(escape(said), style)


def _value(value: str | Texts, language: Language) -> str:
    return with_days_in(value if isinstance(value, str) else text_in(value, language), language)


def _code(text: str) -> Image:
    file = io.BytesIO()
    segno.make(text, error="m", micro=False).save(file, kind="png", scale=8, border=4)
    file.seek(0)
    return Image(file, 40 * mm, 40 * mm, hAlign="LEFT")


@cache
def _register_font() -> None:
    path = next((path for path in _FONTS if path.exists()), None)
    if path is None:
        raise FontMissing("install WenQuanYi Micro Hei (on Debian: fonts-wqy-microhei)")
    pdfmetrics.registerFont(TTFont(_FONT, str(path), subfontIndex=0))
