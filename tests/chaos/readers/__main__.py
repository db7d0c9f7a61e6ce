"""``make chaos-readers``: random faults on several private pcscd side by side; writes var/chaos/readers.json.

A lane is a process with a pcscd of its own. What happens at step n of a seed is always the same: repeat it with
``--seed S --first N --faults 1``.
"""

from __future__ import annotations

import json
import queue
import secrets
import subprocess
import sys
import threading
from collections import Counter
from pathlib import Path
from typing import Annotated, Any, Final

import typer
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from readers.virtual.pcscd import unavailable_reason
from tests.chaos.readers.lane import HANG_SECONDS, Lane, as_json

console: Final = Console()
_RECOVERY_AIM: Final = 2.0
_MEMORY_AIM_KB: Final = 8_192
_LISTS: Final = {
    "hangs": f"calls over {HANG_SECONDS:.0f} s",
    "escapes": "errors without a type",
    "deaths": "processes that died",
    "neighbour_failures": "the other reader disturbed",
    "not_recovered": "not recovered",
}

Said = queue.SimpleQueue[dict[str, Any]]


def run_lane(seed: int, numbers: range) -> None:
    """In a lane's process: a line of JSON for each step, and one for the result."""
    with Lane(seed, lambda number: print(json.dumps({"step": number}), flush=True)) as lane:  # noqa: T201 - to parent
        result = as_json(lane.run(numbers))
    print(json.dumps({"result": result}), flush=True)  # noqa: T201 - to the parent


def follow_lane(seed: int, numbers: range, said: Said) -> None:
    """Run a lane and pass on what it says; its death is a result too."""
    bounds = ("--first", str(numbers.start), "--faults", str(len(numbers)))
    command = (sys.executable, "-m", "tests.chaos.readers", "--seed", str(seed), *bounds, "--in-lane")
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as lane:
        for line in lane.stdout or ():
            said.put(json.loads(line))
    if lane.returncode:
        said.put({"result": {"deaths": [f"lane from {numbers.start}: status {lane.returncode}"]}})


def campaign(seed: int, first: int, faults: int, lanes: int) -> list[dict[str, Any]]:
    """The result of each lane."""
    said: Said = queue.SimpleQueue()
    size = -(-faults // lanes)
    ranges = [range(first + begin, first + min(begin + size, faults)) for begin in range(0, faults, size)]
    for numbers in ranges:
        threading.Thread(target=follow_lane, args=(seed, numbers, said), daemon=True).start()
    results: list[dict[str, Any]] = []
    with Progress(console=console, transient=True) as progress:
        task = progress.add_task("faults", total=faults)
        while len(results) < len(ranges):
            message = said.get()
            if "result" in message:
                results.append(message["result"])
            else:
                progress.advance(task)
    return results


def summary(seed: int, results: list[dict[str, Any]]) -> dict[str, Any]:
    """All lanes together."""
    slowest = max(results, key=lambda result: float(result.get("slowest_recovery", 0)))
    return {
        "seed": seed,
        "lanes": len(results),
        "faults": sum(result.get("faults", 0) for result in results),
        "happened_in_card": sum(result.get("happened", 0) for result in results),
        **{name: [entry for result in results for entry in result.get(name, ())] for name in _LISTS},
        "leaked_handles": sum(result.get("leaked_handles", 0) for result in results),
        "memory_growth_kb": max(result.get("memory_growth_kb", 0) for result in results),
        "pcscd_growth_kb": max(result.get("daemon_growth_kb", 0) for result in results),
        "monitor_right": all(result.get("monitor_right", False) for result in results),
        "slowest_recovery_seconds": round(slowest.get("slowest_recovery", 0), 3),
        "slowest_recovery_after": slowest.get("slowest_recovery_after", ""),
        "seconds": round(max(result.get("seconds", 0) for result in results), 1),
        "by_trouble": _added(results, "by_trouble"),
        "outcomes": _added(results, "outcomes"),
    }


def is_good(report: dict[str, Any]) -> bool:
    """Whether the aims are met."""
    return (
        not any(report[name] for name in _LISTS)
        and not report["leaked_handles"]
        and report["monitor_right"]
        and report["memory_growth_kb"] <= _MEMORY_AIM_KB
        and report["slowest_recovery_seconds"] <= _RECOVERY_AIM
    )


def show(report: dict[str, Any]) -> None:
    """For people."""
    title = f"{report['faults']} faults, {report['lanes']} pcscd side by side, seed {report['seed']}"
    table = Table("", "seen", "aim", title=title, title_justify="left")
    for name, words in _LISTS.items():
        table.add_row(words, str(len(report[name])), "0")
    table.add_row("leaked handles", str(report["leaked_handles"]), "0")
    table.add_row("memory growth, kB (worst lane)", str(report["memory_growth_kb"]), f"≤ {_MEMORY_AIM_KB}")
    table.add_row("pcscd's own growth, kB", str(report["pcscd_growth_kb"]), "-")
    table.add_row("monitor right at the end", "yes" if report["monitor_right"] else "no", "yes")
    recovery = f"{report['slowest_recovery_seconds']} s, after step {report['slowest_recovery_after']}"
    table.add_row("slowest recovery", recovery, f"≤ {_RECOVERY_AIM:.0f} s")
    console.print(table)
    for name in _LISTS:
        for entry in report[name]:
            console.print(f"{name}: {entry}", markup=False)


def _added(results: list[dict[str, Any]], name: str) -> dict[str, int]:
    total: Counter[str] = Counter()
    for result in results:
        total.update(result.get(name, {}))
    return dict(total.most_common())


def main(
    *,
    faults: Annotated[int, typer.Option(help="How many.", min=1)] = 10_000,
    lanes: Annotated[int, typer.Option(help="How many pcscd side by side.", min=1)] = 4,
    seed: Annotated[int | None, typer.Option(help="Default: a new one.", show_default=False)] = None,
    first: Annotated[int, typer.Option(help="Number of the first step.")] = 0,
    in_lane: Annotated[bool, typer.Option("--in-lane", hidden=True)] = False,
    report_file: Annotated[Path, typer.Option(help="Where to write the report.")] = Path("var/chaos/readers.json"),
) -> None:
    """Let faults happen. Example: python -m tests.chaos.readers --faults 1000 --seed 7."""
    chosen = secrets.randbelow(2**31) if seed is None else seed
    if in_lane:
        run_lane(chosen, range(first, first + faults))
        return
    if reason := unavailable_reason():
        console.print(reason)
        raise typer.Exit(2)
    console.print(f"seed {chosen}")
    report = summary(chosen, campaign(chosen, first, faults, min(lanes, faults)))
    report_file.parent.mkdir(parents=True, exist_ok=True)
    report_file.write_text(json.dumps(report, indent=2) + "\n")
    show(report)
    console.print(f"written to {report_file}")
    if not is_good(report):
        raise typer.Exit(1)


if __name__ == "__main__":
    typer.run(main)
