"""The photograph with the part of it that is kept, and where the head belongs in it."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QImage, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen, QPixmap
from PySide6.QtWidgets import QSizePolicy, QWidget

from kiosk.desk.cropping import CROWN, HEAD, Frame

_STEP: Final = 0.03
_FINE: Final = 0.005
"""With Shift. Parts of the frame's size."""
_SMALLER: Final = 0.95
_HEAD_SHAPE: Final = 0.75
"""A head's width by its height."""
_MOVES: Final = {
    Qt.Key.Key_Left: (-1, 0),
    Qt.Key.Key_Right: (1, 0),
    Qt.Key.Key_Up: (0, -1),
    Qt.Key.Key_Down: (0, 1),
}
_SCALES: Final = {Qt.Key.Key_Plus: 1 / _SMALLER, Qt.Key.Key_Equal: 1 / _SMALLER, Qt.Key.Key_Minus: _SMALLER}


class CropView(QWidget):
    """The frame is moved with the arrows (Shift: a little), made larger and smaller with + and -, or dragged."""

    moved = Signal()

    def __init__(self, name: str, keys: str) -> None:
        super().__init__()
        self.setAccessibleName(name)
        self.setAccessibleDescription(keys)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.frame: Frame | None = None
        self._picture = QPixmap()
        self._held: QPointF | None = None

    def show_picture(self, picture: bytes, frame: Frame) -> None:
        """With this part of it."""
        self._picture = QPixmap.fromImage(QImage.fromData(picture))
        self.frame = frame
        self.update()

    def clear(self) -> None:
        """Show nobody."""
        self._picture, self.frame = QPixmap(), None
        self.update()

    def sizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """Tall enough to see a face, in the size of the writing."""
        line = self.fontMetrics().height()
        return QSize(line * 14, line * 18)

    def minimumSizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        return self.sizeHint()

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802 - Qt's name
        key = Qt.Key(event.key())
        step = _FINE if event.modifiers() & Qt.KeyboardModifier.ShiftModifier else _STEP
        if self.frame is None or (key not in _MOVES and key not in _SCALES):
            super().keyPressEvent(event)
        elif key in _MOVES:
            right, down = _MOVES[key]
            self._set(self.frame.moved(right * step, down * step))
        else:
            self._set(self.frame.scaled(_SCALES[key]))

    def mousePressEvent(self, event: QMouseEvent) -> None:  # noqa: N802 - Qt's name
        self.setFocus(Qt.FocusReason.MouseFocusReason)
        self._held = event.position()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:  # noqa: N802 - Qt's name
        if self._held is not None and self.frame is not None:
            way = (event.position() - self._held) / self._scale() / self.frame.width
            self._held = event.position()
            self._set(self.frame.moved(way.x(), way.y() * self.frame.width / self.frame.height))

    def mouseReleaseEvent(self, _: QMouseEvent) -> None:  # noqa: N802 - Qt's name
        self._held = None

    def paintEvent(self, _: QPaintEvent) -> None:  # noqa: N802 - Qt's name
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        if self.frame is not None and not self._picture.isNull():
            self._paint(painter, self.frame)
        painter.setPen(self._edge())
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRect(self.rect().adjusted(1, 1, -1, -1))
        painter.end()

    def _edge(self) -> QPen:
        """Where a photograph goes is seen before there is one."""
        if self.hasFocus():
            return QPen(self.palette().highlight().color(), 2)
        style = Qt.PenStyle.DashLine if self.frame is None else Qt.PenStyle.SolidLine
        return QPen(self.palette().placeholderText().color(), 1, style)

    def _set(self, frame: Frame) -> None:
        self.frame = frame
        self.update()
        self.moved.emit()

    def _scale(self) -> float:
        """Points here for each of the picture's."""
        return min(self.width() / max(self._picture.width(), 1), self.height() / max(self._picture.height(), 1))

    def _paint(self, painter: QPainter, frame: Frame) -> None:
        scale = self._scale()
        whole = QRectF(0, 0, self._picture.width() * scale, self._picture.height() * scale)
        whole.moveCenter(QRectF(self.rect()).center())
        painter.drawPixmap(whole, self._picture, QRectF(self._picture.rect()))
        kept = QRectF(frame.left * scale, frame.top * scale, frame.width * scale, frame.height * scale)
        kept.translate(whole.topLeft())
        painter.save()
        shade = QColor(0, 0, 0, 140)
        for part in _around(whole, kept):
            painter.fillRect(part, shade)
        painter.restore()
        for width, colour in ((3, Qt.GlobalColor.black), (1, Qt.GlobalColor.white)):  # seen on any background
            painter.setPen(QPen(colour, width, Qt.PenStyle.SolidLine if width > 1 else Qt.PenStyle.DashLine))
            painter.drawRect(kept)
            for height in HEAD:
                painter.drawEllipse(_head(kept, height))


def _head(kept: QRectF, height: float) -> QRectF:
    tall = kept.height() * height
    wide = tall * _HEAD_SHAPE
    return QRectF(kept.center().x() - wide / 2, kept.top() + kept.height() * CROWN, wide, tall)


def _around(whole: QRectF, kept: QRectF) -> list[QRectF]:
    return [
        QRectF(whole.topLeft(), QPointF(whole.right(), kept.top())),
        QRectF(QPointF(whole.left(), kept.bottom()), whole.bottomRight()),
        QRectF(QPointF(whole.left(), kept.top()), kept.bottomLeft()),
        QRectF(kept.topRight(), QPointF(whole.right(), kept.bottom())),
    ]
