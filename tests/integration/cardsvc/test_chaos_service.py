"""One death of those that ``make chaos-service`` deals many of; and the control, on each database."""

from __future__ import annotations

import secrets
from pathlib import Path

import pytest

from tests.chaos.service.__main__ import is_good
from tests.chaos.service.rounds import opened, play


@pytest.mark.parametrize("hasty", [False, True], ids=["the service", "one that answers too soon"])
def test_what_was_acknowledged_is_in_the_audit_log_once(
    empty_database_url: str, tmp_path: Path, *, hasty: bool
) -> None:
    seed = secrets.randbelow(2**31)
    with opened(tmp_path, empty_database_url, hasty=hasty, proofs=120) as town:
        tally = play(town, seed, 1)
    assert is_good(tally), f"seed {seed}: {tally}"
    assert (tally.rounds, tally.findings.doubled, tally.findings.log) == (1, [], [])
    assert tally.acknowledged >= 20
    assert tally.resent > tally.in_doubt
