"""A sheet of paper for a citizen: the letter with a transport PIN."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QPageSize, QPainter
from PySide6.QtPrintSupport import QPrinter

from kiosk.desk.paper import NotPrinted
from kiosk.desk.windows.printing import on_paper


@dataclass(frozen=True, slots=True)
class Sheet:
    """Of size A5: a title, and lines below each other."""

    title: str
    lines: Sequence[str] = field(repr=False)


def print_sheet(sheet: Sheet) -> bool:
    """On the default printer, and in no file: that would stay behind, with a PIN in it. False where there is none.

    In any thread. Raises NotPrinted.
    """
    return on_paper(lambda printer: draw_sheet(printer, sheet)) is not None


def draw_sheet(printer: QPrinter, sheet: Sheet) -> None:
    """On this printer. Raises NotPrinted."""
    printer.setPageSize(QPageSize(QPageSize.PageSizeId.A5))
    painter = QPainter()
    if not painter.begin(printer):
        raise NotPrinted
    page = QRectF(painter.viewport())
    top = page.top()
    for text, points in ((sheet.title, 16), *((line, 12) for line in sheet.lines)):
        font = painter.font()
        font.setPointSize(points)
        painter.setFont(font)
        room = QRectF(page.left(), top, page.width(), page.bottom() - top)
        flags = int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop | Qt.TextFlag.TextWordWrap)
        used = painter.boundingRect(room, flags, text)
        painter.drawText(room, flags, text)
        top = used.bottom() + painter.fontMetrics().height()
    painter.end()
