"""The citizen's own window: they choose their PIN, masked, on a screen of their own or at the reader's keypad.

What is entered goes to the card. The clerk's window is told how far things are, and nothing else.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from PySide6.QtCore import Qt, QTimer, Signal, Slot
from PySide6.QtGui import QCloseEvent, QGuiApplication, QScreen
from PySide6.QtWidgets import QFormLayout, QLineEdit, QPushButton, QVBoxLayout, QWidget

from cardsvc.wire.lifecycle import Card
from kiosk.desk.choosing import Choosing
from kiosk.desk.failures import saying
from kiosk.desk.windows.label import Label
from kiosk.desk.windows.page import Asks, Page
from kiosk.desk.windows.parts import fit_height
from kiosk.pins import PinInDoubt
from readers.errors import CardRemoved, NoCard

_LOOK_MS: Final = 400
"""How often it is looked whether the card is back."""


def second_screen(clerks: QWidget) -> QScreen | None:
    """One on which the clerk's window is not; None where the computer has a single one."""
    return next((screen for screen in QGuiApplication.screens() if screen is not clerks.screen()), None)


class CitizensPin(QWidget):
    """A window of its own, over an officer's page. Closing it leaves off; a PIN that a card may have is still known."""

    told = Signal(str)
    """For the clerk: how far it is."""
    done = Signal(object)
    """The card has the citizen's PIN; with the `Card` where it came into force."""

    def __init__(self, page: Page, choosing: Choosing) -> None:
        super().__init__()
        self.page, self.words = page, page.around.words["citizens-pin"]
        self.choosing = choosing
        self._busy = self._keypad = False
        self.setWindowTitle(self.words["title"])
        self._build()

    @property
    def busy(self) -> bool:
        """Whether a card is being given its PIN, seen or not."""
        return self._busy

    def appear(self) -> None:
        """On the second screen, where there is one."""
        second = second_screen(self.page)
        if second is not None:
            self.setGeometry(second.geometry())
            self.showFullScreen()
        else:
            self.show()
        self._first_field().setFocus()
        if self.choosing.goes_on:
            self._go_on()
            return
        self._tell("choosing")
        self._ask_for_keypad()

    def closeEvent(self, event: QCloseEvent) -> None:  # noqa: N802 - Qt's name
        self._clear()
        if not self._busy:  # what the card is just given is settled by what it answers
            self.choosing.pin.let_go()
        super().closeEvent(event)

    def _build(self) -> None:
        words = self.words
        self.heading, self.rules, self.message = Label(words["title"]), Label(words["rules"]), Label()
        self.heading.setProperty("role", "title")
        self.message.setAccessibleName(words["message"])
        self.letter, self.first, self.again = QLineEdit(), QLineEdit(), QLineEdit()
        form = self.form = QFormLayout()
        form.setRowWrapPolicy(QFormLayout.RowWrapPolicy.WrapAllRows)
        for field, name in ((self.letter, "letter"), (self.first, "first"), (self.again, "again")):
            field.setEchoMode(QLineEdit.EchoMode.Password)
            field.setMaxLength(8)
            field.setAccessibleName(words[name])
            form.addRow(words[name], field)
        form.setRowVisible(self.letter, self.choosing.needs_letter)
        self.first.textChanged.connect(self._judge)
        self.again.textChanged.connect(self._judge)
        self.button = QPushButton(words["take"])
        self.button.setShortcut("Ctrl+Return")
        self.button.setProperty("role", "main")
        self.button.clicked.connect(self._choose)
        self.letter.returnPressed.connect(self.focusNextChild)
        self.first.returnPressed.connect(self._take_first)
        self.again.returnPressed.connect(self._choose)
        layout = QVBoxLayout(self)
        for label in (self.heading, self.rules):
            label.setWordWrap(True)
            layout.addWidget(label)
        layout.addLayout(form)
        self.message.setWordWrap(True)
        layout.addWidget(self.message)
        layout.addWidget(self.button)
        layout.addStretch()

    def _first_field(self) -> QLineEdit:
        return self.letter if self.choosing.needs_letter else self.first

    @Slot()
    def _judge(self) -> None:
        """While it is typed: what is too easy is said at once, what is unfinished is not."""
        if len(self.first.text()) < 6:
            self._say("")
            return
        fault = self.choosing.judge(self.first.text())
        self._say(self.words["faults"][fault] if fault else "")

    @Slot()
    def _take_first(self) -> None:
        """One that will be refused is not asked for again."""
        fault = self.choosing.judge(self.first.text())
        if fault is None:
            self.focusNextChild()
        else:
            self._say(self.words["faults"][fault])
            self.first.selectAll()

    @Slot()
    def _choose(self) -> None:
        if self._busy:
            return
        if self._keypad:
            self._at_keypad()
            return
        if not self.choosing.goes_on:
            fault = self.choosing.choose(self.letter.text(), self.first.text(), self.again.text())
            if fault is not None:
                for field in (self.first, self.again):
                    field.clear()
                self._say(self.words["faults"][fault])
                self._first_field().setFocus()
                return
        self._go_on()

    def _go_on(self) -> None:
        self._tell("asking" if self.choosing.pin.in_doubt else "taking")
        self._work(self.choosing.go_on)

    @Slot()
    def _ask_for_keypad(self) -> None:
        """Until there is a card: a reader tells only then."""
        if self._busy or self.choosing.goes_on or not self.isVisible():
            return
        self.page.work(
            lambda *_: self.choosing.has_keypad(),
            self._offer_keypad,
            failed=lambda _: QTimer.singleShot(_LOOK_MS, self, self._ask_for_keypad),
            asks=Asks.NOTHING,
        )

    def _offer_keypad(self, has: bool) -> None:  # noqa: FBT001 - what the reader said
        """The PIN then does not even pass through this computer."""
        if not has or self.choosing.goes_on or not self.isVisible():
            return
        self._keypad = True
        for field in (self.letter, self.first, self.again):
            field.clear()
            field.setEnabled(False)
            self.form.setRowVisible(field, False)  # noqa: FBT003 - Qt's argument
        self.button.setText(self.words["keypad_button"])
        self.button.setShortcut("Ctrl+Return")  # which another text takes away
        self.button.setFocus(Qt.FocusReason.OtherFocusReason)
        self._at_keypad()

    def _at_keypad(self) -> None:
        pin = self.choosing.pin
        key = "keypad_begin" if pin.taken else "keypad_change" if self.choosing.desk is None else "keypad"
        known = pin.transport is not None and not pin.taken
        shown = self.words["transport"].format(pin.transport.digits) if known and pin.transport else ""
        self.rules.setText("\n".join(filter(None, (self.words[key], shown))))
        self._say("")
        self._work(self.choosing.at_keypad)

    def _finished(self, card: Card | None) -> None:
        self._clear()
        self._tell("changed" if card is None else "done")
        if self.page.on_duty is not None:
            self.page.on_duty.pins.forget(self.choosing.card_uuid)
        self.done.emit(card)
        self.close()

    def _failed(self, error: Exception) -> None:
        """What the card may have done, the choice knows; it goes on from there."""
        if not self.isVisible():
            self.choosing.pin.let_go()
            return
        if isinstance(error, PinInDoubt | NoCard | CardRemoved):
            self._tell("card_out")
            self._wait_for_card()
            return
        said = saying(error, self.page.around.words)
        self._say(str(said))
        self.told.emit(str(said))

    def _wait_for_card(self) -> None:
        QTimer.singleShot(_LOOK_MS, self, self._look_for_card)

    @Slot()
    def _look_for_card(self) -> None:
        if self._busy or not self.isVisible():
            return
        self.page.work(
            lambda *_: self.choosing.card_is_there(),
            self._looked,
            failed=lambda _: self._wait_for_card(),
            asks=Asks.NOTHING,
        )

    def _looked(self, there: bool) -> None:  # noqa: FBT001 - what the reader said
        if self._busy or not self.isVisible():
            return
        if not there:
            self._wait_for_card()
        elif self._keypad:
            self._at_keypad()
        else:
            self._go_on()

    def _say(self, what: str) -> None:
        """The window grows with it: the fields are never squeezed."""
        self.message.setText(what)
        fit_height(self)

    def _tell(self, what: str) -> None:
        self._say(self.words["citizen"][what])
        self.told.emit(self.words["clerk"][what])

    def _clear(self) -> None:
        for field in (self.letter, self.first, self.again):
            field.setText("")  # and no undoing, which `clear` leaves

    def _work(self, steps: Callable[[], Card | None]) -> None:
        """One thing at a time, in the name of whoever is on duty: the next officer hears nothing of it."""
        self._busy = True

        def free(tell: Callable[[Any], None]) -> Callable[[Any], None]:
            def told(what: Any) -> None:
                self._busy = False
                tell(what)

            return told

        self.page.work(lambda *_: steps(), free(self._finished), failed=free(self._failed), asks=Asks.NOTHING)
