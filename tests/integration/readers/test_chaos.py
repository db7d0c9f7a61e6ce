"""Two hundred of the faults that ``make chaos-readers`` makes ten thousand of."""

from __future__ import annotations

import json
import secrets
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = [pytest.mark.needs("pcscd", "vpcd", "unshare", "pyscard"), pytest.mark.timeout(300)]

REPOSITORY = Path(__file__).parents[3]


@pytest.mark.usefixtures("private_pcscd")
def test_a_hundred_faults_on_each_of_two_pcscd(tmp_path: Path) -> None:
    seed, report = secrets.randbelow(2**31), tmp_path / "report.json"
    command = (sys.executable, "-m", "tests.chaos.readers", "--faults", "200", "--lanes", "2", "--seed", str(seed))
    done = subprocess.run(
        (*command, "--report-file", str(report)), cwd=REPOSITORY, capture_output=True, text=True, check=False
    )
    seen = json.loads(report.read_text())
    wrong = ("hangs", "escapes", "deaths", "neighbour_failures", "not_recovered", "leaked_handles")
    assert {name: seen[name] for name in wrong if seen[name]} == {}, f"seed {seed}\n{done.stdout}"
    assert (seen["faults"], seen["monitor_right"]) == (200, True), f"seed {seed}\n{done.stdout}{done.stderr}"
