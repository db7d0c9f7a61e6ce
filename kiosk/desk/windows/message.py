"""What the desk says to the officer: a sentence, or the three lines about something that went wrong."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtGui import QAccessible, QAccessibleAnnouncementEvent
from PySide6.QtWidgets import QFrame, QVBoxLayout

from kiosk.desk.failures import Saying
from kiosk.desk.windows.label import Label


class MessageArea(QFrame):
    """Shows it until the next one, or until Esc. Screen readers say it at once."""

    def __init__(self, name: str) -> None:
        """``name`` is for those who cannot see it."""
        super().__init__()
        self.setObjectName("message")
        self.setAccessibleName(name)
        self._lines = {role: Label() for role in ("happened", "safe", "next", "small")}
        layout = QVBoxLayout(self)
        for role, label in self._lines.items():
            label.setWordWrap(True)
            label.setProperty("role", role)
            layout.addWidget(label)
        self.say("")

    def say(self, what: str | Saying) -> None:
        """Nothing hides it."""
        self._told = "" if isinstance(what, Saying) else what
        self._show(what)

    def add(self, what: Saying) -> None:
        """As `say`; but a sentence that is said now, and tells of no failure, stays said in place of what happened."""
        self._show(replace(what, happened=self._told or what.happened))

    def _show(self, what: str | Saying) -> None:
        said = what if isinstance(what, Saying) else Saying(what, "", "")
        texts = (said.happened, said.safe, said.next, said.small_print)
        for label, text in zip(self._lines.values(), texts, strict=True):
            label.setText(text)
            label.setVisible(bool(text))
        self._mark(failed=isinstance(what, Saying))
        self.setVisible(bool(said.happened))
        self.setAccessibleDescription(str(said))
        if said.happened:
            self._announce(said)

    def text(self) -> str:
        """All that it says now."""
        return "\n".join(label.text() for label in self._lines.values() if label.text())

    def _mark(self, *, failed: bool) -> None:
        """Its looks follow what it says."""
        self.setProperty("failed", failed)
        self.style().unpolish(self)
        self.style().polish(self)

    def _announce(self, said: Saying) -> None:
        announcement = QAccessibleAnnouncementEvent(self, str(said))
        announcement.setPoliteness(QAccessible.AnnouncementPoliteness.Assertive)
        QAccessible.updateAccessibility(announcement)
