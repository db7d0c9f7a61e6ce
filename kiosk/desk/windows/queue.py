"""The queue: what is open and who waits for whom. Enter opens a line, and shows what can be done about it."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from PySide6.QtCore import Qt
from PySide6.QtGui import QStandardItem, QStandardItemModel
from PySide6.QtWidgets import (
    QAbstractItemView,
    QCheckBox,
    QComboBox,
    QPushButton,
    QTableView,
    QVBoxLayout,
    QWidget,
)

from cardsvc.wire.approvals import Approval
from cardsvc.wire.lifecycle import ApplicationState, ApplicationSummary
from kiosk.desk.on_duty import OnDuty
from kiosk.desk.queue import Matter, Shown, age, shown, waiting
from kiosk.desk.subjects import Subject, TheApplication
from kiosk.desk.windows.beside import Beside, Halves, in_a_row
from kiosk.desk.windows.columns import Columns
from kiosk.desk.windows.details import Details
from kiosk.desk.windows.label import Label
from kiosk.desk.windows.page import Page, Surroundings

_COLUMNS: Final = ("state", "kind", "whose", "waits_for", "since", "appointment")
_APPROVALS: Final = "approvals"
_HALF: Final = 10_000
"""More than any window has: what there is, is shared evenly."""


class QueuePage(Page):
    """What is open, and who sees to it."""

    group = "queue"

    def __init__(self, around: Surroundings) -> None:
        super().__init__(around)
        self.matters: list[Matter] = []
        self.rows = QStandardItemModel(0, len(_COLUMNS), self)
        self.rows.setHorizontalHeaderLabels([self.words[column] for column in _COLUMNS])
        self.table = QTableView()
        self.empty = Label(self.words["empty"])
        self.state = QComboBox()
        self.mine = QCheckBox(self.words["mine"])
        self.details = Details(self, self.shown)
        self._build()

    def shown(self) -> None:
        if self.on_duty is not None:
            self._refresh(self.on_duty)
            self.table.setFocus(Qt.FocusReason.OtherFocusReason)

    def take(self, subject: Subject) -> None:
        """An application: it is opened."""
        if not isinstance(subject, TheApplication):
            super().take(subject)
        else:
            self.details.open_application(subject.id, self.table)

    def resumed(self) -> None:
        if self.on_duty is not None:
            self._refresh(self.on_duty)
            self.details.look_again()

    def end(self) -> None:
        super().end()
        self.details.clear()
        self._fill([])

    def _refresh(self, on_duty: OnDuty) -> None:
        self.work(lambda _, __: waiting(on_duty), self._fill, about="list")

    def _build(self) -> None:
        self.table.setAccessibleName(self.words["title"])
        self.table.setModel(self.rows)
        self.table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.table.setTabKeyNavigation(False)
        self.table.setWordWrap(True)
        self.table.verticalHeader().hide()
        Columns(self.table)
        self.table.activated.connect(lambda index: self._open(index.row()))
        split = Halves(self.table, self.details)
        split.setSizes([_HALF, _HALF])
        layout = QVBoxLayout(self)
        layout.addWidget(self._top())
        layout.addWidget(self.empty)
        layout.addWidget(split, 1)

    def _top(self) -> QWidget:
        states = self.around.words["application-states"]
        self.state.addItem(self.words["all"], None)
        for state in sorted(Shown().states, key=list(ApplicationState).index):
            self.state.addItem(states[state.value], state.value)
        self.state.addItem(self.words["approvals"], _APPROVALS)
        self.state.setAccessibleName(self.words["state"])
        self.state.currentIndexChanged.connect(self._show_part)
        self.mine.setShortcut("Alt+M")
        self.mine.toggled.connect(self._show_part)
        title = Label(self.words["filter"])
        title.setBuddy(self.state)
        refresh = QPushButton(self.words["refresh"])
        refresh.setShortcut("F5")
        refresh.clicked.connect(self.shown)
        rest = QWidget()
        return Beside((in_a_row(title, self.state), 0), (in_a_row(self.mine, refresh), 0), (rest, 1), roomy=0)

    @property
    def part(self) -> Shown:
        """Which part is looked at."""
        mine, chosen = self.mine.isChecked(), self.state.currentData()
        if chosen is None:
            return Shown(mine=mine)
        if chosen == _APPROVALS:
            return Shown(frozenset(), mine=mine)
        return Shown(frozenset({ApplicationState(chosen)}), approvals=False, mine=mine)

    def _fill(self, matters: list[Matter]) -> None:
        self.matters = matters
        self._show_part()

    def _show_part(self) -> None:
        chosen = self._chosen()
        now = self.around.equipment.clock()
        self.rows.setRowCount(0)
        for matter in shown(self.matters, self.part, self.me):
            self.rows.appendRow(self._line(matter, now))
            if chosen is not None and matter.id == chosen.id:
                self.table.selectRow(self.rows.rowCount() - 1)
        if self.rows.rowCount() and not self.table.selectionModel().hasSelection():
            self.table.selectRow(0)
        self.empty.setVisible(not self.rows.rowCount())

    def _chosen(self) -> Matter | None:
        matter = self.table.currentIndex().siblingAtColumn(0).data(Qt.ItemDataRole.UserRole)
        return matter if isinstance(matter, Matter) else None

    def _line(self, matter: Matter, now: datetime) -> list[QStandardItem]:
        words = self.around.words
        what = "application" if isinstance(matter.subject, ApplicationSummary) else "approval"
        number, unit = age(matter.since, now)
        texts = (
            words[f"{what}-states"][matter.subject.state.value],
            words[f"{what}-kinds"][matter.subject.kind.value],
            matter.whose,
            self.words["waiting"][matter.waits_for.value].format(matter.whose),
            self.words["age"][unit].format(number),
            matter.appointment,
        )
        items = [QStandardItem(text) for text in texts]
        items[0].setData(matter, Qt.ItemDataRole.UserRole)
        return items

    def _open(self, row: int) -> None:
        matter: Matter = self.rows.item(row, 0).data(Qt.ItemDataRole.UserRole)
        if isinstance(matter.subject, Approval):
            self.details.show_approval(matter.subject, self.table)
        else:
            self.details.open_application(matter.id, self.table)
