"""Unblocking a card, on the page of the card: how far it is, and then the citizen's window for their new PIN."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

from PySide6.QtCore import Qt, Slot
from PySide6.QtWidgets import QProgressBar, QPushButton, QVBoxLayout, QWidget

from cardsvc.client import ServiceClient
from cardsvc.wire.lifecycle import CardState
from cardsvc.wire.people import Purpose
from kiosk.desk.cases import Case
from kiosk.desk.choosing import Choosing
from kiosk.desk.progress import Report, Stage
from kiosk.desk.unblocking import unblock
from kiosk.desk.windows.citizens_pin import CitizensPin
from kiosk.desk.windows.label import Label
from kiosk.desk.windows.page import Page
from kiosk.desk.windows.work import Job


class UnblockingPanel(QWidget):
    """Hidden until a card is unblocked, and where nothing is left to do. The PIN is kept by whoever is on duty."""

    def __init__(self, page: Page, done: Callable[[Case], None]) -> None:
        super().__init__()
        self.page = page
        self.done = done
        self.words: Mapping[str, Any] = page.around.words["acts"]
        self.case: Case | None = None
        self.citizen: CitizensPin | None = None
        self._job: Job | None = None
        self._build()
        self.clear()

    def _build(self) -> None:
        self.status = Label()
        self.status.setWordWrap(True)
        self.bar = QProgressBar(textVisible=False)
        self.bar.setAccessibleName(self.words["unblock"])
        self.stop = QPushButton(self.words["stop"])
        self.stop.setShortcut("Ctrl+S")
        self.stop.clicked.connect(self._stop)
        self.set = QPushButton(self.words["set_pin"])
        self.set.setShortcut("Ctrl+Shift+J")
        self.set.clicked.connect(self._ask_pin)
        layout = QVBoxLayout(self)
        for widget in (self.status, self.bar, self.stop, self.set):
            layout.addWidget(widget)

    def clear(self) -> None:
        """No card is shown. The citizen's window goes with the officer alone."""
        if self._job is not None:
            self._job.cancel()
        self._job, self.case = None, None
        if self.citizen is not None and self.page.officer is None:
            self.citizen.close()
        self.hide()

    def show_case(self, case: Case) -> None:
        """A card that was unblocked before still waits for its citizen's PIN."""
        on_duty = self.page.on_duty
        pin = None if case.card is None or on_duty is None else on_duty.pins.known(case.card.uuid)
        if pin is not None and pin.unblocked:
            self.case = case
            self._unblocked()

    def begin(self, case: Case) -> None:
        """Unblock the card in the citizens' reader."""
        on_duty = self.page.on_duty
        if on_duty is None:
            return
        self.clear()
        self.case = case
        self.page.touch(*case.about)
        self.status.setText(self.words["busy"])
        self.bar.setRange(0, 0)
        self.stop.setEnabled(True)
        self._show_parts(busy=True)
        reader, pins = self.page.around.equipment.card_readers[0], on_duty.pins

        def steps(officer: ServiceClient, report: Report) -> None:
            born = _birth_date(officer, case)
            pins.keep(case.subject, unblock(officer, reader(), case.subject, report), born)  # whatever is shown then

        def current(tell: Callable[[], None]) -> None:
            if self.case is case:
                self._job = None
                tell()

        self._job = self.page.work(
            steps,
            lambda _: current(self._unblocked_now),
            failed=lambda error: current(lambda: self._failed(error)),
            progressed=lambda stage: self._progressed(stage) if self.case is case else None,
            cancelled=lambda: current(self._stopped),
        )

    def _show_parts(self, *, busy: bool, choosing: bool = False) -> None:
        for widget in (self.bar, self.stop):
            widget.setVisible(busy)
        self.set.setVisible(choosing)
        self.show()

    @Slot()
    def _stop(self) -> None:
        """At the next step: what the service has begun, it goes on with when it is asked again."""
        if self._job is not None:
            self.stop.setEnabled(False)
            self.status.setText(self.words["stopping"])
            self._job.cancel()

    def _stopped(self) -> None:
        self.hide()
        self.page.around.say(self.words["stopped"])

    def _progressed(self, stage: Stage) -> None:
        if not self.stop.isEnabled():
            return  # it was told before it was stopped
        self.bar.setRange(0, stage.total)
        self.bar.setValue(stage.done)
        step = self.words["steps"].get(stage.step, stage.step)
        self.status.setText(self.words["progress"].format(step, stage.done + 1, stage.total))

    def _unblocked_now(self) -> None:
        self._unblocked()
        if self.set.isVisible():
            self._ask_pin()

    def _unblocked(self) -> None:
        """Whoever does not have their card yet chooses when it is handed over to them."""
        waits = self.case is not None and self.case.state is CardState.SEALED
        self.status.setText(self.words["hand_over_next" if waits else "pin_next"])
        self._show_parts(busy=False, choosing=not waits)
        self.set.setFocus(Qt.FocusReason.OtherFocusReason)

    @Slot()
    def _ask_pin(self) -> None:
        """On the citizen's screen; here nothing of it is seen."""
        case, on_duty = self.case, self.page.on_duty
        if case is None or on_duty is None or (self.citizen is not None and self.citizen.isVisible()):
            return
        pin, equipment = on_duty.pins.of(case.subject), self.page.around.equipment
        activates = equipment.desk if case.state is CardState.DELIVERED else None
        born = pin.birth_date or date.min
        choosing = Choosing(equipment.card_readers[0], case.subject, pin, born, activates)
        self.citizen = CitizensPin(self.page, choosing)
        self.citizen.told.connect(self._told)
        self.citizen.done.connect(lambda _: self.done(case))
        self.citizen.appear()

    @Slot(str)
    def _told(self, how_far: str) -> None:
        if self.citizen is not None and self.case is not None and self.citizen.choosing.card_uuid == self.case.subject:
            self.status.setText(how_far)

    def _failed(self, error: Exception) -> None:
        self.hide()
        self.page.fail(error)


def _birth_date(officer: ServiceClient, case: Case) -> date:
    """So that nobody takes their birthday for their PIN."""
    if case.citizen_id is None:
        return date.min
    return officer.open_person(case.citizen_id, Purpose.COMPLAINT).person.birth_date
