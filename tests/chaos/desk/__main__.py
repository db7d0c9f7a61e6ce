"""``make desk-day``: a scripted day at the issuing desk; writes var/chaos/desk.json."""

from __future__ import annotations

import json
import secrets
import sys
import tempfile
from pathlib import Path
from typing import Annotated, Final

import typer
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from tests.chaos.desk.day import THREE_MINUTES, Evening, spend
from tests.chaos.desk.memory import share_one_heap

console: Final = Console(width=None if sys.stdout.isatty() else 130)


def show(evening: Evening) -> None:
    """For people."""
    table = Table("", "", title=f"seed {evening.seed}, readers: {evening.transport}", title_justify="left")
    table.add_row("applications", f"{evening.applications} in {evening.seconds:.0f} s")
    table.add_row("the service was killed", str(evening.lives - 1))
    table.add_row("the network was cut", str(evening.cuts))
    for fault, count in sorted(evening.faults.items()):
        table.add_row(f"fault: {fault}", str(count))
    table.add_row("memory grown by", f"{evening.growth.resident / 2**20:.1f} MB, {evening.growth.objects} objects")
    for who, times in evening.milliseconds.items():
        table.add_row(f"milliseconds a card, {who}", ", ".join(f"{name} {value}" for name, value in times.items()))
    took = evening.person_to_card
    measured = "not measured" if took is None else f"{took / 1000:.1f} s"
    limit = f"of at most {THREE_MINUTES // 1000} s: {'in time' if evening.in_time else 'TOO SLOW'}"
    table.add_row("from a person to their card in force, the median", f"{measured} {limit}")
    table.add_row("wrong in the evening", str(len(evening.wrong)))
    console.print(table)
    for line in evening.wrong:
        console.print(line, markup=False, soft_wrap=True)


def main(
    *,
    applications: Annotated[int, typer.Option(help="For both clerks together.", min=10)] = 200,
    seed: Annotated[int | None, typer.Option(help="Default: a new one.", show_default=False)] = None,
    in_process: Annotated[bool, typer.Option(help="Readers in this process, no pcscd.")] = False,
    report_file: Annotated[Path, typer.Option(help="Where to write the report.")] = Path("var/chaos/desk.json"),
) -> None:
    """Spend a day. Example: python -m tests.chaos.desk --applications 40 --seed 7."""
    chosen = secrets.randbelow(2**31) if seed is None else seed
    console.print(f"seed {chosen}")
    share_one_heap()
    with tempfile.TemporaryDirectory(prefix="desk-day-") as name, Progress(console=console, transient=True) as progress:
        folder = Path(name)
        task = progress.add_task("cards", total=applications)
        url = f"sqlite:///{folder / 'cards.db'}"
        evening = spend(folder, url, chosen, applications, lambda: progress.advance(task), in_process=in_process)
    report_file.parent.mkdir(parents=True, exist_ok=True)
    report_file.write_text(json.dumps(evening.to_json(), indent=2) + "\n")
    show(evening)
    console.print(f"written to {report_file}")
    if not (evening.good and evening.in_time):
        raise typer.Exit(1)


if __name__ == "__main__":
    typer.run(main)
