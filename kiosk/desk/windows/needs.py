"""The fields for what an officer has to say before an act: each act shows its own."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any, Final

from PySide6.QtCore import QDate
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDateEdit,
    QFormLayout,
    QLineEdit,
    QVBoxLayout,
    QWidget,
)

from cardsvc.wire.lifecycle import RevocationReason
from cardsvc.wire.losses import Channel, Question
from cardsvc.wire.registry import RegistryEventKind
from kiosk.desk.act_table import REVOCATION_REASONS
from kiosk.desk.acts import Given, Need
from kiosk.desk.windows.label import Label

_CHANNELS: Final = (Channel.DESK, Channel.TELEPHONE)


class NeedsForm(QWidget):
    """Reason, kind, day and so on."""

    def __init__(self, words: Mapping[str, Any]) -> None:
        super().__init__()
        self.words = words
        self.asked_for: frozenset[Need] = frozenset()
        self.reason = QLineEdit()
        self.reason.setMaxLength(200)
        self.reason.setPlaceholderText(words["reason_hint"])
        self.revocation = _choices({reason: words["revocations"][reason] for reason in REVOCATION_REASONS})
        self.channel = _choices({channel: words["channels"][channel] for channel in _CHANNELS})
        self.answered = {question: QCheckBox(words["questions"][question]) for question in Question}
        self.event_kind = _choices({kind: words["events"][kind] for kind in RegistryEventKind})
        self.reference = QLineEdit()
        self.reference.setMaxLength(40)
        self.occurred_on = QDateEdit(QDate.currentDate())
        self.occurred_on.setCalendarPopup(True)
        self.occurred_on.setMaximumDate(QDate.currentDate())
        self.reader_hint = Label(words["reader_hint"])
        self.reader_hint.setWordWrap(True)
        self._build()

    def _build(self) -> None:
        questions = QWidget()
        boxes = QVBoxLayout(questions)
        for box in self.answered.values():
            boxes.addWidget(box)
        self.form = QFormLayout(self)
        self.form.setRowWrapPolicy(QFormLayout.RowWrapPolicy.WrapAllRows)
        self.rows: list[tuple[Need, QWidget]] = []
        for need, key, widget in (
            (Need.REASON, "reason", self.reason),
            (Need.REVOCATION, "revocation", self.revocation),
            (Need.CHANNEL, "channel", self.channel),
            (Need.CHANNEL, "answered", questions),
            (Need.EVENT, "event", self.event_kind),
            (Need.REFERENCE, "reference", self.reference),
            (Need.REFERENCE, "occurred_on", self.occurred_on),
        ):
            widget.setAccessibleName(self.words[key])
            self.form.addRow(self.words[key], widget)
            self.rows.append((need, widget))
        self.form.addRow(self.reader_hint)
        self.rows.append((Need.CARD_IN_READER, self.reader_hint))
        self._questions = questions
        self.channel.currentIndexChanged.connect(self._show_questions)

    def ask_for(self, needs: frozenset[Need]) -> None:
        """Show the fields of these needs, empty."""
        self.reason.clear()
        self.reference.clear()
        for choice in (self.revocation, self.channel, self.event_kind):
            choice.setCurrentIndex(0)
        self.occurred_on.setMaximumDate(QDate.currentDate())  # it may be past midnight
        self.occurred_on.setDate(QDate.currentDate())
        for box in self.answered.values():
            box.setChecked(False)
        for need, widget in self.rows:
            self.form.setRowVisible(widget, need in needs)
        self.asked_for = needs
        self._show_questions()

    def _show_questions(self) -> None:
        asked = Need.CHANNEL in self.asked_for and self.channel.currentData() is Channel.TELEPHONE
        self.form.setRowVisible(self._questions, asked)

    def given(self) -> Given:
        """What the officer has entered."""
        day = self.occurred_on.date()
        return Given(
            reason=self.reason.text().strip(),
            revocation=RevocationReason(self.revocation.currentData()),
            channel=Channel(self.channel.currentData()),
            answered=frozenset(question for question, box in self.answered.items() if box.isChecked()),
            reference=self.reference.text().strip(),
            event=RegistryEventKind(self.event_kind.currentData()),
            occurred_on=date(day.year(), day.month(), day.day()),
        )

    def missing(self) -> QWidget | None:
        """The first field that has to be filled in and is not."""
        for need, field in ((Need.REASON, self.reason), (Need.REFERENCE, self.reference)):
            if need in self.asked_for and not field.text().strip():
                return field
        return None


def _choices(texts: Mapping[Any, str]) -> QComboBox:
    box = QComboBox()
    box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
    for value, text in texts.items():
        box.addItem(text, value)
    return box
