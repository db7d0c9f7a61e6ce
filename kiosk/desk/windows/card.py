"""A card: how it stands, everything that happened to it, and what can be done. Found by its printed number."""

from __future__ import annotations

from typing import Final
from uuid import UUID

from PySide6.QtWidgets import QComboBox, QFormLayout, QHBoxLayout, QLineEdit, QPushButton, QVBoxLayout

from cardsvc.wire.people import Purpose
from cardsvc.wire.scopes import Scope
from kiosk.desk.cases import Case, find_card, look_at_card
from kiosk.desk.subjects import Subject, TheCard, ThePerson
from kiosk.desk.timeline import history_of_card
from kiosk.desk.windows.beside import Beside
from kiosk.desk.windows.case import CasePage, Look, Looked
from kiosk.desk.windows.label import Label
from kiosk.desk.windows.page import Surroundings

PURPOSES: Final = (
    Purpose.APPLICATION,
    Purpose.RENEWAL,
    Purpose.REPLACEMENT,
    Purpose.LOSS_REPORT,
    Purpose.COLLECTION,
    Purpose.CORRECTION,
    Purpose.COMPLAINT,
    Purpose.SUPERVISION,
)
"""Those for which a card is looked at at a desk."""


class CardPage(CasePage):
    """Opened from a person, the queue, or by its number."""

    group = "card"

    def __init__(self, around: Surroundings) -> None:
        super().__init__(around)
        self.uuid: UUID | None = None
        self.case: Case | None = None
        self.number = QLineEdit()
        self.number.setMaxLength(40)
        self.number.setPlaceholderText(self.words["number_hint"])
        self.number.returnPressed.connect(self._find)
        self.purpose = QComboBox()
        for purpose in PURPOSES:
            self.purpose.addItem(self.words["purposes"][purpose], purpose)
        self.open = QPushButton(self.words["open"])
        self.open.setShortcut("Ctrl+O")
        self.open.setProperty("role", "main")
        self.open.clicked.connect(self._find)
        self.facts = Label(self.words["hint"])
        self.facts.setWordWrap(True)
        self.person = QPushButton(self.words["person"])
        self.person.setShortcut("Ctrl+P")
        self.person.clicked.connect(self._open_person)
        self._build()
        self.clear()

    def _build(self) -> None:
        form = QFormLayout()
        form.setRowWrapPolicy(QFormLayout.RowWrapPolicy.WrapLongRows)
        for key, field in (("number", self.number), ("purpose", self.purpose)):
            field.setAccessibleName(self.words[key])
            form.addRow(self.words[key], field)
        buttons = QHBoxLayout()
        for button in (self.open, self.person, self.refresh):
            buttons.addWidget(button)
        buttons.addStretch()
        layout = QVBoxLayout(self)
        layout.addLayout(form)
        layout.addLayout(buttons)
        layout.addWidget(self.facts)
        layout.addWidget(Beside((self.acts, 2), (self.history, 3), first_at_right=True), 1)

    def shown(self) -> None:
        self.number.setFocus()

    def take(self, subject: Subject) -> None:
        if not isinstance(subject, TheCard):
            super().take(subject)
            return
        self.uuid = subject.uuid
        self.reload("")

    def end(self) -> None:
        super().end()
        self.number.clear()
        self.clear()

    def clear(self) -> None:
        super().clear()
        self.uuid = self.case = None
        self.facts.setText(self.words["hint"])
        self.person.setEnabled(False)

    def _find(self) -> None:
        typed, purpose = self.number.text().strip().upper(), self._purpose()
        if not typed:
            return

        def found(uuid: UUID | None) -> None:
            if uuid is None:
                self.clear()
                self.around.say(self.words["unknown"].format(typed))
            else:
                self.uuid = uuid
                self.reload("")

        people = self.may(Scope.PEOPLE_READ)
        blanks = self.may(Scope.APPLICATIONS_WRITE) or self.may(Scope.STOCK_WRITE)
        self.work(
            lambda officer, _: find_card(officer, typed, purpose, people=people, blanks=blanks), found, about=self.group
        )

    def _purpose(self) -> Purpose:
        return Purpose(self.purpose.currentData())

    def look(self) -> Look | None:
        uuid, purpose, people = self.uuid, self._purpose(), self.may(Scope.PEOPLE_READ)
        if uuid is None:
            return None
        clock = self.around.equipment.clock
        return lambda officer: Looked(look_at_card(officer, uuid, purpose, clock(), people=people))

    def show_looked(self, looked: Looked) -> None:
        self.case = looked.case
        self.facts.setText("\n".join(self._facts(looked.case)))
        self.person.setEnabled(looked.case.citizen_id is not None)
        self.history.show_moments(history_of_card(looked.case))

    def _facts(self, case: Case) -> list[str]:
        card, words = case.card, self.words
        if card is None:
            return []
        states, reasons = self.around.words["failures"]["states"], self.around.words["timeline"]["reasons"]
        facts = [words["state"].format(card.stock_number, states[card.state])]
        if case.holder is not None:
            facts.insert(0, words["whose"].format(case.holder.name, case.holder.birth_year))
        if card.hold_reason is not None:
            facts.append(words["held_for"].format(reasons.get(card.hold_reason, card.hold_reason)))
        if card.expires_on is not None:
            facts.append(words["expires"].format(card.expires_on))
        if card.temporary:
            facts.append(words["temporary"])
        if card.custodian is not None:
            facts.append(words["office"].format(card.office or "–", card.custodian))
        return facts

    def _open_person(self) -> None:
        if self.case is not None and self.case.citizen_id is not None:
            self.around.open("person", ThePerson(self.case.citizen_id, self._purpose()))
