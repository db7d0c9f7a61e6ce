"""A person: who they are, their cards, everything that happened, and what can be done."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QListWidget, QListWidgetItem, QPushButton, QVBoxLayout

from cardsvc.client import ServiceClient
from cardsvc.wire.approvals import Approval
from cardsvc.wire.people import PersonRecord
from cardsvc.wire.scopes import Scope
from kiosk.desk.acts import approvals_about
from kiosk.desk.cases import Case, look_at_person
from kiosk.desk.subjects import Subject, TheCard, ThePerson
from kiosk.desk.timeline import history_of_person
from kiosk.desk.windows.acting import ActPanel
from kiosk.desk.windows.history import HistoryView
from kiosk.desk.windows.label import Label
from kiosk.desk.windows.page import Page, Surroundings


@dataclass(frozen=True, slots=True)
class _Opened:
    record: PersonRecord
    case: Case
    approvals: list[Approval]


class PersonPage(Page):
    """Opened from a search, a card or the queue."""

    group = "person"

    def __init__(self, around: Surroundings) -> None:
        super().__init__(around)
        self.subject: ThePerson | None = None
        self._to_say: str | None = None
        """Once the person is shown as things stand then."""
        self.name = Label()
        self.name.setProperty("role", "title")
        self.facts = Label(self.words["hint"])
        for label in (self.name, self.facts):
            label.setWordWrap(True)
        self.cards = QListWidget()
        self.cards.setWordWrap(True)
        self.cards.setAccessibleName(self.words["cards"])
        self.cards.itemActivated.connect(self._open_card)
        self.history = HistoryView(around.words)
        self.acts = ActPanel(self, self._reload)
        self.refresh = QPushButton(self.words["refresh"])
        self.refresh.setShortcut("F5")
        self.refresh.clicked.connect(lambda: self._reload(""))
        self._build()

    def _build(self) -> None:
        title = Label(self.words["cards"])
        title.setBuddy(self.cards)
        left = QVBoxLayout()
        for widget in (title, self.cards, self.history):
            left.addWidget(widget)
        left.setStretch(2, 3)
        below = QHBoxLayout()
        below.addLayout(left, 3)
        below.addWidget(self.acts, 2)
        top = QHBoxLayout()
        top.addWidget(self.name, 1)
        top.addWidget(self.refresh)
        layout = QVBoxLayout(self)
        layout.addLayout(top)
        layout.addWidget(self.facts)
        layout.addLayout(below, 1)

    def take(self, subject: Subject) -> None:
        if not isinstance(subject, ThePerson):
            super().take(subject)
            return
        self.subject = subject
        self._reload("")

    def end(self) -> None:
        super().end()
        self.subject = None
        self._clear()

    def _clear(self) -> None:
        self.no_longer("person")
        self._to_say = None
        self.name.clear()
        self.facts.setText(self.words["hint"])
        self.cards.clear()
        self.history.show_moments([])
        self.acts.forget()

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
        subject = self.subject
        if subject is None:
            return

        def steps(officer: ServiceClient) -> _Opened:
            now = self.around.equipment.clock()
            record = officer.open_person(subject.id, subject.purpose, subject.reference)
            case = look_at_person(officer, subject.id, subject.purpose, subject.reference, now)
            asks = self.may(Scope.APPROVALS_REQUEST) or self.may(Scope.APPROVALS_DECIDE)
            return _Opened(record, case, approvals_about(officer, case) if asks else [])

        def shown(opened: _Opened) -> None:
            again, sentence, self._to_say = self._to_say is None, self._to_say, None
            if again and self.acts.at_the_card:
                return
            self._show(opened, again=again)
            if sentence is not None:
                self.around.say(sentence)

        self.work(lambda officer, _: steps(officer), shown, failed=self._not_shown, about="person")

    def _not_shown(self, error: Exception) -> None:
        self._to_say = None
        self.fail(error)

    def _show(self, opened: _Opened, *, again: bool) -> None:
        person, words = opened.record.person, self.words
        self.name.setText(" · ".join(filter(None, (person.name, person.name_latin))))
        facts = [
            words["born"].format(person.birth_date),
            words["document"].format(person.document_number),
            words["district"].format(person.district),
        ]
        if opened.record.corrections:
            facts.append(words["corrected"].format(opened.record.corrections))
        self.facts.setText("\n".join(facts))
        self._show_cards(opened.case)
        self.history.show_moments(history_of_person(opened.case.life))
        self.acts.show_case(opened.case, opened.approvals, again=again)

    def _show_cards(self, case: Case) -> None:
        states = self.around.words["failures"]["states"]
        self.cards.clear()
        for card in case.life.cards:
            text = self.words["card"].format(card.stock_number, states[card.state], card.expires_on or "–")
            item = QListWidgetItem(text)
            item.setData(Qt.ItemDataRole.UserRole, card.uuid)
            self.cards.addItem(item)

    def _open_card(self, item: QListWidgetItem) -> None:
        self.around.open("card", TheCard(item.data(Qt.ItemDataRole.UserRole)))
