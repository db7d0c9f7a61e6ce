"""Unblocking a card, on the page of the card: how far it is, and then the citizen's new PIN."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

from PySide6.QtCore import Qt, Slot
from PySide6.QtWidgets import QFormLayout, QLabel, QLineEdit, QProgressBar, QPushButton, QVBoxLayout, QWidget

from cardsvc.client import ServiceClient
from cardsvc.wire.people import Purpose
from kiosk.desk.cases import Case
from kiosk.desk.handing_over import fault_of_both
from kiosk.desk.progress import Report, Stage
from kiosk.desk.unblocking import choose_pin, unblock
from kiosk.desk.windows.page import Asks, Page
from kiosk.desk.windows.work import Job
from readers.piv.pin import Pin


class UnblockingPanel(QWidget):
    """Hidden until a card is unblocked. The PINs go to the card, and are forgotten at the end."""

    def __init__(self, page: Page, done: Callable[[str, Any], None]) -> None:
        super().__init__()
        self.page = page
        self.done = done
        self.words: Mapping[str, Any] = page.around.words["acts"]
        self.case: Case | None = None
        self.transport: Pin | None = None
        self.birth_date = date.min
        self._job: Job | None = None
        self._build()
        self.clear()

    def _build(self) -> None:
        self.status = QLabel()
        self.status.setWordWrap(True)
        self.bar = QProgressBar()
        self.bar.setAccessibleName(self.words["unblock"])
        self.stop = QPushButton(self.words["stop"])
        self.stop.setShortcut("Ctrl+S")
        self.stop.clicked.connect(self._stop)
        self.new, self.again = (self._pin_field(self.words[key]) for key in ("new_pin", "new_pin_again"))
        self.set = QPushButton(self.words["set_pin"])
        self.set.setShortcut("Ctrl+Return")
        self.set.clicked.connect(self._set_pin)
        self.again.returnPressed.connect(self._set_pin)
        self.new.returnPressed.connect(self.again.setFocus)
        self.pins = QWidget()
        form = QFormLayout(self.pins)
        form.setRowWrapPolicy(QFormLayout.RowWrapPolicy.WrapLongRows)
        form.addRow(self.words["new_pin"], self.new)
        form.addRow(self.words["new_pin_again"], self.again)
        form.addRow(self.set)
        layout = QVBoxLayout(self)
        for widget in (self.status, self.bar, self.stop, self.pins):
            layout.addWidget(widget)

    def _pin_field(self, name: str) -> QLineEdit:
        field = QLineEdit()
        field.setEchoMode(QLineEdit.EchoMode.Password)
        field.setMaxLength(8)
        field.setAccessibleName(name)
        return field

    def clear(self) -> None:
        """No PIN is kept, and no card is shown."""
        if self._job is not None:
            self._job.cancel()
        self._job, self.case, self.transport, self.birth_date = None, None, None, date.min
        self.new.clear()
        self.again.clear()
        self.hide()

    def begin(self, case: Case) -> None:
        """Unblock the card in the citizens' reader."""
        self.clear()
        self.case = case
        self.status.setText(self.words["busy"])
        self.pins.hide()
        self.bar.setRange(0, 0)
        self.bar.show()
        self.stop.setEnabled(True)
        self.stop.show()
        self.show()
        reader = self.page.around.equipment.card_readers[0]

        def steps(officer: ServiceClient, report: Report) -> tuple[Pin, date]:
            born = _birth_date(officer, case)
            return unblock(officer, reader(), case.subject, report), born

        self._job = self.page.work(
            steps, self._unblocked, failed=self._failed, progressed=self._progressed, cancelled=self._stopped
        )

    @Slot()
    def _stop(self) -> None:
        """At the next step: what the service has begun, it goes on with when it is asked again."""
        if self._job is not None:
            self.stop.setEnabled(False)
            self._job.cancel()

    def _stopped(self) -> None:
        self._job = None
        self.hide()
        self.page.around.say(self.words["stopped"])

    def _progressed(self, stage: Stage) -> None:
        self.bar.setRange(0, stage.total)
        self.bar.setValue(stage.done)
        step = self.words["steps"].get(stage.step, stage.step)
        self.status.setText(self.words["progress"].format(step, stage.done + 1, stage.total))

    def _unblocked(self, outcome: tuple[Pin, date]) -> None:
        self._job = None
        self.transport, self.birth_date = outcome
        self.status.setText(self.words["pin_next"])
        self.bar.hide()
        self.stop.hide()
        self.pins.show()
        self.set.setEnabled(True)
        self.new.setFocus(Qt.FocusReason.OtherFocusReason)

    def _set_pin(self) -> None:
        case, transport = self.case, self.transport
        if case is None or transport is None:
            return
        first, again = self.new.text(), self.again.text()
        self.new.clear()
        self.again.clear()
        fault = fault_of_both(first, again, self.birth_date, transport)
        if fault is not None:
            self.status.setText(self.words["pin_faults"][fault])
            self.new.setFocus(Qt.FocusReason.OtherFocusReason)
            return
        self.set.setEnabled(False)
        reader, chosen = self.page.around.equipment.card_readers[0], Pin(first)
        self.page.work(
            lambda _officer, _report: choose_pin(reader(), case.subject, transport, chosen),
            self._chosen,
            failed=self._pin_failed,
            asks=Asks.NOTHING,
        )

    def _chosen(self, taken: bool) -> None:  # noqa: FBT001 - the one outcome of the work
        if taken:
            self.done("unblock", None)
        else:
            self.status.setText(self.words["pin_again"])
            self.set.setEnabled(True)

    def _pin_failed(self, error: Exception) -> None:
        self.set.setEnabled(True)
        self.page.fail(error)

    def _failed(self, error: Exception) -> None:
        self._job = None
        self.hide()
        self.page.fail(error)


def _birth_date(officer: ServiceClient, case: Case) -> date:
    """So that nobody takes their birthday for their PIN."""
    if case.citizen_id is None:
        return date.min
    return officer.open_person(case.citizen_id, Purpose.COMPLAINT).person.birth_date
