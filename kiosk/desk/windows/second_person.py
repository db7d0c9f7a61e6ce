"""Asks a colleague who comes to the desk: their card, their PIN, their yes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final
from uuid import uuid4

from PySide6.QtWidgets import QDialog, QDialogButtonBox, QLineEdit, QPushButton, QVBoxLayout, QWidget

from cardsvc.client import ServiceClient
from kiosk.desk.failures import Saying, saying
from kiosk.desk.progress import Stage, StoppedWaiting
from kiosk.desk.second_person import SecondPerson
from kiosk.desk.windows.label import Label
from kiosk.desk.windows.message import MessageArea
from kiosk.desk.windows.parts import fit_height
from kiosk.desk.windows.waiting import WaitingBar
from kiosk.desk.windows.work import Job, Outcomes, Workers
from kiosk.desk.words import Words
from readers.errors import CardRemoved, NoCard
from readers.piv.pin import Pin

_COLUMNS: Final = 64
"""The dialog is about as wide as a page of a book."""


@dataclass(frozen=True, slots=True)
class Act:
    """What a colleague is asked for."""

    sentence: str
    """In words, as the colleague reads it: what will happen when they say yes."""
    decide: Callable[[ServiceClient], Any]
    """Done in the colleague's name, beside the window."""
    done: Callable[[Any], None]
    """Told what came of it."""
    left: Callable[[], None] = lambda: None
    """Told when nobody decided here."""


class ColleagueDialog(QDialog):
    """One act, one colleague. Esc leaves it undecided."""

    def __init__(self, parent: QWidget, words: Words, workers: Workers, second: SecondPerson, act: Act) -> None:
        super().__init__(parent)
        self._all_words = words
        self.words = words["second-person"]
        self._workers = workers
        self._second = second
        self._act = act
        self._job: Job | None = None
        self._deciding = False
        self._over = False
        self._key = uuid4()
        """A yes that is said again, because its answer was not waited for, counts once."""
        self._build()
        self.setWindowTitle(self.words["title"])
        self.finished.connect(self._leave)
        self._wait()

    def _build(self) -> None:
        act, _, effects = self._act.sentence.partition("\n")
        what, will = Label(act), Label(effects)
        what.setProperty("role", "title")
        for label in (what, will):
            label.setWordWrap(True)
        will.setVisible(bool(effects))
        self.step = Label()
        self.step.setWordWrap(True)
        self.message = MessageArea(self._all_words["window"]["message"])
        self.pin = QLineEdit()
        self.pin.setEchoMode(QLineEdit.EchoMode.Password)
        self.pin.setMaxLength(8)
        self.pin.setPlaceholderText(self.words["pin"])
        self.pin.setAccessibleName(self.words["pin"])
        buttons = QDialogButtonBox()
        self.grant = QPushButton(self.words["grant"])
        self.grant.setShortcut("Ctrl+Return")
        self.grant.clicked.connect(self._decide)
        self.leave = QPushButton(self.words["leave"])
        self.leave.setShortcut("Esc")
        self.leave.clicked.connect(self.reject)
        buttons.addButton(self.grant, QDialogButtonBox.ButtonRole.AcceptRole)
        buttons.addButton(self.leave, QDialogButtonBox.ButtonRole.RejectRole)
        layout = QVBoxLayout(self)
        self.waiting = WaitingBar(self._all_words, lambda: self)
        for widget in (what, will, self.step, self.message, self.pin, buttons, self.waiting):
            layout.addWidget(widget)
        self.leave.setAutoDefault(False)
        self.grant.setDefault(True)
        self.setMinimumWidth(self.fontMetrics().averageCharWidth() * _COLUMNS)

    def _wait(self) -> None:
        """For the colleague's card."""
        self._let_decide(ready=False)
        self._job = self._workers.start(
            self._second.arrives, Outcomes(lambda _: self._arrived(), self._failed, self._progressed)
        )

    def reject(self) -> None:
        """While the colleague decides, wait no longer: whether they have is not known, and that is said first."""
        if self._deciding:
            self.stop_waiting()
        else:
            super().reject()

    def waited(self) -> int:
        """For how many milliseconds the colleague's decision has been waited for."""
        return self._job.age if self._deciding and self._job is not None else 0

    def stop_waiting(self) -> None:
        """It may arrive all the same."""
        if self._deciding and self._job is not None:
            self._job.give_up(StoppedWaiting())

    def _tell(self, step: str) -> None:
        self.step.setText(self.words[step])
        fit_height(self)

    def _progressed(self, stage: Stage) -> None:
        if not self._over:
            self._tell(stage.step.replace("-", "_"))

    def _arrived(self) -> None:
        if self._over:
            return
        self._tell("enter_pin")
        self._let_decide(ready=True)

    def _decide(self) -> None:
        digits = self.pin.text()
        self.pin.setText("")  # and no undoing, which `clear` leaves
        try:
            pin = Pin(digits)
        except ValueError:
            self._say(self._all_words["sign-in"]["no_pin"])
            return
        self._say("")
        self._tell("busy")
        self._let_decide(ready=False)
        self._set_deciding(deciding=True)
        self._job = self._workers.start(
            lambda report: self._second.decides(pin, self._act.decide, self._key, report),
            Outcomes(self._decided, self._failed),
        )

    def _set_deciding(self, *, deciding: bool) -> None:
        self._deciding = deciding
        self.leave.setEnabled(not deciding)

    def _decided(self, outcome: Any) -> None:
        self._job = None
        if self._over:  # and Qt may have deleted its buttons
            return
        self._set_deciding(deciding=False)
        self.accept()
        self._act.done(outcome)

    def _failed(self, error: Exception) -> None:
        self._job = None
        if self._over:
            return
        self._set_deciding(deciding=False)
        self._say(self._not_waited_for() if isinstance(error, StoppedWaiting) else saying(error, self._all_words))
        if isinstance(error, (CardRemoved, NoCard)):
            self._wait()
        else:
            self._arrived()

    def _not_waited_for(self) -> Saying:
        happened = self._all_words["failures"]["happened"]["stopped-waiting"]
        return Saying(happened, self.words["stopped_safe"], self.words["stopped_next"])

    def _leave(self, result: int) -> None:
        self._over = True
        self.deleteLater()
        if self._job is not None:
            self._job.cancel()
        if result != QDialog.DialogCode.Accepted:
            self._act.left()

    def _say(self, what: str | Saying) -> None:
        self.message.say(what)
        fit_height(self)

    def _let_decide(self, *, ready: bool) -> None:
        self.pin.setEnabled(ready)
        self.grant.setEnabled(ready)
        if ready:
            self.pin.setFocus()
