"""``make fuzz``: every target in turn, in a process of its own; what it finds is kept as a file and shown.

A finding becomes a regression vector when it is copied to ``tests/unit/readers/regressions/TARGET/``, with a name that
says what it was. The corpus stays in ``var/fuzz``, so the next run goes on where this one ended.
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from rich.console import Console
from rich.table import Table

from tests.fuzz.targets import TARGETS

FOLDER: Final = Path("var/fuzz")
REGRESSIONS: Final = Path("tests/unit/readers/regressions")
LONGEST: Final = 70_000
"""Bytes: a little more than the longest answer of a reader."""
LIMITS: Final = ("-rss_limit_mb=1024", "-malloc_limit_mb=64", "-timeout=10", f"-max_len={LONGEST}")
_DONE: Final = re.compile(r"Done (\d+) runs")
_COVERED: Final = re.compile(r"cov: (\d+)")


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one target."""

    runs: int
    branches: int
    findings: tuple[Path, ...]
    log: Path
    failed: bool
    """It ended before its time, with or without a finding."""


def main() -> int:
    """Exit status 1 when anything was found."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("targets", nargs="*", choices=[*TARGETS, []], help="default: all")
    parser.add_argument("--seconds", type=int, default=60, help="for each target")
    given = parser.parse_args()
    table = Table("target", "runs", "branches", "found")
    console, outcomes = Console(), {}
    for name in given.targets or TARGETS:
        with console.status(f"{name}, for {given.seconds} s …"):
            outcomes[name] = outcome = fuzz(name, given.seconds)
        table.add_row(name, f"{outcome.runs:,}", str(outcome.branches), _told(outcome))
    console.print(table)
    bad = [outcome for outcome in outcomes.values() if outcome.failed]
    if bad:
        console.print(f"see {', '.join(str(outcome.log) for outcome in bad)}; copy what is found to {REGRESSIONS}")
    return 1 if bad else 0


def fuzz(name: str, seconds: int) -> Outcome:
    """Run one target for so long, or until it finds something."""
    corpus, found = FOLDER / name, FOLDER / "found" / name
    for folder in (corpus, found):
        folder.mkdir(parents=True, exist_ok=True)
    log = FOLDER / f"{name}.log"
    before = set(found.iterdir())
    done = _run((name, str(corpus), f"-max_total_time={seconds}", f"-artifact_prefix={found}/", *LIMITS), log)
    text = log.read_text(errors="replace")
    runs, covered = _DONE.search(text), _COVERED.findall(text)
    return Outcome(
        int(runs[1]) if runs else 0,
        int(covered[-1]) if covered else 0,
        tuple(sorted(set(found.iterdir()) - before)),
        log,
        failed=done != 0,
    )


def _run(arguments: Sequence[str], log: Path) -> int:
    with log.open("wb") as output:
        command = (sys.executable, "-m", "tests.fuzz.one", *arguments)
        return subprocess.run(command, stdout=output, stderr=output, check=False).returncode


def _told(outcome: Outcome) -> str:
    return " ".join(str(file) for file in outcome.findings) or ("ended too early" if outcome.failed else "-")


if __name__ == "__main__":
    sys.exit(main())
