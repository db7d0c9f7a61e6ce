"""The receipt of a loss that was just reported, to be printed for the citizen."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from PySide6.QtWidgets import QHBoxLayout, QWidget

from cardsvc.wire.losses import LossReport
from kiosk.desk.cases import Case
from kiosk.desk.windows.page import Asks, Page
from kiosk.desk.windows.parts import button
from kiosk.desk.windows.sheet import Sheet, print_sheet


class LossReceipt(QWidget):
    """Seen while the card is that was reported."""

    def __init__(self, page: Page, words: Mapping[str, Any]) -> None:
        super().__init__()
        self.page, self.words = page, words
        self.report: LossReport | None = None
        self.print = button(words["print"], "Ctrl+Shift+K", self._print)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.print)
        layout.addStretch()
        self.forget()

    def offer(self, report: LossReport) -> None:
        """As soon as its card is shown again."""
        self.report = report

    def show_for(self, case: Case) -> None:
        """Only beside the card that it is about."""
        self._number = "" if case.card is None else case.card.stock_number
        about = self.report is not None and case.card is not None and case.card.uuid == self.report.card_uuid
        self.setVisible(about)
        self.print.setEnabled(about)

    def forget(self) -> None:
        """Another officer, or nobody's card."""
        self.report, self._number = None, ""
        self.print.setEnabled(False)
        self.hide()

    def _print(self) -> None:
        if self.report is not None:
            sheet = receipt_of(self.report, self._number, self.words)
            self.print.setEnabled(False)
            self.page.work(lambda *_: print_sheet(sheet), self._printed, failed=self._failed, asks=Asks.NOTHING)

    def _printed(self, printed: bool) -> None:  # noqa: FBT001 - what the printer said
        self.print.setEnabled(True)
        number = "" if self.report is None else self.report.number
        self.page.around.say(self.words["printed" if printed else "no_printer"].format(number))

    def _failed(self, error: Exception) -> None:
        self.print.setEnabled(True)
        self.page.fail(error)


def receipt_of(report: LossReport, card: str, words: Mapping[str, Any]) -> Sheet:
    """What the citizen takes home: no name, for it may be lost as well."""
    at, until = (f"{moment.astimezone():%Y-%m-%d %H:%M}" for moment in (report.reported_at, report.found_until))
    lines = [words["number"].format(report.number), words["card"].format(card), words[report.kind].format(at)]
    if report.kind == "lost":
        lines.append(words["found"].format(until))
    return Sheet(words["title"], [*lines, words["again"]])
