"""``readers doctor``."""

from __future__ import annotations

from collections.abc import Sequence

import typer
from rich.console import Console
from rich.table import Table

from readers import pcsc
from readers.commands.shared import JsonOption, print_json, shown
from readers.doctor import Diagnosis, Finding, diagnose, exit_status
from readers.machine import Machine


def doctor(*, as_json: JsonOption = False) -> None:
    """Find out why no card is seen, and say what to do about it.

    Looks at PC/SC, drivers, readers and cards, in this order. Exit status 0 when a PIV card is seen in any reader, 3
    when PC/SC or the readers are at fault, 4 when all readers are empty, 5 when a card is.

    Example: readers doctor --json
    """
    findings = diagnose(Machine(), pcsc.list_readers)
    if as_json:
        print_json([_as_json(finding) for finding in findings])
    else:
        Console().print(_as_table(findings))
    status = exit_status(findings)
    if status:
        raise typer.Exit(status)


def _as_json(finding: Finding) -> dict[str, str | None]:
    return {
        "diagnosis": finding.diagnosis,
        "reader": finding.reader,
        "what": finding.sentence,
        "advice": finding.advice,
        "detail": finding.detail,
    }


def _as_table(findings: Sequence[Finding]) -> Table:
    table = Table("where", "what", "what to do", show_lines=True)
    for finding in findings:
        colour = {Diagnosis.CARD_SEEN: "green", Diagnosis.NO_CARD: "yellow"}.get(finding.diagnosis, "red")
        what = f"[{colour}]{shown(finding.sentence)}[/]"
        if finding.detail:
            what += f"\n{shown(finding.detail)}"
        table.add_row(shown(finding.reader or "PC/SC"), what, shown(finding.advice) or "-")
    return table
