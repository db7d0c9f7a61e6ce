"""``make attack``: forges proofs and tokens by the hundred thousand; writes var/attack/report.json.

Each attack is first made without its sting, and must be accepted like that. What is forged is a function of the seed:
what was accepted is named in the report, and happens again with the same seed.
"""

from __future__ import annotations

import json
import logging
import secrets
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, Final

import httpx
import structlog
import typer
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from tests.attack import on_card_signatures, on_challenges, on_numbers, on_proofs
from tests.attack.campaign import Campaign, Result
from tests.attack.codes import Codes
from tests.attack.proofs import turnstiles
from tests.attack.readers import READERS
from tests.attack.sign_ins import SignIn
from tests.attack.strikes import Target
from tests.attack.taps import Journal
from tests.attack.visits import Exchange, Keeping
from tests.attack.webhooks import Receiver
from tests.attack.world import World, founded
from tests.fixtures.live import serving

console: Final = Console(width=None if sys.stdout.isatty() else 130)


def targets_of(world: World) -> list[Target[Any]]:
    """All that can be deceived."""
    readers = [reader(world) for reader in READERS]
    books = (on_proofs, on_challenges, on_numbers, on_card_signatures)
    on_cards = [attack for book in books for attack in book.attack.attacks]
    kiosks: list[Target[Any]] = [Exchange(world), Keeping(world), SignIn(world), Codes(world), Journal(world)]
    return [*turnstiles(world, on_cards), *readers, *kiosks, Receiver(world)]


def summary(seed: int, count: int, seconds: float, results: Sequence[Result]) -> dict[str, Any]:
    """What is kept."""
    return {
        "seed": seed,
        "count": count,
        "seconds": round(seconds, 1),
        "attacks": len(results),
        "controls": sum(result.controls for result in results),
        "controls_accepted": sum(result.controls_accepted for result in results),
        "strikes": sum(result.strikes for result in results),
        "over_http": sum(result.over_http for result in results),
        "accepted": sum(result.accepted + result.accepted_over_http for result in results),
        "holds": all(result.holds for result in results),
        "results": [result.to_json() for result in results],
    }


def show(report: dict[str, Any]) -> None:
    """For people: a row for each family of attacks on each target."""
    columns = ("target", "family", "attacks", "controls accepted", "forged", "over HTTP", "accepted")
    table = Table(*columns, title=f"seed {report['seed']}, {report['seconds']} s", title_justify="left")
    for (target, family), results in _grouped(report["results"]).items():
        controls = f"{_total(results, 'controls_accepted'):,} of {_total(results, 'controls'):,}"
        forged, over_http = (f"{_total(results, name):,}" for name in ("strikes", "over_http"))
        accepted = _total(results, "accepted") + _total(results, "accepted_over_http")
        table.add_row(target, family, str(len(results)), controls, forged, over_http, str(accepted))
    controls = f"{report['controls_accepted']:,} of {report['controls']:,}"
    whole = (
        str(report["attacks"]),
        controls,
        f"{report['strikes']:,}",
        f"{report['over_http']:,}",
        str(report["accepted"]),
    )
    table.add_section()
    table.add_row("all", "", *whole)
    console.print(table)
    for result in report["results"]:
        if not result["holds"]:
            console.print(f"does not hold: {json.dumps(result, ensure_ascii=False)}", markup=False, soft_wrap=True)


def _grouped(results: Sequence[dict[str, Any]]) -> dict[tuple[str, str], list[dict[str, Any]]]:
    groups: dict[tuple[str, str], list[dict[str, Any]]] = defaultdict(list)
    for result in results:
        groups[result["target"], result["family"]].append(result)
    return groups


def _total(results: Sequence[dict[str, Any]], name: str) -> int:
    return sum(result[name] for result in results)


def attack(seed: int, count: int, over_http: int, only: str) -> dict[str, Any]:
    """The whole campaign, in a city of its own."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    with tempfile.TemporaryDirectory(prefix="attack-") as folder, founded(Path(folder) / "world") as world:
        targets = [target for target in targets_of(world) if only in target.name]
        with (
            serving(world.city.transport.app) as address,
            httpx.Client(base_url=address, timeout=60) as client,
            Progress(console=console, transient=True) as progress,
        ):
            task = progress.add_task("attacks", total=sum(len(target.attacks) for target in targets))
            began = time.monotonic()
            campaign = Campaign(seed, count, client if over_http else None, over_http)
            results = campaign.run(targets, lambda result: progress.update(task, advance=1, description=result.target))
            return summary(seed, count, time.monotonic() - began, results)


def main(
    *,
    count: Annotated[int, typer.Option(help="Of each attack on each target.", min=1)] = 400,
    over_http: Annotated[int, typer.Option("--http", help="Of each, over a socket too.", min=0)] = 4,
    seed: Annotated[int | None, typer.Option(help="Default: a new one.", show_default=False)] = None,
    only: Annotated[str, typer.Option(help="Targets whose name holds this.")] = "",
    report_file: Annotated[Path, typer.Option(help="Where to write the report.")] = Path("var/attack/report.json"),
) -> None:
    """Attack. Example: python -m tests.attack --seed 7 --count 1000."""
    chosen = secrets.randbelow(2**31) if seed is None else seed
    console.print(f"seed {chosen}")
    report = attack(chosen, count, over_http, only)
    report_file.parent.mkdir(parents=True, exist_ok=True)
    report_file.write_text(json.dumps(report, indent=2, ensure_ascii=False) + "\n")
    show(report)
    console.print(f"written to {report_file}")
    if not report["holds"]:
        raise typer.Exit(1)


if __name__ == "__main__":
    typer.run(main)
