"""The citizen's own window: they choose their PIN, masked, on a screen of their own or at the reader's keypad.

What is entered goes to the card. The clerk's window is told how far things are, and nothing else.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from PySide6.QtCore import Signal, Slot
from PySide6.QtGui import QCloseEvent, QGuiApplication
from PySide6.QtWidgets import QFormLayout, QLabel, QLineEdit, QPushButton, QVBoxLayout, QWidget

from cardsvc.wire.lifecycle import Card, Person
from kiosk.desk.equipment import FindsReader
from kiosk.desk.failures import saying
from kiosk.desk.handing_over import (
    activate,
    fault_of,
    fault_of_both,
    give_pin,
    give_pin_at_keypad,
    has_keypad,
    settle_pin,
)
from kiosk.desk.windows.page import Surroundings
from kiosk.desk.windows.work import Outcomes
from kiosk.pins import PinInDoubt
from readers.errors import CardRemoved, NoCard
from readers.piv.pin import Pin


class CitizensPin(QWidget):
    """A window of its own."""

    told = Signal(str)
    """For the clerk: how far it is."""
    in_force = Signal(object)
    """With the `Card`."""

    def __init__(
        self, around: Surroundings, reader: FindsReader, card: Card, person: Person, transport: Pin | None
    ) -> None:
        super().__init__()
        self.around, self.words = around, around.words["citizens-pin"]
        self._reader, self._card, self._person = reader, card, person
        self._transport = transport
        self._chosen: Pin | None = None
        self._in_doubt = self._taken = self._busy = False
        self.setWindowTitle(self.words["title"])
        self._build()

    def appear(self) -> None:
        """On the second screen, where there is one."""
        screens = QGuiApplication.screens()
        if len(screens) > 1:
            self.setGeometry(screens[-1].geometry())
            self.showFullScreen()
        else:
            self.show()
        self._first_field().setFocus()
        self._tell("choosing")
        outcomes = Outcomes(self._offer_keypad, lambda _: None)
        self.around.workers.start(lambda _: has_keypad(self._reader()), outcomes)

    def card_is_there(self) -> None:
        """The card is in the reader again: what was broken off goes on."""
        if self._in_doubt and not self._busy:
            self._settle()
        elif self._chosen is not None and not self._busy:
            self._give()

    def closeEvent(self, event: QCloseEvent) -> None:  # noqa: N802 - Qt's name
        self._forget()
        super().closeEvent(event)

    def _build(self) -> None:
        words = self.words
        self.heading, self.rules, self.message = QLabel(words["title"]), QLabel(words["rules"]), QLabel()
        self.heading.setProperty("role", "title")
        self.message.setAccessibleName(words["message"])
        self.letter, self.first, self.again = QLineEdit(), QLineEdit(), QLineEdit()
        form = QFormLayout()
        form.setRowWrapPolicy(QFormLayout.RowWrapPolicy.WrapAllRows)
        for field, name in ((self.letter, "letter"), (self.first, "first"), (self.again, "again")):
            field.setEchoMode(QLineEdit.EchoMode.Password)
            field.setMaxLength(8)
            field.setAccessibleName(words[name])
            form.addRow(words[name], field)
        form.setRowVisible(self.letter, self._transport is None)
        self.first.textChanged.connect(self._judge)
        self.again.textChanged.connect(self._judge)
        self.button = QPushButton(words["take"])
        self.button.setShortcut("Ctrl+Return")
        self.button.clicked.connect(self._choose)
        for field in (self.letter, self.first):
            field.returnPressed.connect(self.focusNextChild)
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
        return self.letter if self._transport is None else self.first

    @Slot()
    def _judge(self) -> None:
        """While it is typed: what is too easy is said at once, what is unfinished is not."""
        if len(self.first.text()) < 6:
            self.message.clear()
            return
        fault = fault_of(self.first.text(), self._person.birth_date, self._transport)
        self.message.setText(self.words["faults"][fault] if fault else "")

    @Slot()
    def _choose(self) -> None:
        if self._busy:
            return
        if self._chosen is not None:
            self.card_is_there()
            return
        transport = self._transport or _pin_of(self.letter.text())
        first, again = self.first.text(), self.again.text()
        fault = fault_of_both(first, again, self._person.birth_date, transport)
        if fault is None and transport is not None:
            self._transport, self._chosen = transport, Pin(first)
            self._give()
            return
        for field in (self.first, self.again):
            field.clear()
        self.message.setText(self.words["letter_missing"] if fault is None else self.words["faults"][fault])
        self._first_field().setFocus()

    def _give(self) -> None:
        old, new, uuid = self._transport, self._chosen, self._card.uuid
        if new is None:
            return
        self._tell("taking")
        if self._taken or old is None:
            self._activate()
        else:
            self._work(lambda: give_pin(self._reader(), uuid, old, new), lambda _: self._activate(), self._not_given)

    def _activate(self) -> None:
        new, uuid = self._chosen, self._card.uuid
        if new is None:
            return
        self._taken = True
        self._work(
            lambda: activate(self.around.equipment.desk, self._reader(), uuid, new), self._active, self._not_active
        )

    def _settle(self) -> None:
        old, new, uuid = self._transport, self._chosen, self._card.uuid
        if old is not None and new is not None:
            self._tell("asking")
            self._work(lambda: settle_pin(self._reader(), uuid, old, new), self._settled, self._not_given)

    def _settled(self, taken: bool) -> None:  # noqa: FBT001 - what the card said
        self._in_doubt, self._taken = False, taken
        self._give()

    def _not_given(self, error: Exception) -> None:
        if isinstance(error, PinInDoubt):
            self._in_doubt = True
        if isinstance(error, PinInDoubt | NoCard | CardRemoved):
            self._tell("card_out")
            return
        self._chosen = None
        if not self.letter.isHidden():
            self._transport = None
        self._say_failure(error)

    def _not_active(self, error: Exception) -> None:
        """The card has the PIN; the button tries again."""
        if isinstance(error, NoCard | CardRemoved):
            self._tell("card_out")
        else:
            self._say_failure(error)

    def _say_failure(self, error: Exception) -> None:
        said = saying(error, self.around.words)
        self.message.setText(str(said))
        self.told.emit(str(said))

    def _active(self, card: Card) -> None:
        self._forget()
        self._tell("done")
        self.in_force.emit(card)
        self.close()

    def _offer_keypad(self, has: bool) -> None:  # noqa: FBT001 - what the reader said
        """The PIN then does not even pass through this computer."""
        if not has or self._chosen is not None:
            return
        for field in (self.letter, self.first, self.again, self.button):
            field.setEnabled(False)
        shown = "" if self._transport is None else self.words["transport"].format(self._transport.digits)
        self.rules.setText("\n".join(filter(None, (self.words["keypad"], shown))))
        uuid = self._card.uuid
        self._work(
            lambda: give_pin_at_keypad(self.around.equipment.desk, self._reader(), uuid),
            self._active,
            self._say_failure,
        )

    def _tell(self, what: str) -> None:
        self.message.setText(self.words["citizen"][what])
        self.told.emit(self.words["clerk"][what])

    def _forget(self) -> None:
        self._chosen = None
        for field in (self.letter, self.first, self.again):
            field.clear()

    def _work(self, steps: Callable[[], Any], done: Callable[[Any], None], failed: Callable[[Exception], None]) -> None:
        self._busy = True

        def free(tell: Callable[[Any], None]) -> Callable[[Any], None]:
            def told(what: Any) -> None:
                self._busy = False
                tell(what)

            return told

        self.around.workers.start(lambda _: steps(), Outcomes(free(done), free(failed)))


def _pin_of(digits: str) -> Pin | None:
    try:
        return Pin(digits)
    except ValueError:
        return None
