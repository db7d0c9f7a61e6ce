"""Who is enrolled: the fields, and what is wrong with each, while it is typed."""

from __future__ import annotations

from datetime import date
from typing import Final

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QComboBox, QFormLayout, QLineEdit, QVBoxLayout, QWidget

from kiosk.desk.dates import read_date
from kiosk.desk.drafts import Form
from kiosk.desk.enrolment import Faults
from kiosk.desk.numbers import Paper, birth_date_in, fault_in, is_passport_line, read_passport_line, tidy
from kiosk.desk.windows.label import Label
from kiosk.desk.windows.parts import mark
from kiosk.desk.words import Words

_TYPED: Final = ("name", "name_latin", "number", "birth_date", "district", "appointment")
"""In the order in which a document has them."""
_MISSING: Final = "missing"


class FormPanel(QWidget):
    """Part of the page. Says nothing of what is missing until it is asked to."""

    changed = Signal()

    def __init__(self, words: Words) -> None:
        super().__init__()
        self.words = words["enrolment"]
        self.paper = QComboBox()
        self.paper.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        for paper in Paper:
            self.paper.addItem(self.words["papers"][paper.value], paper.value)
        self.boxes = {name: QLineEdit() for name in _TYPED}
        self.faults = {name: Label() for name in _TYPED}
        self._complain = False
        self._today = date.max
        self._build()

    @property
    def form(self) -> Form:
        """What is typed."""
        typed = {name: box.text() for name, box in self.boxes.items()}
        return Form.model_validate({**typed, "paper": self.paper.currentData()})

    def fill(self, form: Form) -> None:
        """Type it; nobody is told."""
        was = self.blockSignals(True)  # noqa: FBT003 - Qt's argument
        self.paper.setCurrentIndex(self.paper.findData(form.paper.value))
        for name, box in self.boxes.items():
            box.setText(getattr(form, name))
        self.blockSignals(was)

    def show_faults(self, faults: Faults, *, complain: bool) -> None:
        """Beside their fields; what is missing only if ``complain``."""
        for name, label in self.faults.items():
            fault = faults.get(name, "")
            said = "" if fault == _MISSING and not complain else fault
            label.setText(self.words["faults"][said] if said else "")
            label.setVisible(bool(said))
            self.boxes[name].setAccessibleDescription(label.text())
            mark(self.boxes[name], wrong=bool(said))

    def go_to(self, name: str) -> None:
        """The field that has to be mended."""
        self.boxes[name].setFocus(Qt.FocusReason.OtherFocusReason)

    def know_today(self, today: date) -> None:
        """By which a passport's two-digit years are told apart."""
        self._today = today

    def _build(self) -> None:
        rows = QFormLayout(self)
        rows.setRowWrapPolicy(QFormLayout.RowWrapPolicy.WrapAllRows)
        for name in _TYPED:
            if name == "number":
                self.paper.setAccessibleName(self.words["paper"])
                rows.addRow(self.words["paper"], self.paper)
            rows.addRow(self.words[name], self._field(name))
        self.boxes["birth_date"].setPlaceholderText(self.words["date_form"])
        self.paper.currentIndexChanged.connect(self._tell)

    def _field(self, name: str) -> QWidget:
        box, fault = self.boxes[name], self.faults[name]
        box.setAccessibleName(self.words[name])
        box.setMaxLength(100)
        box.textChanged.connect(self._read_number if name == "number" else self._tell)
        fault.setWordWrap(True)
        fault.setProperty("role", "fault")
        fault.hide()
        field = QWidget()
        lines = QVBoxLayout(field)
        lines.setContentsMargins(0, 0, 0, 0)
        lines.addWidget(box)
        lines.addWidget(fault)
        return field

    def _tell(self) -> None:
        self.changed.emit()

    def _read_number(self, typed: str) -> None:
        """A scanner types a passport's whole line; a resident's number has the date of birth in it."""
        if is_passport_line(typed):
            line = read_passport_line(typed, self._today)
            if line is not None:
                self.fill(self.form.model_copy(update={
                    "paper": Paper.PASSPORT, "number": line.number, "birth_date": f"{line.birth_date}",
                }))  # fmt: skip
        elif self.paper.currentData() == Paper.RESIDENT_CARD:
            number = tidy(typed)
            born = None if fault_in(number, Paper.RESIDENT_CARD, None) else birth_date_in(number)
            if born is not None and read_date(self.boxes["birth_date"].text()) is None:
                self.boxes["birth_date"].setText(f"{born}")
        self.changed.emit()
