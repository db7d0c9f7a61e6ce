"""``make fuzz-api``: schemathesis over the whole API, on both databases, with credentials and without them."""

from __future__ import annotations

import argparse
import json
import secrets
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, Final

from rich.console import Console
from rich.table import Table

from tests.fixtures import postgres
from tests.fuzz.api.running import Outcome, look
from tests.fuzz.api.world import LOG, standing

FOLDER: Final = Path("var/fuzz")
_WITHOUT: Final = ("--phases", "coverage,fuzzing", "-n", "5")
"""Nobody gets far without credentials: each operation is looked at in all ways, and then it is enough."""
DATABASES: Final = ("sqlite", "postgresql")


def main() -> int:
    """Exit status 1 when anything was found, or a run came to nothing."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=int, default=300, help="for each database, with credentials, by the clock")
    parser.add_argument("--seed", type=int, default=secrets.randbelow(2**32), help="to see the same again")
    parser.add_argument("--database", action="append", choices=DATABASES, help="default: both")
    given = parser.parse_args()
    console, runs = Console(), []
    FOLDER.mkdir(parents=True, exist_ok=True)
    table = Table("database", "credentials", "operations", "cases", "found", title=f"seed {given.seed}")
    for database in given.database or DATABASES:
        for credentials in (True, False):
            options = ("--max-time", str(given.seconds)) if credentials else _WITHOUT
            with console.status(f"{database}, {_told(credentials)} credentials …"):
                outcome = fuzz(database, options, given.seed, credentials=credentials)
            runs.append(_summary(database, credentials, outcome))
            table.add_row(
                *(database, _told(credentials), str(outcome.operations), f"{outcome.cases:,}"),
                "\n".join(outcome.found) or "-",
            )
    console.print(table)
    (FOLDER / "api.json").write_text(json.dumps({"seed": given.seed, "runs": runs}, indent=2))
    console.print(f"what was done is in {FOLDER / 'api.json'}, what schemathesis said in {FOLDER}/api-*.log")
    return 1 if any(run["found"] for run in runs) else 0


def fuzz(database: str, options: Sequence[str], seed: int, *, credentials: bool) -> Outcome:
    """Found a city on this database and look at it."""
    name = f"api-{database}-{_told(credentials)}"
    with ExitStack() as stack:
        room = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="cards-fuzz-")))
        world = stack.enter_context(standing(room, stack.enter_context(_database(database, room))))
        outcome = look(world, room / "st", (*options, "--seed", str(seed)), credentials=credentials)
        (FOLDER / f"{name}.service.log").write_text((room / LOG).read_text())
    (FOLDER / f"{name}.log").write_text(outcome.log)
    return outcome


@contextmanager
def _database(kind: str, room: Path) -> Iterator[str]:
    if kind == "sqlite":
        yield f"sqlite:///{room / 'cards.db'}"
        return
    with postgres.room() as place, postgres.start(place).database() as url:
        yield url


def _told(credentials: bool) -> str:  # noqa: FBT001 (what a yes is called)
    return "with" if credentials else "without"


def _summary(database: str, credentials: bool, outcome: Outcome) -> dict[str, Any]:  # noqa: FBT001
    return {
        "database": database,
        "credentials": credentials,
        "operations": outcome.operations,
        "cases": outcome.cases,
        "seconds": outcome.report["running_time"],
        "phases": outcome.report["phases"],
        "found": outcome.found,
        "failures": outcome.report["failures"],
        "warnings": outcome.report["warnings"],
    }


if __name__ == "__main__":
    sys.exit(main())
