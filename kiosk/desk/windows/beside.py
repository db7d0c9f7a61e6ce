"""What stands beside each other where there is room for it, and below each other where there is none.

Large letters and small screens: one scrolls down then, and never to the side (WCAG 2.2, 1.4.10).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from PySide6.QtCore import QEvent, QObject, QSize, Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QHBoxLayout, QScrollArea, QSplitter, QWidget

ROOMY: Final = 84
"""Letters side by side, below which two parts of a page are too narrow to be read."""
_BELOW: Final = QBoxLayout.Direction.TopToBottom


def _narrowest(part: QWidget) -> int:
    return max(part.minimumSizeHint().width(), part.minimumWidth())


def _shown(parts: Sequence[QWidget]) -> list[QWidget]:
    return [part for part in parts if not part.isHidden()]


def in_a_row(*widgets: QWidget) -> QWidget:
    """Small things that stay together."""
    row = QWidget()
    layout = QHBoxLayout(row)
    layout.setContentsMargins(0, 0, 0, 0)
    for widget in widgets:
        layout.addWidget(widget)
    return row


def _have_room(whole: QWidget, parts: Sequence[QWidget], gap: int, roomy: int = ROOMY) -> bool:
    """Whether all of them can stand beside each other."""
    needed = sum(_narrowest(part) for part in parts) + gap * (len(parts) - 1)
    return whole.width() >= max(needed, roomy * whole.fontMetrics().averageCharWidth())


class Beside(QWidget):
    """Parts of a page, the first at the left, or at the top."""

    def __init__(self, *parts: tuple[QWidget, int], first_at_right: bool = False, roomy: int = ROOMY) -> None:
        """Each part with its share of the room. ``first_at_right``: what comes first below each other."""
        super().__init__()
        self._roomy = roomy
        self._parts = [part for part, _ in parts]
        self._wide = QBoxLayout.Direction.RightToLeft if first_at_right else QBoxLayout.Direction.LeftToRight
        self._row = QBoxLayout(self._wide, self)
        self._row.setContentsMargins(0, 0, 0, 0)
        for part, share in parts:
            self._row.addWidget(part, share)

    def minimumSizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """As narrow as the widest part, however they stand now: else nobody could make it narrower."""
        widths = [_narrowest(part) for part in _shown(self._parts)]
        return QSize(max(widths, default=0), super().minimumSizeHint().height())

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802 - Qt's name
        super().resizeEvent(event)
        self._stand()

    def event(self, event: QEvent) -> bool:
        """A part that came, went or grew asks for another look."""
        done = super().event(event)
        if event.type() == QEvent.Type.LayoutRequest:
            self._stand()
        return done

    def _stand(self) -> None:
        direction = self._wide if _have_room(self, _shown(self._parts), self._row.spacing(), self._roomy) else _BELOW
        if direction != self._row.direction():
            self._row.setDirection(direction)
            self.updateGeometry()


class Halves(QSplitter):
    """Two parts of a page, and an edge between them that can be moved."""

    def __init__(self, *parts: QWidget) -> None:
        super().__init__(Qt.Orientation.Horizontal)
        self._parts = parts
        for number, part in enumerate(parts):
            self.addWidget(part)
            self.setStretchFactor(number, 1)
        self.setChildrenCollapsible(False)

    def minimumSizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """Likewise."""
        widths = [_narrowest(part) for part in _shown(self._parts)]
        return QSize(max(widths, default=0), super().minimumSizeHint().height())

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802 - Qt's name
        super().resizeEvent(event)
        self._stand()

    def event(self, event: QEvent) -> bool:
        done = super().event(event)
        if event.type() == QEvent.Type.LayoutRequest:
            self._stand()
        return done

    def _stand(self) -> None:
        beside = _have_room(self, _shown(self._parts), self.handleWidth())
        orientation = Qt.Orientation.Horizontal if beside else Qt.Orientation.Vertical
        if orientation != self.orientation():
            self.setOrientation(orientation)
            self.updateGeometry()


class Downwards(QScrollArea):
    """Scrolls down, and never to the side: it is at least as wide as what is in it."""

    def __init__(self) -> None:
        super().__init__()
        self.setWidgetResizable(True)
        self.setFrameShape(QScrollArea.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)

    def minimumSizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        inside, whole = self.widget(), super().minimumSizeHint()
        if inside is None:
            return whole
        bar = self.verticalScrollBar().sizeHint().width()
        return QSize(inside.minimumSizeHint().width() + bar, whole.height())

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802 - Qt's name
        """What is in it came, went or grew."""
        if watched is self.widget() and event.type() == QEvent.Type.LayoutRequest:
            self.updateGeometry()
        return super().eventFilter(watched, event)
