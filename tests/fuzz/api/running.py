"""One run of schemathesis, in a process of its own, and what it found."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from tests.fuzz.api.world import World

ROOT: Final = Path(__file__).parents[3]
ACCEPTED: Final = ("2xx", "401", "403", "404", "409", "410", "422")
"""How something that the document allows may be answered: it may be refused for what it means. That 422 does not stand
for a malformed request, `hooks.schema_valid_is_well_formed` sees to."""
EXCEPTIONS: Final[Mapping[str, tuple[str, str]]] = {
    "askStatus": ("negative_data_rejection", "RFC 6960 answers what is no request with 200 and malformedRequest"),
    "askStatusByUrl": ("negative_data_rejection", "likewise"),
}
"""Checks that cannot hold for an operation, and why. All others hold for all."""
NOTHING_TRIED: Final = "Nothing was tried: the time was over before the first case, or all was skipped"
"""The time of ``--max-time`` goes by while cases are thought of, too; a busy machine may need all of it for that."""
_LIKELY: Final = 0.7
"""How often a value that means something in the city is taken instead of a random one."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a run."""

    report: Mapping[str, Any]
    log: str

    @property
    def found(self) -> list[str]:
        """Each kind of failure, with the operations that have it. That nothing was tried is one, too."""
        failures = [f"{one['title']}: {', '.join(one['operations'])}" for one in self.report["failures"]]
        errors = [f"{one['title']} ({one['count']})" for one in self.report["errors"]]
        return failures + errors + ([] if self.operations and self.cases else [NOTHING_TRIED])

    @property
    def cases(self) -> int:
        return int(self.report["test_cases"]["generated"])

    @property
    def operations(self) -> int:
        """How many were tested; none where it did not come so far as to count them."""
        return int((self.report["operations"] or {"tested": 0})["tested"])


def look(world: World, folder: Path, options: Sequence[str], *, credentials: bool) -> Outcome:
    """Let schemathesis look at the whole API, with these options of ``st run``. The folder is for what it writes."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "tokens.json").write_text(json.dumps(world.tokens if credentials else {}))
    (folder / "schemathesis.toml").write_text("\n".join(_configuration(world)))
    command = (
        *(str(Path(sys.executable).with_name("st")), "--config-file", "schemathesis.toml", "--no-color"),
        *("run", f"{world.url}/openapi.json", "--url", world.url, "--continue-on-failure"),
        *("--report", "json", "--report-json-path", "report.json", *options),
    )
    known = os.environ | {"FUZZ_API_TOKENS": str(folder / "tokens.json"), "PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, cwd=folder, env=known, capture_output=True, text=True, check=False)
    try:
        return Outcome(json.loads((folder / "report.json").read_text()), done.stdout + done.stderr)
    except (OSError, ValueError):
        raise RuntimeError(f"schemathesis did not come to an end:\n{done.stdout}{done.stderr}") from None


def _configuration(world: World) -> Iterator[str]:
    """TOML; its strings and lists are written as JSON's are."""
    yield 'hooks = "tests.fuzz.api.hooks"'
    yield "[checks]"
    yield f"positive_data_acceptance.expected-statuses = {json.dumps(ACCEPTED)}"
    for name, values in world.names.items():
        yield f"[dictionaries.{name}]\nvalues = {json.dumps(values)}"
    yield "[parameters]"
    for name in world.names:
        for place in ("path", "query", "body"):
            yield f'"{place}.{name}" = {{ dictionary = "{name}", probability = {_LIKELY} }}'
    for operation, (check, _) in EXCEPTIONS.items():
        yield f'[[operations]]\ninclude-operation-id = "{operation}"\nchecks.{check}.enabled = false'
