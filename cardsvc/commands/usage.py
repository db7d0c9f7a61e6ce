"""How much departments used the service, drawn."""

from __future__ import annotations

import calendar
import re
from collections.abc import Iterable
from datetime import date
from typing import Annotated, Final

import typer
from rich import box
from rich.bar import Bar
from rich.table import Table

from cardsvc.commands.shared import JsonOption, console, open_session
from cardsvc.departments.repository import get_department
from cardsvc.departments.usage import usage_of
from cardsvc.reporting import CommandRefused, print_json, reporting
from cardsvc.wire.usage import DepartmentUsage

app = typer.Typer()

_BAR: Final = 40


@app.command("usage")
def show_usage(
    code: Annotated[str, typer.Argument(help="The department's code.")],
    *,
    month: Annotated[str, typer.Option(help="For example 2026-11.")],
    as_json: JsonOption = False,
) -> None:
    """See how much a department used the service in a month (UTC), counted in the audit log.

    Example: cardsvc department usage education --month 2026-11
    """
    with reporting(), open_session() as session:
        first, last = _days_of(month)
        get_department(session, code)
        report = usage_of(session.connection(), [code], first, last)
    if as_json:
        print_json(report.model_dump(mode="json"))
        return
    (use,) = report.departments
    console.print(f"{use.department}, {month}: {use.count} requests about {use.people} people", highlight=False)
    for table in _tables(use):
        console.print(table)


def _tables(use: DepartmentUsage) -> Iterable[Table]:
    yield _table("request", ((f"{row.kind}: {row.outcome}", row.count) for row in use.kinds))
    yield _table("service", ((row.service, row.count) for row in use.services))
    yield _table("policy", ((f"version {row.policy_version}", row.count) for row in use.policy_versions))
    yield _table("day", ((f"{row.day}  {row.people} people", row.count) for row in use.days))


def _table(heading: str, rows: Iterable[tuple[str, int]]) -> Table:
    table = Table(box=box.SIMPLE_HEAD)
    table.add_column(heading)
    table.add_column("count", justify="right")
    table.add_column("")
    counts = list(rows)
    most = max((count for _, count in counts), default=0)
    for what, count in counts:
        table.add_row(what, str(count), Bar(max(most, 1), 0, count, width=_BAR))
    return table


def _days_of(month: str) -> tuple[date, date]:
    if not re.fullmatch(r"2\d{3}-(0[1-9]|1[0-2])", month):
        raise CommandRefused("Write the month as 2026-11.")
    first = date.fromisoformat(f"{month}-01")
    return first, first.replace(day=calendar.monthrange(first.year, first.month)[1])
