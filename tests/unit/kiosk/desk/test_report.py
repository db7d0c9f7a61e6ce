"""The day's report: its rows, in every language, and as a file that a spreadsheet reads and does not obey."""

from __future__ import annotations

import csv
import io
from datetime import UTC, date, datetime

import pytest

from cardsvc.wire.days import OfficeDay, OfficerDay, StockDay, WaitingApplications
from cardsvc.wire.lifecycle import ApplicationState
from cardsvc.wire.manifest import Language
from kiosk.desk.report import OFFICER_FIGURES, DayReport, as_csv, report_of
from kiosk.desk.words import words_in

NOW = datetime(2026, 11, 27, 9, 30, tzinfo=UTC)


def officer(name: str, taken: int) -> OfficerDay:
    return OfficerDay(officer=name, **(dict.fromkeys(OFFICER_FIGURES, 0) | {"applications_taken": taken}))


def told(office: str | None = "town-hall", *names: str) -> OfficeDay:
    return OfficeDay(
        day=date(2026, 11, 27),
        begins=NOW,
        ends=NOW,
        office=office,
        officers=[officer(name, count) for count, name in enumerate(names or ("ana", "bo"), 3)],
        stock=StockDay(opening=10, received=5, brought=0, used=3, came_back=1, sent=0, destroyed=0, closing=13),
        waiting=[WaitingApplications(state=ApplicationState.SUBMITTED, count=4)],
        approvals_waiting=2,
    )


def report(day: OfficeDay, language: Language = Language.ENGLISH) -> DayReport:
    words = words_in(language)
    return report_of(day, "ana", NOW, words["report"], words["failures"]["states"])


def rows(made: DayReport) -> list[list[str]]:
    return list(csv.reader(io.StringIO(as_csv(made).decode("utf-8-sig"), newline="")))


def test_it_says_what_each_officer_did_how_the_stock_comes_out_and_what_waits() -> None:
    made = rows(report(told()))
    assert made[0] == ["Report of the day 2026-11-27: town-hall"]
    assert ["", "ana", "bo", "Together"] in made
    assert ["Applications taken", "3", "4", "7"] in made
    assert ["In stock when the day began", "10"] in made
    assert ["In stock when the day ended", "13"] in made
    assert ["Applications: submitted", "4"] in made
    assert ["Approvals that colleagues were asked for", "2"] in made


def test_an_officer_at_no_office_gets_one_too() -> None:
    assert "at no office" in report(told(None)).title


@pytest.mark.parametrize("language", list(Language))
def test_nothing_is_left_untranslated(language: Language) -> None:
    english, other = (
        {row[0] for section in report(told(), which).sections for row in section.rows}
        for which in (Language.ENGLISH, language)
    )
    assert language is Language.ENGLISH or not english & other
    assert len(other) == len(english)


def test_no_cell_is_a_formula_and_spreadsheets_see_that_it_is_unicode() -> None:
    made = report(told("町-hall", "=1+1", "@cy", "+7", "-d", "＝1+1", "＠cy", "＋7", "－d", "plain"))
    assert as_csv(made).startswith(b"\xef\xbb\xbf")
    assert rows(made)[4][1:10] == ["'=1+1", "'@cy", "'+7", "'-d", "'＝1+1", "'＠cy", "'＋7", "'－d", "plain"]
    assert "町-hall" in rows(made)[0][0]
    assert b"\r\n" in as_csv(made)
