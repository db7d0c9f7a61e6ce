"""Where pages stand: one is shown, and what does not fit is scrolled to."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QScrollArea, QStackedWidget

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

    def currentWidget(self) -> Page:  # noqa: N802 - Qt's name
        """The page, not its room."""
        return self._pages[self.currentIndex()]

    @property
    def room(self) -> QScrollArea:
        """Of the page that is shown."""
        room = self.widget(self.currentIndex())
        assert isinstance(room, QScrollArea)  # noqa: S101 - there is nothing else in it
        return room
