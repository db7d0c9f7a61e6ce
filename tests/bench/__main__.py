"""``make bench``: measures, prints tables, writes var/bench/report.json."""

from __future__ import annotations

import json
import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from kiosk.city.founding import Plan, found, open_service
from kiosk.city.issuing import STOCK_NUMBER, issue
from kiosk.city.stage import CardFiles, Stage, Transport, open_stage
from tests.bench import authenticating, costs, parsing, tapping
from tests.fixtures import postgres

console = Console(width=None if sys.stdout.isatty() else 130)


@contextmanager
def memory_folder() -> Iterator[Path]:
    """A folder in memory where there is a file system for it.

    Cards write down every PIN try before they compare, and it is not the disk that is measured.
    """
    memory = Path("/dev/shm")  # noqa: S108 - a directory of our own is made in it
    with tempfile.TemporaryDirectory(prefix="bench-", dir=memory if memory.is_dir() else None) as folder:
        yield Path(folder)


def bench_cards(rounds: int) -> tuple[dict[str, Any], dict[str, Any]]:
    """A tap and the other operations, ours and yubikit's; on one pcscd, as libpcsclite finds its socket only once."""
    with memory_folder() as folder, open_stage(folder, Transport.PCSC) as stage:
        tap = bench_tap(stage, folder, rounds)
        with console.status("counting what cards cost …"):
            return tap, costs.measure(stage, folder, rounds)


def bench_tap(stage: Stage, folder: Path, rounds: int) -> dict[str, Any]:
    """A card issued by the service, tapped by us and by yubikit."""
    plan = Plan.for_folder(folder)
    card = CardFiles.named(folder, STOCK_NUMBER)
    found(plan)
    with open_service(plan):
        issue(plan, stage, card)
    with Progress(console=console, transient=True) as progress:
        task = progress.add_task("tapping", total=rounds)
        return tapping.compare(stage, card, rounds, lambda: progress.advance(task))


def bench_authentication(database: str, database_url: str, proofs: int) -> dict[str, Any]:
    """The service on one database."""
    with console.status(f"authenticating on {database} …"), tempfile.TemporaryDirectory(prefix="bench-") as folder:
        return authenticating.measure(Path(folder), database_url, proofs)


def show_cards(report: dict[str, Any]) -> None:
    """What a tap and the other operations cost."""
    tap = report["tap"]
    taps = Table(
        "", "APDUs", "sent", "received", "median ms", title="Tap, same card, same reader", title_justify="left"
    )
    for who in ("ours", "yubikit"):
        taps.add_row(who, *(str(tap[who][key]) for key in ("apdus", "bytes_sent", "bytes_received", "median_ms")))
    console.print(taps, f"ours / yubikit = {tap['ratio_ms']}")
    costs.show(report["cost"], console)


def show_rates(report: dict[str, Any]) -> None:
    """What the service gets done."""
    rates = Table("", "per second", "of empty endpoint", "p99 ms", title="Authentications")
    for database, result in report["authentication"].items():
        rates.add_row(database, *(str(result[key]) for key in ("per_second", "of_empty_endpoint", "p99_ms")))
    console.print(rates)


def main(
    rounds: Annotated[int, typer.Option(help="Taps of each contender.")] = 300,
    proofs: Annotated[int, typer.Option(help="Authentications on each database.")] = 3000,
    report_file: Annotated[Path, typer.Option(help="Where to write the report.")] = Path("var/bench/report.json"),
) -> None:
    """Measure taps, parsers and authentications. Example: python -m tests.bench --rounds 100 --proofs 1000."""
    os.environ["CARDSVC_RATE_LIMITS"] = "none"  # one caller does here what a whole city does
    report = json.loads(report_file.read_text()) if report_file.exists() else {}
    report["tap"], report["cost"] = bench_cards(rounds)
    show_cards(report)  # the rest takes its time
    report["parsers"] = parsing.measure()
    parsing.show(report["parsers"], console)
    report["authentication"] = {"sqlite": bench_authentication("sqlite", "", proofs)}
    with postgres.room() as room, postgres.start(room).database() as url:
        report["authentication"]["postgresql"] = bench_authentication("postgresql", url, proofs)
    report_file.parent.mkdir(parents=True, exist_ok=True)
    report_file.write_text(json.dumps(report, indent=2) + "\n")
    show_rates(report)
    console.print(f"written to {report_file}")


if __name__ == "__main__":
    typer.run(main)
