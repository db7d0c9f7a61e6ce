"""The day's report: the figures of an office as rows to be shown, and as a file for a spreadsheet."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from cardsvc.client import ServiceClient
from cardsvc.wire.days import OfficeDay, OfficerDay, StockDay

OFFICER_FIGURES: Final = tuple(name for name in OfficerDay.model_fields if name != "officer")
STOCK_FIGURES: Final = tuple(StockDay.model_fields)
_FORMULA: Final = (*"=+-@", *"＝＋－＠", "\t", "\r")
"""What a spreadsheet takes for the beginning of a formula (OWASP, "CSV Injection"), some in full width too."""


@dataclass(frozen=True, slots=True)
class Section:
    """A part of the report, with a head for each column."""

    title: str
    head: Sequence[str]
    rows: Sequence[Sequence[str]]


@dataclass(frozen=True, slots=True)
class DayReport:
    """All of it, in the officer's language."""

    title: str
    subtitle: str
    sections: Sequence[Section]


def day_of(officer: ServiceClient, day: date, now: datetime) -> OfficeDay:
    """The figures of a day as it is at this desk: its offset from UTC is that of this computer now.

    Raises ServiceProblem, ServiceUnreachable.
    """
    offset = now.astimezone().utcoffset()
    return officer.office_day(day, 0 if offset is None else round(offset.total_seconds() / 60))


def report_of(
    told: OfficeDay, by: str, now: datetime, words: Mapping[str, Any], states: Mapping[str, str]
) -> DayReport:
    """In words. ``by`` is whoever has it made."""
    made = words["made"].format(by, f"{now.astimezone():%Y-%m-%d %H:%M}")
    return DayReport(
        words["heading"].format(told.day, told.office or words["no_office"]),
        made,
        [_officers(told, words), _stock(told, words), _waiting(told, words, states)],
    )


def _officers(told: OfficeDay, words: Mapping[str, Any]) -> Section:
    names = [one.officer for one in told.officers]
    rows = []
    for figure in OFFICER_FIGURES:
        counts = [getattr(one, figure) for one in told.officers]
        rows.append((words["figures"][figure], *map(str, counts), str(sum(counts))))
    return Section(words["done"], ("", *names, words["total"]), rows)


def _stock(told: OfficeDay, words: Mapping[str, Any]) -> Section:
    rows = [(words["stock"][figure], str(getattr(told.stock, figure))) for figure in STOCK_FIGURES]
    return Section(words["blank_cards"], ("", words["cards"]), rows)


def _waiting(told: OfficeDay, words: Mapping[str, Any], states: Mapping[str, str]) -> Section:
    rows = [(words["waiting_state"].format(states[one.state]), str(one.count)) for one in told.waiting]
    return Section(words["waiting"], ("", words["number"]), [*rows, (words["approvals"], str(told.approvals_waiting))])


def as_csv(report: DayReport) -> bytes:
    """UTF-8 with a byte-order mark, by which spreadsheets know it; no cell is a formula (RFC 4180)."""
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    rows: list[Sequence[str]] = [(report.title,), (report.subtitle,)]
    for section in report.sections:
        rows += [(), (section.title,), section.head, *section.rows]
    for row in rows:
        writer.writerow([_harmless(cell) for cell in row])
    return text.getvalue().encode("utf-8-sig")


def _harmless(cell: str) -> str:
    return f"'{cell}" if cell.startswith(_FORMULA) else cell
