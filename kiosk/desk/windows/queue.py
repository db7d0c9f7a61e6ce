"""The queue of applications."""

from __future__ import annotations

from PySide6.QtGui import QStandardItem, QStandardItemModel
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QTableView, QVBoxLayout

from cardsvc.wire.lifecycle import ApplicationSummary
from kiosk.desk.queue import waiting
from kiosk.desk.windows.page import Page, Surroundings

_COLUMNS = ("state", "kind", "responsible", "since")


class QueuePage(Page):
    """What is open, and who sees to it."""

    group = "queue"

    def __init__(self, around: Surroundings) -> None:
        super().__init__(around)
        self.rows = QStandardItemModel(0, len(_COLUMNS), self)
        self.rows.setHorizontalHeaderLabels([self.words[column] for column in _COLUMNS])
        self.table = QTableView()
        self.table.setAccessibleName(self.words["title"])
        self.table.setModel(self.rows)
        self.table.horizontalHeader().setStretchLastSection(True)
        self.refresh = QPushButton(self.words["refresh"])
        self.refresh.setShortcut("F5")
        self.refresh.clicked.connect(self.shown)
        self.empty = QLabel(self.words["empty"])
        top = QHBoxLayout()
        top.addWidget(self.empty)
        top.addStretch()
        top.addWidget(self.refresh)
        layout = QVBoxLayout(self)
        layout.addLayout(top)
        layout.addWidget(self.table)

    def shown(self) -> None:
        self.work(lambda officer, _: waiting(officer), self._fill)

    def end(self) -> None:
        super().end()
        self._fill([])

    def _fill(self, applications: list[ApplicationSummary]) -> None:
        self.rows.setRowCount(0)
        for one in applications:
            texts = (one.state.value, one.kind.value, one.responsible, f"{one.created_at:%Y-%m-%d %H:%M}")
            self.rows.appendRow([QStandardItem(text) for text in texts])
        self.empty.setVisible(not applications)
