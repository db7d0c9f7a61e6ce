"""What a reader's lane on the issuing page is made of: its fields, buttons and lines of text, and where they are."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGridLayout, QGroupBox, QHBoxLayout, QLineEdit, QProgressBar, QPushButton, QWidget

from kiosk.desk.windows.label import Label

_BUTTONS: Final = ("write", "stop", "put_aside", "hand_over", "face")


class LaneParts(QGroupBox):
    """Nothing in it does anything yet."""

    words: Mapping[str, Any]

    def _build(self, number: int) -> None:
        words = self.words
        self.whose, self.state, self.step, self.pulled, self.times = (Label() for _ in range(5))
        for label, name in ((self.whose, "whose"), (self.state, "state"), (self.step, "step"), (self.pulled, "pulled"),
                            (self.times, "times")):  # fmt: skip
            label.setWordWrap(True)
            label.setAccessibleName(words["names"][name])
        self.number, self.reason = QLineEdit(), QLineEdit()
        self.number.setMaxLength(20)
        self.reason.setMaxLength(200)
        self.number.setAccessibleName(words["number"])
        self.reason.setAccessibleName(words["reason"])
        self.number.setPlaceholderText(words["number"])
        self.reason.setPlaceholderText(words["reason"])
        self.bar = QProgressBar(textVisible=False)
        self.bar.setAccessibleName(words["names"]["progress"])
        self.bar.setFocusPolicy(Qt.FocusPolicy.ClickFocus)  # the keyboard rests here while there is nothing to press
        self.write, self.stop, self.aside, self.hand, self.face = (QPushButton(words[name]) for name in _BUTTONS)
        for button, key in zip((self.write, self.stop, self.aside, self.hand, self.face), "WSQHP", strict=True):
            button.setShortcut(f"Ctrl+{key}" if number == 1 else f"Ctrl+Shift+{key}")
            button.setToolTip(button.shortcut().toString())
            button.setAutoDefault(button is not self.stop)  # Enter, too; a second Enter after a number stops nothing
        for button in (self.write, self.hand):  # never both at once
            button.setProperty("role", "main")
        self._lay_out()

    def _call_write(self, text: str) -> None:
        """Its key stays, which another text takes away."""
        key = self.write.shortcut()
        self.write.setText(text)
        self.write.setShortcut(key)

    def _has_keyboard(self) -> QWidget | None:
        """Which part of the lane has it."""
        focused = self.window().focusWidget()
        return focused if self.isAncestorOf(focused) else None

    def _keep_keyboard(self, had: QWidget | None) -> None:
        """Where it was, or with what comes next: Qt would give it to the list of pages, and an arrow leave this one."""
        if had is None:
            return
        rests = had is self.bar or not had.isEnabled()
        following = (one for one in (self.number, self.hand, self.write) if one.isEnabled())
        (next(following, self.bar) if rests else had).setFocus(Qt.FocusReason.OtherFocusReason)

    def _tell_each(self, steps: Iterable[str] = ()) -> None:
        """To whoever points at the times, and to whoever has them read aloud."""
        each = "\n".join(steps)
        self.times.setToolTip(each)
        self.times.setAccessibleDescription(each)

    def _lay_out(self) -> None:
        layout = QGridLayout(self)
        title = Label(self.words["number"])
        title.setBuddy(self.number)
        for row, label in enumerate((self.whose, self.state)):
            layout.addWidget(label, row, 0, 1, 3)
        layout.addWidget(title, 2, 0)
        layout.addWidget(self.number, 2, 1)
        layout.addWidget(self.write, 2, 2)
        layout.addWidget(self.bar, 3, 0, 1, 2)
        layout.addWidget(self.stop, 3, 2)
        for row, label in enumerate((self.step, self.pulled, self.times), 4):
            layout.addWidget(label, row, 0, 1, 3)
        layout.addWidget(self.reason, 7, 0, 1, 2)
        layout.addWidget(self.aside, 7, 2)
        last = QHBoxLayout()
        for widget in (self.face, self.hand):
            last.addWidget(widget, 1)
        layout.addLayout(last, 8, 0, 1, 3)
