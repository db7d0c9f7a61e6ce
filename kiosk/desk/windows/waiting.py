"""While an answer takes longer than a moment, the window says so and offers to wait no longer."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, Protocol

from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import QHBoxLayout, QProgressBar, QWidget

from kiosk.desk.windows.label import Label
from kiosk.desk.windows.parts import button
from kiosk.desk.words import Words

STOP_KEY: Final = "F12"
_A_MOMENT_MS: Final = 1_000
_LOOKS_EVERY_MS: Final = 200


class Waits(Protocol):
    """What may wait for an answer: a page, a dialog."""

    def waited(self) -> int:
        """For how many milliseconds an answer has been waited for that can be given up."""

    def stop_waiting(self) -> None:
        """The officer does not want to wait any longer."""


class WaitingBar(QWidget):
    """Below the pages, so that nothing moves away under the mouse; hidden while nobody has to wait."""

    def __init__(self, words: Words, page: Callable[[], Waits]) -> None:
        """``page`` is the one that is shown."""
        super().__init__()
        self._page = page
        text = Label(words["window"]["waiting"])
        text.setWordWrap(True)
        self.bar = QProgressBar()
        self.bar.setRange(0, 0)
        self.bar.setTextVisible(False)
        self.bar.setAccessibleName(words["window"]["waiting"])
        self.stop = button(words["window"]["stop_waiting"], STOP_KEY, self._stop)
        self.stop.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(text, 1)
        layout.addWidget(self.bar, 2)
        layout.addWidget(self.stop)
        self._timer = QTimer(self, interval=_LOOKS_EVERY_MS)
        self._timer.timeout.connect(self._look)
        self._timer.start()
        self.hide()

    def _look(self) -> None:
        self.setVisible(self._page().waited() > _A_MOMENT_MS)

    def _stop(self) -> None:
        self._page().stop_waiting()
        self._look()
