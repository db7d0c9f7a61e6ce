"""Delete what has been kept for long enough."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.table import Table

from cardsvc.clock import system_clock
from cardsvc.commands.shared import JsonOption, console, open_database, read_settings, require_current
from cardsvc.db import session_factory
from cardsvc.reporting import print_json, reporting
from cardsvc.retention.rules import RULES
from cardsvc.retention.running import as_markdown, count_due
from cardsvc.retention.running import run as run_rules

app = typer.Typer(help="What is deleted when.", no_args_is_help=True)


@app.command()
def run(
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Count what is past its time, and delete nothing.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Delete what is past its time. Safe to repeat, for example every night.

    Example: cardsvc retention run --dry-run --json
    """
    with reporting():
        settings = read_settings()
        with open_database(settings) as engine:
            require_current(engine)
            sessions, now = session_factory(engine), system_clock()
            done = count_due(sessions, now) if dry_run else run_rules(sessions, settings.erasures_file, now)
    if as_json:
        print_json({"dry_run": dry_run, "count": done})
        return
    table = Table("kind", "past its time" if dry_run else "deleted", title="Retention")
    for name, count in done.items():
        table.add_row(name, str(count))
    console.print(table)


@app.command("table")
def show_table(as_json: JsonOption = False) -> None:
    """Print how long what is kept, as docs/retention.md has it.

    Example: cardsvc retention table
    """
    if as_json:
        print_json(
            [{"name": rule.name, "what": rule.what, "days": rule.keep.total_seconds() / 86_400} for rule in RULES]
        )
    else:
        console.print(as_markdown(), soft_wrap=True, markup=False, highlight=False)
