"""The desk's window: locked, or an officer's, with a page for each thing they do."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Final

from PySide6.QtCore import QSignalBlocker, Qt, Signal, Slot
from PySide6.QtGui import QCloseEvent, QKeyEvent, QKeySequence, QShortcut
from PySide6.QtWidgets import (
    QDialog,
    QHBoxLayout,
    QListWidget,
    QMainWindow,
    QPushButton,
    QStackedWidget,
    QStatusBar,
    QVBoxLayout,
    QWidget,
)

from cardsvc.wire.manifest import Language
from kiosk.desk.duty import Duty
from kiosk.desk.equipment import Equipment
from kiosk.desk.failures import Saying, saying
from kiosk.desk.on_duty import OnDuty
from kiosk.desk.preferences import Preferences, keep
from kiosk.desk.progress import Cancelled
from kiosk.desk.second_person import SecondPerson
from kiosk.desk.subjects import Subject
from kiosk.desk.windows.bar import fill
from kiosk.desk.windows.card import CardPage
from kiosk.desk.windows.collecting import Collector
from kiosk.desk.windows.connection import Connection
from kiosk.desk.windows.enrolment import EnrolmentPage
from kiosk.desk.windows.issuing import IssuingPage
from kiosk.desk.windows.keys import KeysWindow
from kiosk.desk.windows.label import Label
from kiosk.desk.windows.message import MessageArea
from kiosk.desk.windows.page import Page, Surroundings
from kiosk.desk.windows.parts import forget_typed
from kiosk.desk.windows.person import PersonPage
from kiosk.desk.windows.queue import QueuePage
from kiosk.desk.windows.report import ReportPage
from kiosk.desk.windows.rooms import Rooms
from kiosk.desk.windows.search import SearchPage
from kiosk.desk.windows.second_person import Act, ColleagueDialog
from kiosk.desk.windows.sign_in import SignInPage
from kiosk.desk.windows.stock import StockPage
from kiosk.desk.windows.theme import Looks
from kiosk.desk.windows.waiting import WaitingBar
from kiosk.desk.windows.work import Outcomes, Workers
from kiosk.desk.words import words_in
from readers.errors import CardRemoved
from readers.piv.pin import Pin

PAGES: Final[Sequence[type[Page]]] = (
    QueuePage, SearchPage, EnrolmentPage, IssuingPage, PersonPage, CardPage, StockPage, ReportPage,
)  # fmt: skip
"""In the order in which they are listed. Alt+1 opens the first, and so on."""


class DeskWindow(QMainWindow):
    """Everything on one desk. Close it to sign out."""

    _duty_ended = Signal(object)
    _service_reached = Signal(bool)

    def __init__(self, equipment: Equipment, kept: Preferences) -> None:
        """``kept`` is what was chosen last, read before there is a window that could stand still."""
        super().__init__()
        self.equipment = equipment
        self.looks = Looks(equipment.theme or kept.theme, kept.size, self)
        self.looks.changed.connect(self._remember)
        self.collector = Collector(self)
        self.workers = Workers(self)
        self.connection = Connection(self.workers, equipment.desk.look, self)
        self.duty = Duty(
            equipment.seat,
            equipment.officers_reader,
            self._duty_ended.emit,
            self._service_reached.emit,
            equipment.clock,
        )
        self._duty_ended.connect(self._lock)
        self._service_reached.connect(self.connection.tell)
        self.connection.changed.connect(self._show_connection)
        self.colleague: ColleagueDialog | None = None
        self.on_duty: OnDuty | None = None
        self._stale: set[Page] = set()
        self._build(equipment.language or kept.language)
        self.resize(1280, 800)

    def say(self, what: str | Saying) -> None:
        """Show it above the page, until the next one or Esc."""
        self.message.say(what)

    def add(self, what: Saying) -> None:
        """The same, below a sentence that is shown and tells of no failure."""
        self.message.add(what)

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802 - Qt's name
        """Whoever has the focus had no use for the key."""
        if event.key() == Qt.Key.Key_Escape:
            self.say("")
            self.sign_in.escape()
        else:
            super().keyPressEvent(event)

    def speak(self, language: Language) -> None:
        """Build the window anew in another language. Whoever is on duty stays; what was begun is kept as a draft.

        Not while something is done: its end would be shown to nobody.
        """
        if self.workers.busy:
            self.say(self.words["window"]["not_now"])
            fill(self.menuBar(), self.words, self.looks, self.speak, self._show_keys)
            return
        on_duty, row = self.on_duty, self.menu.currentRow()
        self._end_pages()
        self._close_pages()
        self._build(language)
        self._remember()
        if on_duty is not None:
            self._begin(on_duty, row)

    def ask_colleague(self, act: Act) -> None:
        """Ask a colleague who puts their card into the first of the readers for citizens' cards."""
        second = SecondPerson(self.equipment.seat, self.equipment.card_readers[0])
        self.colleague = ColleagueDialog(self, self.words, self.workers, second, act)
        self.colleague.finished.connect(self._forget_colleague)
        self.colleague.open()

    def open_page(self, group: str, subject: Subject) -> None:
        """Turn to the page of this group of words, with something to go on with; see `Surroundings.open`."""
        rows = [row for row, page in enumerate(self.pages) if page.group == group]
        if not rows:
            raise LookupError(f"there is no page {group}")
        self.menu.setCurrentRow(rows[0])
        self.pages[rows[0]].take(subject)

    def closeEvent(self, event: QCloseEvent) -> None:  # noqa: N802 - Qt's name
        """Gone from the screen at once; what waits for the card service or a card goes on until `finish`."""
        self._end_pages()
        self._close_pages()
        self.duty.leave()
        self.workers.cancel()
        super().closeEvent(event)

    def finish(self) -> None:
        """After it was closed: wait until the officer is signed out, for as long as the client's time-outs allow."""
        self.workers.wait()  # one of them may be signing somebody in
        self.duty.end()
        self.collector.stop()

    def _build(self, language: Language) -> None:
        """Everything that has words."""
        self.words = words_in(language)
        texts = self.words["window"]
        self.setWindowTitle(texts["title"])
        fill(self.menuBar(), self.words, self.looks, self.speak, self._show_keys)
        around = Surroundings(
            self.equipment, self.words, self.workers, self.say, self.add, self.ask_colleague, self.open_page
        )
        self.pages = [page(around) for page in PAGES]
        self.sign_in = SignInPage(self.words)
        self.sign_in.wanted.connect(self._sign_in)
        self.message = MessageArea(texts["message"])
        self.whole = QStackedWidget()
        self.open = QWidget()
        whole = QHBoxLayout(self.open)
        whole.addLayout(self._side(), 1)
        whole.addLayout(self._main(), 4)
        self.whole.addWidget(self.sign_in)
        self.whole.addWidget(self.open)
        self.setCentralWidget(self.whole)  # which deletes the one before
        self._build_status()

    def _side(self) -> QVBoxLayout:
        texts = self.words["window"]
        self.menu = QListWidget()
        self.menu.setObjectName("pages")
        self.menu.setAccessibleName(texts["pages"])
        self.menu.setWordWrap(True)
        self.menu.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        for number, page in enumerate(self.pages, 1):
            self.menu.addItem(f"{number}  {page.words['title']}")
            self.menu.item(number - 1).setToolTip(f"Alt+{number}")
            opens = QShortcut(QKeySequence(f"Alt+{number % 10}"), self.menu)
            opens.setWhatsThis(page.words["title"])
            opens.activated.connect(partial(self._go_to, number - 1))
        self.menu.currentRowChanged.connect(self._turn_to)
        self.officer = Label()
        self.officer.setWordWrap(True)
        self.lock = QPushButton(texts["lock"])
        self.lock.setShortcut("Ctrl+L")
        self.lock.setToolTip("Ctrl+L")
        self.lock.clicked.connect(self._leave)
        side = QVBoxLayout()
        for widget in (self.officer, self.menu, self.lock):
            side.addWidget(widget)
        return side

    def _main(self) -> QVBoxLayout:
        self.stack = Rooms(self.pages)
        main = QVBoxLayout()
        main.addWidget(self.message)
        self.waiting = WaitingBar(self.words, self.stack.currentWidget)
        main.addWidget(self.stack)
        main.addWidget(self.waiting)
        return main

    def _build_status(self) -> None:
        bar = QStatusBar()
        self.connected = Label()
        self.connected.setObjectName("connection")
        self.connected.setAccessibleName(self.words["window"]["connection"])
        bar.addPermanentWidget(self.connected)
        self.setStatusBar(bar)
        self._tell_connection()

    def _sign_in(self, pin: Pin) -> None:
        outcomes = Outcomes(self._begin, self._not_signed_in)
        self.sign_in.wait_for(self.workers.start(lambda report: self.duty.begin(pin, report.check), outcomes))

    def _not_signed_in(self, error: Exception) -> None:
        if isinstance(error, Cancelled):
            self.duty.leave()  # what is signed in after all
            self.sign_in.say(self.words["sign-in"]["stopped"])
        else:
            self.sign_in.say(saying(error, self.words))

    def _begin(self, on_duty: OnDuty, row: int = 0) -> None:
        if self.duty.over:  # the card was in for a moment only
            self.sign_in.say(self.words["sign-in"]["card_out"])
            return
        self.on_duty = on_duty
        self.connection.tell(reached=True)
        self.officer.setText(self.words["window"]["on_duty"].format(on_duty.standing.title))
        for page in self.pages:
            page.begin(on_duty)
        self.whole.setCurrentWidget(self.open)
        self.sign_in.say("")
        with QSignalBlocker(self.menu):
            self.menu.setCurrentRow(row)
        self.menu.setFocus(Qt.FocusReason.OtherFocusReason)  # where nothing else may have it
        self._turn_to(row)

    @Slot(int)
    def _forget_colleague(self, result: int) -> None:
        self.colleague = None
        if result == QDialog.DialogCode.Accepted:
            self.say(self.words["second-person"]["thanks"])

    def _go_to(self, row: int) -> None:
        """By its key, which brings the keyboard back to a page that is open already."""
        if row == self.menu.currentRow():
            self._turn_to(row)
        else:
            self.menu.setCurrentRow(row)

    def _turn_to(self, row: int) -> None:
        if not (0 <= row < len(self.pages) and self.pages[row].officer is not None):
            return
        self.say("")
        self.stack.setCurrentIndex(row)
        self.pages[row].shown()
        first = self.pages[row].first()
        if first is not None:
            first.setFocus(Qt.FocusReason.OtherFocusReason)
        self._resume()

    def _end_pages(self) -> None:
        self.on_duty = None
        self._stale.clear()
        if self.colleague is not None:
            self.colleague.done(QDialog.DialogCode.Rejected)
        for page in self.pages:
            page.end()
            forget_typed(page)
            for dialog in page.findChildren(QDialog):
                dialog.close()  # what stood over the page would stand over the lock
        self.say("")

    @Slot()
    def _remember(self) -> None:
        """What officers chose, for the next start."""
        chosen = Preferences(language=self.words.language, theme=self.looks.theme, size=self.looks.size)
        self.workers.file(lambda: keep(self.equipment.folder, chosen))

    def _close_pages(self) -> None:
        """They go; what a page has running by itself ends in its ``closeEvent``, which Qt sends to windows alone."""
        for page in self.pages:
            page.close()

    @Slot()
    def _leave(self) -> None:
        """Locked at once, whatever the duty's thread is waiting for."""
        self.duty.leave()
        self._lock(None)

    @Slot(object)
    def _lock(self, why: Exception | None) -> None:
        if self.on_duty is None:
            return  # it is locked: they left by themselves
        self._end_pages()
        self.whole.setCurrentWidget(self.sign_in)
        match why:
            case None:
                self.sign_in.say("")
            case CardRemoved():
                self.sign_in.say(self.words["sign-in"]["card_out"])
            case _:
                self.sign_in.say(saying(why, self.words))

    @Slot(bool)
    def _show_connection(self, reached: bool) -> None:  # noqa: FBT001 - a signal's argument
        self._tell_connection()
        if reached:
            said = self.words["window"]["back"]
            (self.say if self.on_duty else self.sign_in.mention)(said)
            if self.on_duty is not None:
                self._stale = set(self.pages)
                self._resume()

    def _resume(self) -> None:
        """What was fetched before the connection was lost is asked for again: on each page when it is turned to."""
        page = self.stack.currentWidget()
        if page in self._stale:
            self._stale.discard(page)
            page.resumed()

    def _tell_connection(self) -> None:
        reached = self.connection.reached
        self.connected.setText(self.words["window"]["connected" if reached else "disconnected"])
        self.connected.setProperty("reached", reached)
        self.style().unpolish(self.connected)
        self.style().polish(self.connected)

    def _show_keys(self) -> None:
        self.keys = KeysWindow(self, self.words)
        self.keys.show()
