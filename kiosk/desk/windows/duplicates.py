"""Somebody like this is enrolled already: both side by side, and the officer says whether they are one."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QListWidget, QTableWidget, QTableWidgetItem, QVBoxLayout

from cardsvc.wire.lifecycle import Person
from cardsvc.wire.people import FoundPerson
from kiosk.desk.enrolment import Likeness
from kiosk.desk.windows.parts import button
from kiosk.desk.words import Words


class DuplicatesPanel(QFrame):
    """Part of the page; hidden while there is nobody like that. Enter opens one beside what was typed."""

    opened = Signal(object)
    """With the `FoundPerson`."""
    same = Signal(object)
    other = Signal(object)
    """With the citizen's id."""

    def __init__(self, words: Words) -> None:
        super().__init__()
        self.words = words["enrolment"]
        self._fields = words["queue"]
        self._matches = words["matches"]
        self.setFrameShape(QFrame.Shape.StyledPanel)
        self.setAccessibleName(self.words["duplicates"])
        self.found: list[FoundPerson] = []
        warning = QLabel(self.words["duplicates"])
        warning.setWordWrap(True)
        self.list = QListWidget()
        self.list.setAccessibleName(self.words["duplicates"])
        self.list.itemActivated.connect(lambda _: self.opened.emit(self._chosen()))
        self.table = QTableWidget(0, 3)
        self.table.setAccessibleName(self.words["side_by_side"])
        self.table.setHorizontalHeaderLabels([self.words[key] for key in ("field", "typed", "known")])
        self.table.setEditTriggers(QTableWidget.EditTrigger.NoEditTriggers)
        self.table.setTabKeyNavigation(False)
        self.table.verticalHeader().hide()
        self.table.horizontalHeader().setStretchLastSection(True)
        self.yes = button(self.words["same"], "F6", lambda: self.same.emit(self._chosen().id))
        self.no = button(self.words["other"], "F7", lambda: self.other.emit(self._chosen().id))
        answers = QHBoxLayout()
        answers.addWidget(self.yes)
        answers.addWidget(self.no)
        answers.addStretch()
        layout = QVBoxLayout(self)
        for widget in (warning, self.list, self.table):
            layout.addWidget(widget)
        layout.addLayout(answers)
        self.clear()

    def show_found(self, found: Sequence[FoundPerson]) -> None:
        """Masked; the first is chosen."""
        self.clear()
        self.found = list(found)
        for one in found:
            match = self._matches[one.match.value]
            texts = (one.name, str(one.birth_year), f"… {one.document_number}", one.district, match)
            self.list.addItem(" · ".join(texts))
        self.list.setCurrentRow(0)
        self.setVisible(bool(found))
        if found:
            self.list.setFocus(Qt.FocusReason.OtherFocusReason)

    def show_likeness(self, likeness: Likeness, person: Person) -> None:
        """Beside what was typed; what differs is marked with a sign, not by colour alone."""
        self.table.setRowCount(0)
        for name, typed, known, is_same in likeness.rows(person):
            mark = "" if is_same else self.words["differs"] + " "
            row = self.table.rowCount()
            self.table.insertRow(row)
            for column, text in enumerate((mark + self._fields[name], typed, known)):
                item = QTableWidgetItem(text)
                font = item.font()
                font.setBold(not is_same)
                item.setFont(font)
                self.table.setItem(row, column, item)
        self.table.resizeColumnsToContents()
        self.table.show()
        self.yes.setEnabled(True)
        self.no.setEnabled(True)

    def clear(self) -> None:
        """Nobody is shown. Before somebody was opened, nobody can say who they are."""
        self.found = []
        self.list.clear()
        self.table.setRowCount(0)
        self.table.hide()
        self.yes.setEnabled(False)
        self.no.setEnabled(False)
        self.hide()

    def _chosen(self) -> FoundPerson:
        return self.found[self.list.currentRow()]
