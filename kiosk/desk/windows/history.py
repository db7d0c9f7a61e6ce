"""A history as a table: when, what, who, why."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QAbstractItemView,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from kiosk.desk.timeline import Moment, reason_of, saying
from kiosk.desk.windows.columns import Columns
from kiosk.desk.windows.label import Label
from kiosk.desk.words import Words

_COLUMNS: Final = ("at", "what", "actor", "reason")


class HistoryView(QWidget):
    """The newest at the top."""

    def __init__(self, words: Words) -> None:
        super().__init__()
        self.words, self.states = words["timeline"], words["failures"]["states"]
        title = Label(self.words["title"])
        self.table = QTableWidget(0, len(_COLUMNS))
        self.table.setAccessibleName(self.words["title"])
        self.table.setHorizontalHeaderLabels([self.words[column] for column in _COLUMNS])
        Columns(self.table, _COLUMNS.index("what"))
        self.table.verticalHeader().hide()
        self.table.setTextElideMode(Qt.TextElideMode.ElideNone)
        self.table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.table.setTabKeyNavigation(False)
        self.table.setWordWrap(True)
        self.table.setProperty("role", "wrapped")
        title.setBuddy(self.table)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(title)
        layout.addWidget(self.table)

    def show_moments(self, moments: Sequence[Moment]) -> None:
        """Instead of what was there."""
        self.table.setRowCount(0)
        for moment in reversed(moments):
            row = self.table.rowCount()
            self.table.insertRow(row)
            for column, text in enumerate(self._texts(moment)):
                self.table.setItem(row, column, QTableWidgetItem(text))

    def _texts(self, moment: Moment) -> tuple[str, str, str, str]:
        at = f"{moment.at.astimezone():%Y-%m-%d %H:%M}"
        return at, saying(moment, self.words, self.states), moment.actor, reason_of(moment, self.words)
