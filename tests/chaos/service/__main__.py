"""``make chaos-service``: the card service is killed under load, again and again; writes var/chaos/service.json.

On SQLite one process, on PostgreSQL two at one socket, of which one dies or all. A service that answers before its
commit is the control: the same harness must find it out.
"""

from __future__ import annotations

import json
import secrets
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Final

import typer
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from tests.chaos.service.rounds import Tally, opened, play
from tests.fixtures import postgres

console: Final = Console(width=None if sys.stdout.isatty() else 130)


class Database(StrEnum):
    """Which kinds."""

    SQLITE = "sqlite"
    POSTGRESQL = "postgresql"


@contextmanager
def database(kind: Database, folder: Path) -> Iterator[str]:
    """The URL of an empty one."""
    if kind is Database.SQLITE:
        yield f"sqlite:///{folder / 'cards.db'}"
        return
    with postgres.room() as room, postgres.start(room).database() as url:
        yield url


def campaign(kinds: Sequence[Database], seed: int, rounds: int, control_rounds: int) -> list[Tally]:
    """The service, and then the control, on each kind of database."""
    plan = [(kind, hasty, control_rounds if hasty else rounds) for kind in kinds for hasty in (False, True)]
    tallies = []
    with Progress(console=console, transient=True) as progress:
        task = progress.add_task("deaths", total=sum(count for _, _, count in plan))
        for kind, hasty, count in plan:
            with ExitStack() as stack:
                folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="chaos-")))
                url = stack.enter_context(database(kind, folder))
                town = stack.enter_context(opened(folder, url, hasty=hasty))
                tallies.append(play(town, seed, count, lambda: progress.advance(task)))
    return tallies


def is_good(tally: Tally) -> bool:
    """Of the service that nothing was found, of the control that something was lost."""
    return bool(tally.findings.lost) if tally.program == "control" else tally.findings.none


def show(tallies: Sequence[Tally], seed: int) -> None:
    """For people."""
    rows: dict[str, Any] = {
        "deaths": lambda tally: f"{tally.rounds} ({tally.workers_killed} of one worker)",
        "sent": lambda tally: f"{tally.sent:,}",
        "acknowledged": lambda tally: f"{tally.acknowledged:,}",
        "in doubt at the death": lambda tally: f"{tally.in_doubt:,}",
        "… and written down": lambda tally: f"{tally.in_doubt_written:,}",
        "sent again": lambda tally: f"{tally.resent:,}",
        "acknowledged and lost": lambda tally: str(len(tally.findings.lost)),
        "accepted twice": lambda tally: str(len(tally.findings.doubled)),
        "strange": lambda tally: str(len(tally.findings.strange)),
        "audit verify: complaints": lambda tally: str(len(tally.findings.log)),
        "as it should be": lambda tally: "yes" if is_good(tally) else "no",
    }
    names = [f"{tally.database}, {tally.program}" for tally in tallies]
    table = Table("", *names, title=f"seed {seed}", title_justify="left")
    for words, of in rows.items():
        table.add_row(words, *(of(tally) for tally in tallies))
    console.print(table)
    for tally in tallies:
        if not is_good(tally):
            console.print(json.dumps(tally.to_json()), markup=False, soft_wrap=True)


def main(
    *,
    rounds: Annotated[int, typer.Option(help="Deaths of the service on each database.", min=1)] = 20,
    control_rounds: Annotated[int, typer.Option(help="Deaths of the control on each.", min=1)] = 3,
    only: Annotated[
        list[Database] | None, typer.Option("--database", help="Default: both.", show_default=False)
    ] = None,
    seed: Annotated[int | None, typer.Option(help="Default: a new one.", show_default=False)] = None,
    report_file: Annotated[Path, typer.Option(help="Where to write the report.")] = Path("var/chaos/service.json"),
) -> None:
    """Kill. Example: python -m tests.chaos.service --rounds 100 --database postgresql --seed 7."""
    chosen = secrets.randbelow(2**31) if seed is None else seed
    console.print(f"seed {chosen}")
    tallies = campaign(only or list(Database), chosen, rounds, control_rounds)
    report = {"seed": chosen, "good": all(map(is_good, tallies)), "runs": [tally.to_json() for tally in tallies]}
    report_file.parent.mkdir(parents=True, exist_ok=True)
    report_file.write_text(json.dumps(report, indent=2) + "\n")
    show(tallies, chosen)
    console.print(f"written to {report_file}")
    if not report["good"]:
        raise typer.Exit(1)


if __name__ == "__main__":
    typer.run(main)
