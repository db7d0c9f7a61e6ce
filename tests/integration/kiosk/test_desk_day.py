"""A minute of what ``make desk-day`` does all day: two clerks, faults at random, and the evening's judgement."""

from __future__ import annotations

import secrets
from pathlib import Path

from tests.chaos.desk.day import spend


def test_a_short_day_at_the_desk(tmp_path: Path) -> None:
    seed = secrets.randbelow(2**31)
    evening = spend(tmp_path, f"sqlite:///{tmp_path / 'cards.db'}", seed, 12, in_process=True)
    assert evening.good, f"seed {seed}: {evening}"
    assert sum(evening.faults.values()) == 12
    assert evening.milliseconds["desk"]["card"] > 0
