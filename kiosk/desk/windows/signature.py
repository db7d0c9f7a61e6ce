"""A small canvas that somebody signs on, with a pen, a finger or the mouse."""

from __future__ import annotations

from itertools import pairwise
from typing import Final

from PySide6.QtCore import QBuffer, QByteArray, QIODevice, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QMouseEvent, QPainter, QPaintEvent, QPen, QPixmap
from PySide6.QtWidgets import QSizePolicy, QWidget

_LEAST: Final = 20.0
"""Length of ink, in pixels, below which nobody has signed."""
_RECEIPT: Final = QSize(1240, 620)
_INK: Final = QColor(20, 30, 90)
_QUIET: Final = QColor(95, 95, 95)
"""What the canvas is for, until somebody signs on it."""


class SignatureCanvas(QWidget):
    """What was drawn, as lines between points."""

    signed = Signal(bool)
    """Whether there is a signature on it now."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.setAccessibleName(name)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.MinimumExpanding)
        self.setCursor(Qt.CursorShape.CrossCursor)
        self._lines: list[list[QPointF]] = []

    @property
    def has_signature(self) -> bool:
        """Whether somebody drew more than a dot."""
        steps = (step for line in self._lines for step in pairwise(line))
        return sum((after - before).manhattanLength() for before, after in steps) >= _LEAST

    def clear(self) -> None:
        """A clean canvas."""
        self._lines.clear()
        self.update()
        self.signed.emit(self.has_signature)

    def sizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        height = self.fontMetrics().height()
        return QSize(30 * height, 6 * height)

    def minimumSizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        return self.sizeHint()

    def mousePressEvent(self, event: QMouseEvent) -> None:  # noqa: N802 - Qt's name
        self._lines.append([event.position()])

    def mouseMoveEvent(self, event: QMouseEvent) -> None:  # noqa: N802 - Qt's name
        if self._lines and event.buttons():
            self._lines[-1].append(event.position())
            self.update()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:  # noqa: N802 - Qt's name
        if self._lines:
            self._lines[-1].append(event.position())
        self.update()
        self.signed.emit(self.has_signature)

    def paintEvent(self, _: QPaintEvent) -> None:  # noqa: N802 - Qt's name
        painter = QPainter(self)
        painter.fillRect(self.rect(), Qt.GlobalColor.white)
        if not self._lines:
            painter.setPen(_QUIET)
            painter.drawText(self.rect(), Qt.AlignmentFlag.AlignCenter, self.accessibleName())
        painter.setPen(Qt.GlobalColor.darkGray)  # on white by night, too
        painter.drawRect(self.rect().adjusted(0, 0, -1, -1))
        line = self.height() * 3 // 4
        painter.drawLine(line // 3, line, self.width() - line // 3, line)
        self._draw(painter)

    def receipt(self, text: str) -> bytes:
        """The text and the signature below it, as PNG."""
        picture = QPixmap(_RECEIPT)
        picture.fill(Qt.GlobalColor.white)
        painter = QPainter(picture)
        font = painter.font()
        font.setPixelSize(_RECEIPT.height() // 22)
        painter.setFont(font)
        page = QRectF(picture.rect()).adjusted(40, 40, -40, -40)
        flags = int(Qt.AlignmentFlag.AlignTop | Qt.TextFlag.TextWordWrap)
        painter.drawText(page, flags, text)
        lower = QRectF(page.left(), page.center().y(), page.width(), page.height() / 2)
        scale = min(lower.width() / max(self.width(), 1), lower.height() / max(self.height(), 1))
        painter.translate(lower.topLeft())
        painter.scale(scale, scale)
        self._draw(painter)
        painter.end()
        return _as_png(picture)

    def _draw(self, painter: QPainter) -> None:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(_INK, 2.5, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap))
        for line in self._lines:
            painter.drawPolyline(line)


def _as_png(picture: QPixmap) -> bytes:
    content = QByteArray()
    buffer = QBuffer(content)
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    picture.save(buffer, "PNG")
    return bytes(content.data())
