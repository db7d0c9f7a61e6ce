"""``make bench``: measures, prints tables, writes var/bench/report.json."""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Final

import typer
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from kiosk.city.founding import Plan, found, open_service
from kiosk.city.issuing import STOCK_NUMBER, issue
from kiosk.city.stage import CardFiles, Stage, Transport, open_stage
from tests.bench import authenticating, costs, drawing, fleet, parsing, tapping
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


def bench_authentication(proofs: int) -> dict[str, list[dict[str, Any]]]:
    """The service with one process on SQLite, and with two on PostgreSQL."""
    rates = {"sqlite": _bench_database("sqlite", "", proofs, 1, ())}
    with postgres.room() as room, postgres.start(room).database() as url:
        rates["postgresql"] = _bench_database("postgresql", url, proofs, 2, (postgres.pid_of(room),))
    return rates


def _bench_database(
    name: str, url: str, proofs: int, workers: int, database_pids: tuple[int, ...]
) -> list[dict[str, Any]]:
    with console.status(f"authenticating on {name} …"), tempfile.TemporaryDirectory(prefix="bench-") as folder:
        return authenticating.measure(Path(folder), url, proofs, workers, database_pids)


def bench_fleet(kiosks: int, revocations: int) -> dict[str, Any]:
    """One process of the service, on each database."""
    with postgres.room() as room, postgres.start(room).database() as url:
        return {
            name: _bench_fleet(name, address, kiosks, revocations)
            for name, address in {"sqlite": "", "postgresql": url}.items()
        }


def _bench_fleet(name: str, url: str, kiosks: int, revocations: int) -> dict[str, Any]:
    with console.status(f"{kiosks} kiosks on {name} …"), tempfile.TemporaryDirectory(prefix="bench-") as folder:
        return fleet.measure(Path(folder), url, kiosks, revocations)


def bench_drawing(rounds: int) -> dict[str, Any]:
    """A city with all its departments, and its kiosk's screen in Chromium."""
    with console.status("tapping at the screen …"), memory_folder() as folder:
        return drawing.measure(folder, rounds)


def show_fleet(results: dict[str, Any]) -> None:
    """How long a revoked card could still have been taken somewhere."""
    columns = ("kiosks", "revocations", "acknowledged_by_all", "seen", "median_s", "p99_s", "longest_s")
    table = Table("", *columns, "heartbeats_per_second", title="Revocations at kiosks", title_justify="left")
    for database, result in results.items():
        table.add_row(database, *(str(result[key]) for key in (*columns, "heartbeats_per_second")))
    console.print(table)


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


def show_rates(rates: dict[str, list[dict[str, Any]]]) -> None:
    """What the service gets done."""
    table = Table("", title="Authentications at a department's reader", title_justify="left")
    for heading in COLUMNS:
        table.add_column(heading, justify="right")
    for database, results in rates.items():
        for result in results:
            table.add_row(database, *(str(result[key]) for key in COLUMNS.values()))
    console.print(table, "processor: of server and database, per request; records: of both together")


COLUMNS: Final = {
    "at once": "connections",
    "of empty endpoint": "of_empty_endpoint",
    "per second": "per_second",
    "empty per second": "empty_per_second",
    "processes": "processes",
    "p50 ms": "p50_ms",
    "p99 ms": "p99_ms",
    "processor us": "processor_us",
    "empty's": "empty_processor_us",
    "client's": "client_us",
    "answers = records": "audit_records",
}


class Part(StrEnum):
    """What can be measured by itself."""

    CARDS = "cards"
    PARSERS = "parsers"
    AUTHENTICATION = "authentication"
    FLEET = "fleet"
    DRAWING = "drawing"


def main(
    *,
    rounds: Annotated[int, typer.Option(help="Taps of each contender.")] = 300,
    proofs: Annotated[int, typer.Option(help="Authentications on each database.")] = 20_000,
    kiosks: Annotated[int, typer.Option(help="Kiosks at one service.")] = 500,
    revocations: Annotated[int, typer.Option(help="Cards revoked on each database, one after the other.")] = 10,
    screens: Annotated[int, typer.Option(help="Taps at a screen in each of its two sizes.")] = 100,
    part: Annotated[list[Part] | None, typer.Option(help="Only this; may be given again. All unless given.")] = None,
    report_file: Annotated[Path, typer.Option(help="Where to write the report.")] = Path("var/bench/report.json"),
) -> None:
    """Measure taps, parsers, authentications, a fleet, the screen. Example: python -m tests.bench --part drawing."""
    report = json.loads(report_file.read_text()) if report_file.exists() else {}
    parts = part or list(Part)
    if Part.CARDS in parts:
        report["tap"], report["cost"] = bench_cards(rounds)
        show_cards(report)  # the rest takes its time
    if Part.PARSERS in parts:
        report["parsers"] = parsing.measure()
        parsing.show(report["parsers"], console)
    if Part.AUTHENTICATION in parts:
        report["authentication"] = bench_authentication(proofs)
        show_rates(report["authentication"])
    if Part.FLEET in parts:
        report["fleet"] = bench_fleet(kiosks, revocations)
        show_fleet(report["fleet"])
    if Part.DRAWING in parts:
        report["drawing"] = bench_drawing(screens)
        drawing.show(report["drawing"], console)
    report_file.parent.mkdir(parents=True, exist_ok=True)
    report_file.write_text(json.dumps(report, indent=2) + "\n")
    console.print(f"written to {report_file}")


if __name__ == "__main__":
    typer.run(main)
