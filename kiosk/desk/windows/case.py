"""A page that shows a case: how it stands, everything that happened, and what can be done about it."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from PySide6.QtWidgets import QPushButton

from cardsvc.client import ServiceClient
from cardsvc.wire.approvals import Approval
from cardsvc.wire.people import PersonRecord
from cardsvc.wire.scopes import Scope
from kiosk.desk.acts import approvals_about
from kiosk.desk.cases import Case
from kiosk.desk.progress import StoppedLooking
from kiosk.desk.windows.acting import ActPanel
from kiosk.desk.windows.history import HistoryView
from kiosk.desk.windows.page import Page, Surroundings


@dataclass(frozen=True, slots=True)
class Looked:
    """What the card service told."""

    case: Case
    record: PersonRecord | None = None
    """Of the person, where the page is about one."""


Look: TypeAlias = Callable[[ServiceClient], Looked]


@dataclass(frozen=True, slots=True)
class _Opened:
    looked: Looked
    approvals: list[Approval]


class CasePage(Page):
    """It looks at its case again after each act, on F5, and when the card service is back."""

    def __init__(self, around: Surroundings) -> None:
        super().__init__(around)
        self._to_say: str | None = None
        """Once the case is shown as it stands then."""
        self.refresh = QPushButton(self.words["refresh"])
        self.refresh.setShortcut("F5")
        self.refresh.clicked.connect(lambda: self.reload(""))
        self.history = HistoryView(around.words)
        self.acts = ActPanel(self, self.reload)

    @abstractmethod
    def look(self) -> Look | None:
        """What to ask the card service; None where nothing was opened."""

    @abstractmethod
    def show_looked(self, looked: Looked) -> None:
        """All of it but the acts."""

    def clear(self) -> None:
        """Nothing is opened, and what is asked about it is not told any more."""
        self.no_longer(self.group)
        self._to_say = None
        self.history.show_moments([])
        self.acts.forget()

    def resumed(self) -> None:
        if not self.acts.at_the_card:
            self._look_again()

    def reload(self, sentence: str) -> None:
        """After something was done, or because it was asked for: nothing is done about what is not known any more."""
        self.acts.clear()
        self._to_say = sentence or self._to_say or ""
        self._look_again()

    def _look_again(self) -> None:
        """Without a sentence to say, what is said stays, and so does the act that was chosen."""
        look = self.look()
        if look is not None:
            self.work(
                lambda officer, _: self._opened(officer, look), self._shown, failed=self._not_shown, about=self.group
            )

    def _opened(self, officer: ServiceClient, look: Look) -> _Opened:
        looked = look(officer)
        asks = self.may(Scope.APPROVALS_REQUEST) or self.may(Scope.APPROVALS_DECIDE)
        return _Opened(looked, approvals_about(officer, looked.case) if asks else [])

    def _shown(self, opened: _Opened) -> None:
        again, sentence, self._to_say = self._to_say is None, self._to_say, None
        if again and self.acts.at_the_card:
            return
        self.show_looked(opened.looked)
        self.acts.show_case(opened.looked.case, opened.approvals, again=again)
        if sentence is not None:
            self.around.say(sentence)

    def _not_shown(self, error: Exception) -> None:
        """What was done was done, whatever became of the look after it."""
        sentence, self._to_say = self._to_say, None
        if sentence:
            self.around.say(sentence)
            error = StoppedLooking()
        self.fail(error)
