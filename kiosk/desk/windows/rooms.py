"""Where pages stand: one is shown, and what does not fit is scrolled to."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QPoint, Qt, QTimer, Slot
from PySide6.QtWidgets import QApplication, QScrollArea, QStackedWidget, QWidget

from kiosk.desk.windows.page import Page


class Rooms(QStackedWidget):
    """A room that scrolls for each page: a page that needs much room makes no other page scroll."""

    def __init__(self, pages: Sequence[Page]) -> None:
        super().__init__()
        self._pages = tuple(pages)
        for page in pages:
            room = QScrollArea()
            room.setWidgetResizable(True)
            room.setFocusPolicy(Qt.FocusPolicy.NoFocus)
            room.setWidget(page)
            self.addWidget(room)
        app = QApplication.instance()
        assert isinstance(app, QApplication)  # noqa: S101 - there is no window without it
        app.focusChanged.connect(self._show_focus)

    def currentWidget(self) -> Page:  # noqa: N802 - Qt's name
        """The page, not its room."""
        return self._pages[self.currentIndex()]

    @Slot(QWidget, QWidget)
    def _show_focus(self, _: QWidget | None, focused: QWidget | None) -> None:
        """A question that is asked further down than the window shows is scrolled to."""
        if focused is not None and self.isAncestorOf(focused):
            QTimer.singleShot(0, focused, lambda: self._scroll_to(focused))  # when it has its place

    def _scroll_to(self, widget: QWidget) -> None:
        room = self.room
        if not room.isAncestorOf(widget):
            return
        room.ensureWidgetVisible(widget)
        begins, seen = widget.mapTo(self.currentWidget(), QPoint(0, 0)), room.viewport()
        if widget.width() > seen.width():  # Qt shows the middle of it
            room.horizontalScrollBar().setValue(begins.x())
        if widget.height() > seen.height():
            room.verticalScrollBar().setValue(begins.y())

    @property
    def room(self) -> QScrollArea:
        """Of the page that is shown."""
        room = self.widget(self.currentIndex())
        assert isinstance(room, QScrollArea)  # noqa: S101 - there is nothing else in it
        return room
