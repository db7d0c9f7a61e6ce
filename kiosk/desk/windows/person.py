"""A person: who they are, their cards, everything that happened, and what can be done."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QListWidget, QListWidgetItem, QVBoxLayout, QWidget

from cardsvc.client import ServiceClient
from cardsvc.wire.lives import PastApplication
from cardsvc.wire.people import PersonRecord
from cardsvc.wire.scopes import Scope
from kiosk.desk.cases import Case, look_at_person
from kiosk.desk.subjects import Subject, TheApplication, TheCard, ThePerson
from kiosk.desk.timeline import history_of_person
from kiosk.desk.windows.beside import Beside
from kiosk.desk.windows.case import CasePage, Look, Looked
from kiosk.desk.windows.label import Label
from kiosk.desk.windows.page import Surroundings
from kiosk.desk.windows.parts import button


class PersonPage(CasePage):
    """Opened from a search, a card or the queue."""

    group = "person"

    def __init__(self, around: Surroundings) -> None:
        super().__init__(around)
        self.subject: ThePerson | None = None
        self._open: PastApplication | None = None
        """What is under way for them."""
        self.name = Label()
        self.name.setProperty("role", "title")
        self.facts = Label(self.words["hint"])
        for label in (self.name, self.facts):
            label.setWordWrap(True)
        self.cards = QListWidget()
        self.cards.setWordWrap(True)
        self.cards.setProperty("role", "list")
        self.cards.setAccessibleName(self.words["cards"])
        self.cards.itemActivated.connect(self._open_card)
        self.application = button(self.words["application"], "Ctrl+Shift+A", self._open_application)
        self._build()
        self.clear()

    def _build(self) -> None:
        title = Label(self.words["cards"])
        title.setBuddy(self.cards)
        known = QWidget()
        left = QVBoxLayout(known)
        left.setContentsMargins(0, 0, 0, 0)
        for widget in (title, self.cards, self.history):
            left.addWidget(widget)
        left.setStretch(2, 3)
        top = QHBoxLayout()
        top.addWidget(self.name, 1)
        top.addWidget(self.application)
        top.addWidget(self.refresh)
        layout = QVBoxLayout(self)
        layout.addLayout(top)
        layout.addWidget(self.facts)
        layout.addWidget(Beside((self.acts, 2), (known, 3), first_at_right=True), 1)

    def first(self) -> QWidget:
        return self.acts.list

    def take(self, subject: Subject) -> None:
        if not isinstance(subject, ThePerson):
            super().take(subject)
            return
        self.subject = subject
        self.reload("")

    def end(self) -> None:
        super().end()
        self.subject = None
        self.clear()

    def clear(self) -> None:
        super().clear()
        self.name.clear()
        self.facts.setText(self.words["hint"])
        self.cards.clear()
        self._open = None
        self.application.hide()

    def look(self) -> Look | None:
        subject, clock = self.subject, self.around.equipment.clock
        if subject is None:
            return None

        def look(officer: ServiceClient) -> Looked:
            record = officer.open_person(subject.id, subject.purpose, subject.reference)
            return Looked(look_at_person(officer, subject.id, subject.purpose, subject.reference, clock()), record)

        return look

    def show_looked(self, looked: Looked) -> None:
        if looked.record is not None:
            self._show_person(looked.record)
        self._show_cards(looked.case)
        self._open = looked.case.open_application
        seen = self.may(Scope.APPLICATIONS_WRITE) or self.may(Scope.APPLICATIONS_APPROVE)
        self.application.setVisible(self._open is not None and seen)
        self.history.show_moments(history_of_person(looked.case.life))

    def _show_person(self, record: PersonRecord) -> None:
        person, words = record.person, self.words
        self.name.setText(" · ".join(filter(None, (person.name, person.name_latin))))
        facts = [
            words["born"].format(person.birth_date),
            words["document"].format(person.document_number),
            words["district"].format(person.district),
        ]
        if record.corrections:
            facts.append(words["corrected"].format(record.corrections))
        self.facts.setText("\n".join(facts))

    def _show_cards(self, case: Case) -> None:
        states = self.around.words["failures"]["states"]
        self.cards.clear()
        for card in case.life.cards:
            text = self.words["card"].format(card.stock_number, states[card.state], card.expires_on or "–")
            item = QListWidgetItem(text)
            item.setData(Qt.ItemDataRole.UserRole, card.uuid)
            self.cards.addItem(item)

    def _open_application(self) -> None:
        """In the queue, where there is no name to find it by."""
        if self._open is not None:
            self.around.open("queue", TheApplication(self._open.id))

    def _open_card(self, item: QListWidgetItem) -> None:
        self.around.open("card", TheCard(item.data(Qt.ItemDataRole.UserRole)))
