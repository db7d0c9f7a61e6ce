"""The hand-over of a finished card: who collects it, their signature, and then the citizen's PIN."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from pydantic import ValidationError
from PySide6.QtCore import Slot
from PySide6.QtGui import QCloseEvent
from PySide6.QtWidgets import (
    QDialog,
    QFormLayout,
    QHBoxLayout,
    QLineEdit,
    QPushButton,
    QRadioButton,
    QVBoxLayout,
)

from cardsvc.wire.lifecycle import Application, Card, CardState, Proxy
from kiosk.desk.choosing import Choosing
from kiosk.desk.failures import saying
from kiosk.desk.handing_over import CollectedByHolder, CollectedByProxy, hand_over
from kiosk.desk.issuing import Standing
from kiosk.desk.windows.citizens_pin import CitizensPin
from kiosk.desk.windows.label import Label
from kiosk.desk.windows.page import Asks
from kiosk.desk.windows.parts import fit_height
from kiosk.desk.windows.sheet import Sheet, print_sheet
from kiosk.desk.windows.signature import SignatureCanvas
from kiosk.desk.windows.waiting import WaitingBar
from kiosk.desk.windows.work import Job

if TYPE_CHECKING:
    from kiosk.desk.windows.issuing import IssuingPage
    from kiosk.desk.windows.lane import Lane

_BUTTONS: Final = ("again", "done", "set_pin", "print_letter")


class HandOver(QDialog):
    """Stands beside the desk's window and blocks nothing."""

    def __init__(self, page: IssuingPage, lane: Lane, standing: Standing, application: Application) -> None:
        super().__init__(page)
        assert standing.card is not None  # noqa: S101 - a card that is handed over is on record
        self.page, self.lane, self.application, self.card = page, lane, application, standing.card
        self.words = page.around.words["hand-over"]
        self.pin = page.transport_of(standing)
        self.citizen: CitizensPin | None = None
        self._job: Job | None = None
        self.setWindowTitle(self.words["title"])
        self._build()
        if self.card.state is CardState.DELIVERED:
            self._delivered(self.card)

    def reject(self) -> None:
        """Not while something is under way, unless its officer has left: nobody would hear what came of it."""
        if self.page.officer is None or not self._under_way:
            super().reject()

    @property
    def _under_way(self) -> bool:
        """Esc alone would leave the citizen's window without this one, too."""
        citizen = self.citizen is not None and (self.citizen.isVisible() or self.citizen.busy)
        return citizen or (self._job is not None and not self._job.over)

    def closeEvent(self, event: QCloseEvent) -> None:  # noqa: N802 - Qt's name
        if self.citizen is not None:
            self.citizen.close()
        super().closeEvent(event)

    def _build(self) -> None:
        words = self.words
        self.receipt = Label(words["receipt"].format(number=self.card.stock_number, name=self.application.person.name))
        self.message = Label()
        self.holder, self.by_proxy = QRadioButton(words["holder"]), QRadioButton(words["proxy"])
        self.holder.setShortcut("Alt+H")
        self.by_proxy.setShortcut("Alt+X")
        self.holder.setChecked(True)
        self.name, self.document = QLineEdit(), QLineEdit()
        self.name.setAccessibleName(words["proxy_name"])
        self.document.setAccessibleName(words["proxy_document"])
        self.canvas = SignatureCanvas(words["canvas"])
        self.again, self.confirm, self.set_pin, self.letter = (QPushButton(words[name]) for name in _BUTTONS)
        for button in (self.again, self.confirm, self.set_pin, self.letter):
            button.setAutoDefault(False)  # Enter in a field must not clear the signature
        self.again.setShortcut("Ctrl+Z")
        self.confirm.setShortcut("Ctrl+Return")
        self.set_pin.setShortcut("Ctrl+P")
        self.again.clicked.connect(self.canvas.clear)
        self.confirm.clicked.connect(self._deliver)
        self.set_pin.clicked.connect(self._ask_pin)
        self.letter.setShortcut("Ctrl+B")
        self.letter.clicked.connect(self._print_letter)
        self.by_proxy.toggled.connect(self._choose_who)
        self.canvas.signed.connect(self._enable)
        self._lay_out()
        self._choose_who(self.by_proxy.isChecked())

    def _lay_out(self) -> None:
        for label in (self.receipt, self.message):
            label.setWordWrap(True)
        self.message.setAccessibleName(self.words["message"])
        form = QFormLayout()
        form.setRowWrapPolicy(QFormLayout.RowWrapPolicy.WrapLongRows)
        form.addRow(self.words["proxy_name"], self.name)
        form.addRow(self.words["proxy_document"], self.document)
        buttons = QHBoxLayout()
        for button in (self.again, self.confirm, self.set_pin, self.letter):
            buttons.addWidget(button)
        layout = QVBoxLayout(self)
        for widget in (self.receipt, self.holder, self.by_proxy):
            layout.addWidget(widget)
        layout.addLayout(form)
        layout.addWidget(self.canvas)
        layout.addLayout(buttons)
        layout.addWidget(self.message)
        layout.addWidget(WaitingBar(self.page.around.words, lambda: self.page))

    @Slot(bool)
    def _choose_who(self, proxy: bool) -> None:  # noqa: FBT001 - a signal's argument
        for field in (self.name, self.document):
            field.setEnabled(proxy)
        self._enable()

    def _enable(self) -> None:
        delivered = self.card.state is not CardState.SEALED
        self.again.setEnabled(not delivered)
        self.confirm.setEnabled(self.canvas.has_signature and not delivered)
        self.set_pin.setEnabled(self.card.state is CardState.DELIVERED)
        self.letter.setEnabled(self.pin is not None)
        self.confirm.setDefault(self.confirm.isEnabled())
        self.set_pin.setDefault(self.set_pin.isEnabled())

    @Slot(str)
    def _say(self, what: str) -> None:
        self.message.setText(what)
        fit_height(self)

    def _proxy(self) -> Proxy | None:
        if not self.by_proxy.isChecked():
            return None
        return Proxy(name=self.name.text(), document_number=self.document.text().strip().upper())

    @Slot()
    def _deliver(self) -> None:
        try:
            proxy = self._proxy()
        except ValidationError:
            self._say(self.words["proxy_missing"])
            self.name.setFocus()
            return
        who = self.application.person.name if proxy is None else f"{proxy.name} ({proxy.document_number})"
        at = f"{self.page.around.equipment.clock():%Y-%m-%d %H:%M} UTC"
        lines = self.receipt.text(), self.words["signed"].format(who=who, at=at)
        receipt = self.canvas.receipt("\n\n".join(lines))
        self.confirm.setEnabled(False)
        self.page.touch(self.application.id, self.application.citizen_id, self.card.uuid, self.card.stock_number)
        self._job = self.page.work(
            lambda officer, _: hand_over(officer, self.application.id, self.card.uuid, receipt, proxy),
            self._delivered,
            failed=self._failed,
            asks=Asks.A_CHANGE,
        )

    def _failed(self, error: Exception) -> None:
        if isinstance(error, CollectedByHolder | CollectedByProxy):
            self.by_proxy.setChecked(isinstance(error, CollectedByProxy))
            self.holder.setChecked(isinstance(error, CollectedByHolder))
            self._stands(error.card)
        self._say(str(saying(error, self.page.around.words)))
        self._enable()

    def _stands(self, card: Card) -> None:
        """It is handed over, and nothing of that can be changed here."""
        self.card = card
        self.page.shown()
        self.lane.refresh()
        for widget in (self.holder, self.by_proxy, self.name, self.document, self.canvas):
            widget.setEnabled(False)
        self._enable()

    def _delivered(self, card: Card) -> None:
        self._stands(card)
        if card.state is CardState.ACTIVE:  # at another desk
            self._in_force(card)
            return
        if self.by_proxy.isChecked():
            self._say(self.words["handed_to_proxy"])
            self.letter.setFocus()
            return
        self._say(self.words["handed"])
        self.set_pin.setFocus()

    @Slot()
    def _ask_pin(self) -> None:
        """On the citizen's screen; here nothing of it is seen."""
        if self.citizen is not None and self.citizen.isVisible():
            return
        equipment, on_duty = self.page.around.equipment, self.page.on_duty
        if on_duty is None:
            return
        pin, born = on_duty.pins.of(self.card.uuid), self.application.person.birth_date
        choosing = Choosing(self.lane.reader, self.card.uuid, pin, born, equipment.desk)
        self.citizen = CitizensPin(self.page, choosing)
        self.citizen.told.connect(self._say)
        self.citizen.done.connect(self._in_force)
        self.citizen.appear()

    @Slot()
    def _print_letter(self) -> None:
        """For a citizen who is not here. It goes to the printer unseen, and the PIN in it is good for one change."""
        if self.pin is None:
            return
        texts = self.words["letter"]
        lines = [texts["to"].format(self.application.person.name), texts["card"].format(self.card.stock_number)]
        sheet = Sheet(texts["title"], [*lines, texts["pin"], self.pin.digits, texts["what"]])
        self.letter.setEnabled(False)
        self._job = self.page.work(lambda *_: print_sheet(sheet), self._printed, failed=self._failed, asks=Asks.NOTHING)

    def _printed(self, printed: bool) -> None:  # noqa: FBT001 - what the printer said
        self._enable()
        self._say(self.words["letter_printed" if printed else "no_printer"])

    @Slot(object)
    def _in_force(self, card: Card) -> None:
        self.card = card
        self.pin = None
        self.page.shown()
        self.lane.leave(self.application)
        self._enable()
        self._say(self.words["in_force"].format(card.stock_number))
