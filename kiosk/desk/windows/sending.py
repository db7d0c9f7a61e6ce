"""Below the form: what is still to be done, how far the sending is, and its buttons."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtWidgets import QHBoxLayout, QProgressBar, QVBoxLayout, QWidget

from kiosk.desk.progress import Stage
from kiosk.desk.windows.label import Label
from kiosk.desk.windows.parts import Confirm, button
from kiosk.desk.words import Words


class SendingBar(QWidget):
    """Part of the page."""

    def __init__(
        self, words: Words, submit: Callable[[], object], discard: Callable[[], object], stop: Callable[[], object]
    ) -> None:
        super().__init__()
        self.words = words["enrolment"]
        self.note = Label()
        self.note.setWordWrap(True)
        self.note.setAccessibleName(self.words["note"])
        self.progress = QProgressBar(textVisible=False)
        self.progress.setAccessibleName(self.words["progress"])
        self.confirm = Confirm(words)
        self.submit = button(self.words["submit"], "F2", submit)
        self.submit.setProperty("role", "main")
        self.discard = button(self.words["discard"], "F8", discard)
        self.stop = button(self.words["stop"], "Ctrl+.", stop)
        acts = QHBoxLayout()
        for pressed in (self.submit, self.discard, self.stop):
            acts.addWidget(pressed)
        acts.addStretch()
        layout = QVBoxLayout(self)
        for widget in (self.note, self.progress, self.confirm):
            layout.addWidget(widget)
        layout.addLayout(acts)

    def say(self, key: str = "") -> None:
        """A sentence by its key; nothing without one."""
        self.note.setText(self.words[key] if key else "")

    def allow(self, *, allowed: bool, busy: bool, held_back: bool) -> None:
        """While it is sent, it can only be stopped; what could not be read can only be discarded."""
        self.submit.setEnabled(allowed and not busy and not held_back)
        self.discard.setEnabled(allowed and not busy)
        self.stop.setVisible(busy)
        self.stop.setEnabled(busy)
        self.progress.setVisible(busy)

    def stops(self) -> None:
        """At the next step: what was sent last is waited for."""
        self.stop.setEnabled(False)
        self.say("stopping")

    def show_stage(self, stage: Stage) -> None:
        """How far it is."""
        if not self.stop.isEnabled():
            return  # it was told before it was stopped
        self.progress.setMaximum(stage.total)
        self.progress.setValue(stage.done)
        self.note.setText(self.words["steps"][stage.step])
