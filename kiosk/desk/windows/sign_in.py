"""The locked desk: an officer puts their card in and enters their PIN."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QPushButton, QVBoxLayout, QWidget

from kiosk.desk.failures import Saying
from kiosk.desk.progress import Cancelled
from kiosk.desk.windows.label import Label
from kiosk.desk.windows.message import MessageArea
from kiosk.desk.windows.waiting import WaitingBar
from kiosk.desk.windows.work import Job
from kiosk.desk.words import Words
from readers.piv.pin import Pin


class SignInPage(QWidget):
    """Asks for the PIN, which goes to the officer's card and nowhere else."""

    wanted = Signal(object)
    """With the `Pin`."""

    def __init__(self, words: Words) -> None:
        super().__init__()
        self.words = words["sign-in"]
        self._job: Job | None = None
        title = Label(self.words["title"])
        title.setProperty("role", "title")
        title.setWordWrap(True)
        self.pin = QLineEdit()
        self.pin.setEchoMode(QLineEdit.EchoMode.Password)
        self.pin.setMaxLength(8)
        self.pin.setAccessibleName(self.words["pin"])
        self.pin.setPlaceholderText(self.words["pin"])
        self.pin.returnPressed.connect(self._send)
        self.button = QPushButton(self.words["sign_in"])
        self.button.setProperty("role", "main")
        self.button.clicked.connect(self._send)
        self.message = MessageArea(words["window"]["message"])
        column = QVBoxLayout()
        column.addStretch(2)
        self.waiting = WaitingBar(words, lambda: self)
        for widget in (title, self.pin, self.button, self.message, self.waiting):
            column.addWidget(widget)
        column.addStretch(3)
        layout = QHBoxLayout(self)  # half as wide as the window, however large the letters are
        layout.addStretch(1)
        layout.addLayout(column, 2)
        layout.addStretch(1)

    def wait_for(self, job: Job) -> None:
        """Somebody is being signed in."""
        self._job = job

    def waited(self) -> int:
        """For how many milliseconds."""
        return 0 if self._job is None else self._job.age

    def stop_waiting(self) -> None:
        """Whoever put their card in does not want to be signed in any more."""
        job, self._job = self._job, None
        if job is not None:
            job.give_up(Cancelled())

    def escape(self) -> None:
        """Wait no longer; where nobody waits, what was said goes."""
        if self._job is None:
            self.message.say("")
        else:
            self.stop_waiting()

    def mention(self, what: str) -> None:
        """Say something that has nothing to do with whoever is being signed in."""
        if self._job is None:
            self.message.say(what)

    def say(self, what: str | Saying) -> None:
        """Say why nobody is on duty."""
        self._job = None
        self.message.say(what)
        self._set_busy(busy=False)

    def _send(self) -> None:
        digits = self.pin.text()
        self.pin.setText("")  # and no undoing, which `clear` leaves
        try:
            pin = Pin(digits)
        except ValueError:
            self.message.say(self.words["no_pin"])
            return
        self.message.say(self.words["busy"])
        self._set_busy(busy=True)
        self.wanted.emit(pin)

    def _set_busy(self, *, busy: bool) -> None:
        self.pin.setEnabled(not busy)
        self.button.setEnabled(not busy)
        if not busy:
            self.pin.setFocus()
