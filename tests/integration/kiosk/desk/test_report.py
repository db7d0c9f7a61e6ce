"""The day's report at the desk's window: seen, and saved as PDF and CSV, which programs of others can read."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pypdfium2
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QFileDialog, QLineEdit

from cardsvc.wire.lifecycle import Person
from kiosk.city.issuing import enrol
from kiosk.desk.windows.report import ReportPage
from tests.fixtures.desk_city import DeskAtWork
from tests.fixtures.full_disk import full_after
from tests.fixtures.printers import printer_into

MEI = Person(
    name="陈美玲",
    name_latin="Chen Meiling",
    birth_date=date(1990, 5, 6),
    document_number="A3000001",
    district="hengqin",
)


@dataclass
class AtTheReport:
    """Ana at the day's report."""

    desk: DeskAtWork
    page: ReportPage

    def shows(self, text: str) -> None:
        self.desk.until(lambda: text in self.page.view.toPlainText())

    def saves(self, *, table: bool, says: str = "Saved: ") -> None:
        """With the keyboard, under the name that the desk proposes."""
        control, shift = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier
        QTest.keyClick(self.desk.window, Qt.Key.Key_S, control | shift if table else control)
        self.desk.until(lambda: self.dialogs() != [])
        (dialog,) = self.dialogs()
        (name,) = [field for field in dialog.findChildren(QLineEdit) if field.objectName() == "fileNameEdit"]
        self.desk.type(name, "\r")
        ending = ".csv" if table else ".pdf"
        self.desk.until(lambda: self.message.startswith(says) and (says != "Saved: " or self.message.endswith(ending)))
        self.desk.window.activateWindow()
        self.desk.until(self.desk.window.isActiveWindow)

    @property
    def message(self) -> str:
        return self.desk.window.message.text()

    def prints(self) -> None:
        """With the keyboard, until something is said of it."""
        self.desk.until(self.page.print.isEnabled)
        before = self.message
        QTest.keyClick(self.desk.window, Qt.Key.Key_P, Qt.KeyboardModifier.ControlModifier)
        self.desk.until(lambda: self.message not in {"", before} and self.page.print.isEnabled())

    def dialogs(self) -> list[QFileDialog]:
        return [one for one in self.page.findChildren(QFileDialog) if one.isVisible()]


@pytest.fixture
def report(desk: DeskAtWork) -> AtTheReport:
    desk.sign_in("ana")
    (page,) = [page for page in desk.window.pages if isinstance(page, ReportPage)]
    number = Qt.Key(Qt.Key.Key_1.value + desk.window.pages.index(page))
    QTest.keyClick(desk.window, number, Qt.KeyboardModifier.AltModifier)
    desk.until(page.isVisible)
    return AtTheReport(desk, page)


def taken(desk: DeskAtWork, person: Person) -> None:
    with desk.city.client("ana") as ana:
        enrol(ana, person)


def test_the_day_is_seen_and_saved_as_pdf_and_csv(report: AtTheReport) -> None:
    report.shows("Applications taken")
    before = report.page.view.toPlainText()
    taken(report.desk, MEI)
    QTest.keyClick(report.desk.window, Qt.Key.Key_F5)  # which acts a moment later
    report.desk.until(lambda: report.page.view.toPlainText() not in {"", before})
    report.shows("Applications: submitted")
    report.desk.until(report.page.pdf.isEnabled)
    report.saves(table=False)
    report.saves(table=True)
    folder = report.page.around.equipment.folder
    (pdf,), (table,) = folder.glob("report-*.pdf"), folder.glob("report-*.csv")

    with pypdfium2.PdfDocument(pdf) as document:
        text = "".join(page.get_textpage().get_text_bounded() for page in document)
        assert [round(side) for side in document[0].get_size()] == [595, 842]  # A4
    rows = list(csv.reader(io.StringIO(table.read_bytes().decode("utf-8-sig"), newline="")))
    (figures,) = [row for row in rows if row[:1] == ["Applications taken"]]
    assert int(figures[1]) >= 1
    assert figures[1] == figures[-1]  # at no office: she is alone
    for words in ("Report of the day", "Cards handed over", "In stock when the day ended", "Made by Chen Anna"):
        assert words in text
        assert any(words in cell for row in rows for cell in row)
    assert not [one for one in folder.iterdir() if one.name.startswith(".report-")]


def test_another_day_has_other_figures_and_nobody_sees_any_after_the_officer_left(report: AtTheReport) -> None:
    report.shows("Applications taken")
    before = report.page.view.toPlainText().splitlines()[0]
    QTest.keyClick(report.page.day, Qt.Key.Key_Down)
    report.desk.until(lambda: report.page.view.toPlainText().splitlines()[:1] not in ([], [before]))
    report.desk.remove_officer()
    report.desk.until(lambda: report.page.view.toPlainText() == "")
    assert not report.page.print.isEnabled()


def test_without_a_printer_it_says_so_and_what_to_do_instead(report: AtTheReport) -> None:
    report.shows("Applications taken")
    report.prints()
    assert report.message.startswith("This computer has no printer that it uses by itself.")
    assert report.message.endswith("Save the report as PDF instead.")


def test_what_lies_in_the_printer_is_the_report_that_is_seen(
    report: AtTheReport, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    paper = tmp_path / "paper.pdf"
    printer_into(monkeypatch, "Laser", paper)
    report.shows("Applications taken")
    report.prints()
    assert report.message == "The report was sent to the printer."
    with pypdfium2.PdfDocument(paper) as document:
        text = "".join(page.get_textpage().get_text_bounded() for page in document)
        assert [round(side) for side in document[0].get_size()] == [595, 842]  # A4
    for words in ("Report of the day", "Applications taken", "In stock when the day ended", "Made by Chen Anna"):
        assert words in text


def test_a_printer_that_does_not_take_the_report_is_told_of(
    report: AtTheReport, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    printer_into(monkeypatch, "Laser", tmp_path / "gone" / "paper.pdf")
    report.shows("Applications taken")
    report.prints()
    assert report.message.startswith("The printer did not take it.")


def test_of_a_report_that_a_full_disk_takes_half_of_nothing_stays_and_it_is_said(report: AtTheReport) -> None:
    report.shows("Applications taken")
    before = set(report.page.around.equipment.folder.iterdir())
    with full_after(2000):
        report.saves(table=False, says="The desk could not read or write a file on this computer.")
    assert set(report.page.around.equipment.folder.iterdir()) == before
