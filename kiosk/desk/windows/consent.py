"""A guardian agrees: which one, and whether with their card or on paper."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from uuid import UUID

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QComboBox, QFormLayout, QFrame, QLineEdit, QVBoxLayout

from cardsvc.wire.people import Document, Guardian, PersonRecord
from kiosk.desk.windows.beside import Beside
from kiosk.desk.windows.label import Label
from kiosk.desk.windows.parts import button
from kiosk.desk.words import Words
from readers.piv.pin import Pin


class ConsentPanel(QFrame):
    """Part of a page. The PIN goes to the guardian's card and nowhere else."""

    def __init__(
        self, words: Words, by_card: Callable[[UUID, Pin], object], on_paper: Callable[[UUID, UUID], object]
    ) -> None:
        """Both are called with the guardian; ``on_paper`` with the document as well."""
        super().__init__()
        self.words = words["consent"]
        self._kinds = words["document-kinds"]
        self._relations = words["relations"]
        self._by_card, self._on_paper = by_card, on_paper
        self.setProperty("role", "panel")
        self.setAccessibleName(self.words["title"])
        sentence = Label(self.words["will"])
        sentence.setWordWrap(True)
        self.guardian, self.how = QComboBox(), QComboBox()
        self.pin = QLineEdit()
        self.pin.setEchoMode(QLineEdit.EchoMode.Password)
        self.pin.setMaxLength(8)
        self.pin.returnPressed.connect(self._accept)
        self.fault = Label()
        self.fault.setProperty("role", "fault")
        self.fault.setWordWrap(True)
        self.how.currentIndexChanged.connect(self._show_pin)
        self.form = QFormLayout()
        self.form.setRowWrapPolicy(QFormLayout.RowWrapPolicy.WrapLongRows)
        for box in (self.guardian, self.how):  # as narrow as the panel is
            box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        for key, widget in (("guardian", self.guardian), ("how", self.how), ("pin", self.pin)):
            widget.setAccessibleName(self.words[key])
            self.form.addRow(self.words[key], widget)
        self.yes = button(self.words["yes"], "Ctrl+Return", self._accept)
        self.yes.setProperty("role", "main")
        self.no = button(words["confirm"]["no"], "Esc", self.put_away)
        layout = QVBoxLayout(self)
        layout.addWidget(sentence)
        layout.addLayout(self.form)
        layout.addWidget(self.fault)
        layout.addWidget(Beside((self.yes, 1), (self.no, 1), roomy=0))
        self.hide()

    def ask(self, guardians: Sequence[tuple[Guardian, PersonRecord]], documents: Sequence[Document]) -> None:
        """Show who may agree, and the scanned forms that there are."""
        self.put_away()
        for guardian, record in guardians:
            relation = self._relations[guardian.relation.value]
            self.guardian.addItem(f"{record.person.name} ({relation})", guardian.guardian_id)
        self.how.addItem(self.words["by_card"], None)
        for document in documents:
            kind = self._kinds[document.kind.value]
            self.how.addItem(self.words["on_paper"].format(kind, f"{document.added_at:%Y-%m-%d}"), document.id)
        self.show()
        self.guardian.setFocus(Qt.FocusReason.OtherFocusReason)

    def put_away(self) -> None:
        """Nothing is done."""
        for box in (self.guardian, self.how):
            box.clear()
        self.pin.clear()
        self.fault.clear()
        self.hide()

    def _show_pin(self) -> None:
        self.form.setRowVisible(self.pin, self.how.currentData() is None)

    def _accept(self) -> None:
        guardian, document = self.guardian.currentData(), self.how.currentData()
        if document is not None:
            self.put_away()
            self._on_paper(guardian, document)
            return
        try:
            pin = Pin(self.pin.text())
        except ValueError:
            self.fault.setText(self.words["pin_digits"])
            self.pin.clear()
            return
        self.put_away()
        self._by_card(guardian, pin)
