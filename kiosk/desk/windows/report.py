"""The day's report: seen, printed, saved as PDF or CSV."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from html import escape
from pathlib import Path

from PySide6.QtCore import QDate, QMarginsF
from PySide6.QtGui import QPageLayout, QPageSize, QPdfWriter, QTextDocument
from PySide6.QtPrintSupport import QPrinter
from PySide6.QtWidgets import QAbstractSpinBox, QDateEdit, QFileDialog, QHBoxLayout, QTextBrowser, QVBoxLayout, QWidget

from cardsvc.client import ServiceClient
from cardsvc.wire.days import MOST_DAYS_BACK
from kiosk.desk.report import DayReport, Section, as_csv, day_of, report_of
from kiosk.desk.whole_files import write_whole
from kiosk.desk.windows.fields import button, named_form
from kiosk.desk.windows.page import Asks, Page, Surroundings
from kiosk.desk.windows.printing import on_paper, pdf_of


class _Day(QDateEdit):
    """Up and down go a day on and back, wherever in the date the keyboard is: Qt begins at the year."""

    def stepBy(self, steps: int) -> None:  # noqa: N802 - Qt's name
        self.setDate(self.date().addDays(steps))

    def stepEnabled(self) -> QAbstractSpinBox.StepEnabledFlag:  # noqa: N802 - Qt's name
        back, on = self.date() > self.minimumDate(), self.date() < self.maximumDate()
        flag = QAbstractSpinBox.StepEnabledFlag
        return (flag.StepDownEnabled if back else flag.StepNone) | (flag.StepUpEnabled if on else flag.StepNone)


class ReportPage(Page):
    """What this office did in a day."""

    group = "report"

    def __init__(self, around: Surroundings) -> None:
        super().__init__(around)
        self.report: DayReport | None = None
        self.day = _Day(QDate.currentDate())
        self.day.setCalendarPopup(True)
        self.day.setDisplayFormat("yyyy-MM-dd")
        self._bound()
        self.day.dateChanged.connect(self.shown)
        self.view = QTextBrowser()
        self.view.setAccessibleName(self.words["title"])
        self.print = button(self.words["print"], self._print, "Ctrl+P")
        self.pdf = button(self.words["save_pdf"], self._save_pdf, "Ctrl+S")
        self.csv = button(self.words["save_csv"], self._save_csv, "Ctrl+Shift+S")
        buttons = QHBoxLayout()
        for one in (button(self.words["refresh"], self.shown, "F5"), self.print, self.pdf, self.csv):
            buttons.addWidget(one)
        buttons.addStretch()
        layout = QVBoxLayout(self)
        layout.addLayout(named_form([(self.words["day"], self.day)]))
        layout.addLayout(buttons)
        layout.addWidget(self.view, 1)
        self._show(None)

    def _bound(self) -> None:
        """Other days the card service does not tell of."""
        today = QDate.currentDate()
        self.day.setDateRange(today.addDays(1 - MOST_DAYS_BACK), today)

    def first(self) -> QWidget:
        return self.view

    def shown(self) -> None:
        if self.officer is None:
            return
        if self.day.maximumDate() != QDate.currentDate():  # it is past midnight
            self._bound()
        now, chosen = self.around.equipment.clock(), self.day.date()
        day = date(chosen.year(), chosen.month(), chosen.day())
        by = "" if self.on_duty is None else self.on_duty.standing.title
        states = self.around.words["failures"]["states"]

        def steps(officer: ServiceClient) -> DayReport:
            return report_of(day_of(officer, day, now), by, now, self.words, states)

        self._show(None)
        self.work(lambda officer, _: steps(officer), self._show, about="report")

    def resumed(self) -> None:
        self.shown()

    def end(self) -> None:
        super().end()
        self._show(None)

    def _show(self, report: DayReport | None) -> None:
        self.report = report
        self.view.setHtml("" if report is None else as_html(report))
        for one in (self.print, self.pdf, self.csv):
            one.setEnabled(report is not None)

    def _print(self) -> None:
        """Beside the window: a printer may take its time."""
        report = self.report
        if report is not None:
            self.print.setEnabled(False)
            self.work(lambda *_: print_report(report), self._printed, failed=self._not_printed, asks=Asks.NOTHING)

    def _printed(self, printed: bool) -> None:  # noqa: FBT001 - what the printer said
        self.print.setEnabled(self.report is not None)
        self.around.say(self.words["printed" if printed else "no_printer"])

    def _not_printed(self, error: Exception) -> None:
        self.print.setEnabled(self.report is not None)
        self.fail(error)

    def _save_pdf(self) -> None:
        report = self.report
        if report is not None:
            self._save("pdf", lambda path: write_pdf(report, path))

    def _save_csv(self) -> None:
        report = self.report
        if report is not None:
            self._save("csv", lambda path: write_whole(as_csv(report), path))

    def _save(self, ending: str, write: Callable[[Path], None]) -> None:
        day = self.day.date().toString("yyyy-MM-dd")
        proposed = str(self.around.equipment.folder / f"report-{day}.{ending}")
        dialog = QFileDialog(self, self.words[f"save_{ending}"], proposed, f"*.{ending}")
        dialog.setOption(QFileDialog.Option.DontUseNativeDialog)
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setDefaultSuffix(ending)
        dialog.selectFile(proposed)
        dialog.fileSelected.connect(lambda name: self._write(Path(name), write))
        dialog.open()

    def _write(self, path: Path, write: Callable[[Path], None]) -> None:
        said = self.words["saved"].format(path.name)
        self.work(lambda _officer, _report: write(path), lambda _: self.around.say(said))


def document_of(report: DayReport) -> QTextDocument:
    """As it is printed: black on white, whatever the window's colours are."""
    document = QTextDocument()
    document.setDefaultStyleSheet("body, td, th, h1, h2, p { color: black; } th { text-align: left; }")
    document.setHtml(as_html(report))
    return document


def print_report(report: DayReport) -> bool:
    """On the default printer; False where there is none. In any thread. Raises NotPrinted."""

    def draw(printer: QPrinter) -> None:
        printer.setPageSize(QPageSize(QPageSize.PageSizeId.A4))
        document_of(report).print_(printer)

    return on_paper(draw) is not None


def write_pdf(report: DayReport, path: Path) -> None:
    """A4, whole or not at all. Raises OSError."""

    def draw(writer: QPdfWriter) -> None:
        writer.setPageSize(QPageSize(QPageSize.PageSizeId.A4))
        writer.setPageMargins(QMarginsF(15, 15, 15, 15), QPageLayout.Unit.Millimeter)
        writer.setTitle(report.title)
        document_of(report).print_(writer)

    write_whole(pdf_of(draw), path)


def as_html(report: DayReport) -> str:
    """Text is text, whatever an officer or an office is called."""
    parts = [f"<h1>{escape(report.title)}</h1><p>{escape(report.subtitle)}</p>"]
    parts += [_table(section) for section in report.sections]
    return "<body>" + "".join(parts) + "</body>"


def _table(section: Section) -> str:
    head = "".join(f"<th>{escape(cell)}</th>" for cell in section.head)
    rows = "".join("<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in section.rows)
    return (
        f'<h2>{escape(section.title)}</h2><table border="1" cellspacing="0" cellpadding="4">'
        f"<tr>{head}</tr>{rows}</table>"
    )
