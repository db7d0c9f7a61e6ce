"""Finding somebody: one box for names and numbers, and why they are looked for."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence, QShortcut, QStandardItem, QStandardItemModel
from PySide6.QtWidgets import (
    QAbstractItemView,
    QComboBox,
    QFormLayout,
    QLineEdit,
    QTableView,
    QVBoxLayout,
)

from cardsvc.wire.people import FoundPeople, FoundPerson, Purpose
from cardsvc.wire.scopes import Scope
from kiosk.desk.dates import read_date
from kiosk.desk.search import PURPOSES, Occasion, find, is_reference, readings
from kiosk.desk.subjects import ThePerson
from kiosk.desk.windows.columns import Columns
from kiosk.desk.windows.label import Label
from kiosk.desk.windows.page import Page, Surroundings
from kiosk.desk.windows.parts import button

PERSON: Final = "person"
"""The page where somebody is opened."""
_COLUMNS: Final = ("name", "birth_year", "document_number", "district", "match")


class SearchPage(Page):
    """Whom the officer looks for. Ctrl+F comes back to the box."""

    group = "search"

    def __init__(self, around: Surroundings) -> None:
        super().__init__(around)
        self.found: list[FoundPerson] = []
        self.occasion: Occasion | None = None
        self._asked: tuple[str, Occasion] | None = None
        self.text, self.reference, self.birth_date = QLineEdit(), QLineEdit(), QLineEdit()
        self.purpose = QComboBox()
        self.note = Label()
        self.note.setWordWrap(True)
        self.rows = QStandardItemModel(0, len(_COLUMNS), self)
        self.rows.setHorizontalHeaderLabels([self.words[column] for column in _COLUMNS])
        self.table = QTableView()
        self.look = button(self.words["look"], "F2", self._look)
        self.look.setProperty("role", "main")
        self._build()

    def shown(self) -> None:
        self.look.setEnabled(self.may(Scope.PEOPLE_READ))
        self.text.setFocus(Qt.FocusReason.OtherFocusReason)

    def resumed(self) -> None:
        """The same is looked for again: it may have broken off."""
        if self._asked is not None:
            text, occasion = self._asked
            self.work(
                lambda service, _: find(service, text, occasion), self._tell, failed=self._not_found, about="found"
            )

    def end(self) -> None:
        super().end()
        self.occasion = self._asked = None
        for box in (self.text, self.reference, self.birth_date):
            box.clear()
        self.purpose.setCurrentIndex(-1)
        self.note.clear()
        self._fill(FoundPeople(people=[], more=False))

    def _build(self) -> None:
        for purpose in PURPOSES:
            self.purpose.addItem(self.around.words["purposes"][purpose.value], purpose.value)
        self.purpose.setPlaceholderText(self.words["choose"])
        self.purpose.setCurrentIndex(-1)
        self.birth_date.setPlaceholderText(self.words["date_form"])
        form = QFormLayout()
        form.setRowWrapPolicy(QFormLayout.RowWrapPolicy.WrapLongRows)
        rows = (("text", self.text), ("purpose", self.purpose), ("reference", self.reference),
                ("birth_date", self.birth_date))  # fmt: skip
        for key, widget in rows:
            widget.setAccessibleName(self.words[key])
            form.addRow(self.words[key], widget)
        for box in (self.text, self.reference, self.birth_date):
            box.returnPressed.connect(self._look)
        self.table.setAccessibleName(self.words["found"])
        self.table.setModel(self.rows)
        self.table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.table.setTabKeyNavigation(False)
        self.table.verticalHeader().hide()
        Columns(self.table)
        self.table.activated.connect(lambda index: self._open(index.row()))
        again = QShortcut(QKeySequence("Ctrl+F"), self)
        again.setWhatsThis(self.words["title"])
        again.activated.connect(self._again)
        layout = QVBoxLayout(self)
        layout.addLayout(form)
        layout.addWidget(self.look, 0, Qt.AlignmentFlag.AlignLeft)
        layout.addWidget(self.note)
        layout.addWidget(self.table, 1)

    def _again(self) -> None:
        self.text.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.text.selectAll()

    def _look(self) -> None:
        if not self.look.isEnabled():
            return
        text, purpose, born = self.text.text(), self.purpose.currentData(), self.birth_date.text().strip()
        if not any(readings(text)):
            self._lacking("no_text", self.text)
        elif purpose is None:
            self._lacking("no_purpose", self.purpose)
        elif not is_reference(self.reference.text().strip()):
            self._lacking("no_reference", self.reference)
        elif born and read_date(born) is None:
            self._lacking("no_date", self.birth_date)
        else:
            self._find(text, Occasion(Purpose(purpose), self.reference.text().strip() or None, read_date(born)))

    def _lacking(self, key: str, box: QLineEdit | QComboBox) -> None:
        self.note.setText(self.words[key])
        box.setFocus(Qt.FocusReason.OtherFocusReason)

    def _find(self, text: str, occasion: Occasion) -> None:
        self.occasion, self._asked = occasion, (text, occasion)
        self.note.setText(self.words["looking"])
        self.around.say("")
        self.work(lambda service, _: find(service, text, occasion), self._show, failed=self._not_found, about="found")

    def _not_found(self, error: Exception) -> None:
        self.note.clear()
        if isinstance(error, ValueError):
            self.note.setText(self.words["no_text"])
        else:
            self.fail(error)

    def _show(self, found: FoundPeople) -> None:
        self._tell(found)
        if found.people:
            self.table.setFocus(Qt.FocusReason.OtherFocusReason)

    def _tell(self, found: FoundPeople) -> None:
        self.note.setText(self.words["more" if found.more else "open" if found.people else "nobody"])
        self._fill(found)
        if found.people:
            self.table.selectRow(0)

    def _fill(self, found: FoundPeople) -> None:
        self.found = list(found.people)
        self.rows.setRowCount(0)
        for person in self.found:
            number = self.words["masked"].format(person.document_number)
            match = self.around.words["matches"][person.match.value]
            texts = (person.name, str(person.birth_year), number, person.district, match)
            self.rows.appendRow([QStandardItem(text) for text in texts])

    def _open(self, row: int) -> None:
        if self.occasion is not None:
            subject = ThePerson(self.found[row].id, self.occasion.purpose, self.occasion.reference)
            self.around.open(PERSON, subject)
