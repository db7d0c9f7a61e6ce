"""A card: how it stands, everything that happened to it, and what can be done. Found by its printed number."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final
from uuid import UUID

from PySide6.QtWidgets import QComboBox, QFormLayout, QHBoxLayout, QLineEdit, QPushButton, QVBoxLayout

from cardsvc.client import ServiceClient
from cardsvc.wire.approvals import Approval
from cardsvc.wire.people import Purpose
from cardsvc.wire.scopes import Scope
from kiosk.desk.acts import approvals_about
from kiosk.desk.cases import Case, find_card, look_at_card
from kiosk.desk.subjects import Subject, TheCard, ThePerson
from kiosk.desk.timeline import history_of_card
from kiosk.desk.windows.acting import ActPanel
from kiosk.desk.windows.history import HistoryView
from kiosk.desk.windows.label import Label
from kiosk.desk.windows.page import Page, Surroundings

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


@dataclass(frozen=True, slots=True)
class _Opened:
    case: Case
    approvals: list[Approval]


class CardPage(Page):
    """Opened from a person, the queue, or by its number."""

    group = "card"

    def __init__(self, around: Surroundings) -> None:
        super().__init__(around)
        self.uuid: UUID | None = None
        self.case: Case | None = None
        self._to_say: str | None = None
        """Once the card is shown as it stands then."""
        self.number = QLineEdit()
        self.number.setMaxLength(40)
        self.number.setPlaceholderText(self.words["number_hint"])
        self.number.returnPressed.connect(self._find)
        self.purpose = QComboBox()
        for purpose in PURPOSES:
            self.purpose.addItem(self.words["purposes"][purpose], purpose)
        self.open = QPushButton(self.words["open"])
        self.open.setShortcut("Ctrl+O")
        self.open.clicked.connect(self._find)
        self.facts = Label(self.words["hint"])
        self.facts.setWordWrap(True)
        self.person = QPushButton(self.words["person"])
        self.person.setShortcut("Ctrl+P")
        self.person.clicked.connect(self._open_person)
        self.refresh = QPushButton(self.words["refresh"])
        self.refresh.setShortcut("F5")
        self.refresh.clicked.connect(lambda: self._reload(""))
        self.history = HistoryView(around.words)
        self.acts = ActPanel(self, self._reload)
        self._build()
        self._clear()

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
        below = QHBoxLayout()
        below.addWidget(self.history, 3)
        below.addWidget(self.acts, 2)
        layout = QVBoxLayout(self)
        layout.addLayout(form)
        layout.addLayout(buttons)
        layout.addWidget(self.facts)
        layout.addLayout(below, 1)

    def shown(self) -> None:
        self.number.setFocus()

    def take(self, subject: Subject) -> None:
        if not isinstance(subject, TheCard):
            super().take(subject)
            return
        self.uuid = subject.uuid
        self._reload("")

    def end(self) -> None:
        super().end()
        self.number.clear()
        self._clear()

    def _clear(self) -> None:
        self.no_longer("card")
        self.uuid = self.case = self._to_say = None
        self.facts.setText(self.words["hint"])
        self.person.setEnabled(False)
        self.history.show_moments([])
        self.acts.forget()

    def _find(self) -> None:
        typed, purpose = self.number.text().strip().upper(), self._purpose()
        if not typed:
            return

        def found(uuid: UUID | None) -> None:
            if uuid is None:
                self._clear()
                self.around.say(self.words["unknown"].format(typed))
            else:
                self.uuid = uuid
                self._reload("")

        people = self.may(Scope.PEOPLE_READ)
        blanks = self.may(Scope.APPLICATIONS_WRITE) or self.may(Scope.STOCK_WRITE)
        self.work(
            lambda officer, _: find_card(officer, typed, purpose, people=people, blanks=blanks), found, about="card"
        )

    def _purpose(self) -> Purpose:
        return Purpose(self.purpose.currentData())

    def resumed(self) -> None:
        if not self.acts.at_the_card:
            self._look_again()

    def _reload(self, sentence: str) -> None:
        """After something was done, or because it was asked for: nothing is done about what is not known any more."""
        self.acts.clear()
        self._to_say = sentence or self._to_say or ""
        self._look_again()

    def _look_again(self) -> None:
        """Without a sentence to say, what is said stays, and so does the act that was chosen."""
        uuid, purpose, people = self.uuid, self._purpose(), self.may(Scope.PEOPLE_READ)
        if uuid is None:
            return

        def steps(officer: ServiceClient) -> _Opened:
            case = look_at_card(officer, uuid, purpose, self.around.equipment.clock(), people=people)
            asks = self.may(Scope.APPROVALS_REQUEST) or self.may(Scope.APPROVALS_DECIDE)
            return _Opened(case, approvals_about(officer, case) if asks else [])

        def shown(opened: _Opened) -> None:
            again, sentence, self._to_say = self._to_say is None, self._to_say, None
            if again and self.acts.at_the_card:
                return
            self._show(opened, again=again)
            if sentence is not None:
                self.around.say(sentence)

        self.work(lambda officer, _: steps(officer), shown, failed=self._not_shown, about="card")

    def _not_shown(self, error: Exception) -> None:
        self._to_say = None
        self.fail(error)

    def _show(self, opened: _Opened, *, again: bool) -> None:
        self.case = opened.case
        self.facts.setText("\n".join(self._facts(opened.case)))
        self.person.setEnabled(opened.case.citizen_id is not None)
        self.history.show_moments(history_of_card(opened.case))
        self.acts.show_case(opened.case, opened.approvals, again=again)

    def _facts(self, case: Case) -> list[str]:
        card, words = case.card, self.words
        if card is None:
            return []
        states, reasons = self.around.words["failures"]["states"], self.around.words["timeline"]["reasons"]
        facts = [words["state"].format(card.stock_number, states[card.state])]
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
