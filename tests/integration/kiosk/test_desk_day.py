"""A minute of what ``make desk-day`` does all day: two clerks, faults at random, and the evening's judgement."""

from __future__ import annotations

import secrets
from pathlib import Path

import pytest
import typer

from tests.chaos.desk import __main__ as campaign
from tests.chaos.desk.day import PERSON_TO_CARD, THREE_MINUTES, Evening, spend


def test_a_short_day_at_the_desk(tmp_path: Path) -> None:
    seed = secrets.randbelow(2**31)
    evening = spend(tmp_path, f"sqlite:///{tmp_path / 'cards.db'}", seed, 12, in_process=True)
    assert not evening.wrong, f"seed {seed}: {evening}"  # twelve are too few to tell what memory holds
    assert sum(evening.faults.values()) == 12
    assert evening.milliseconds["desk"]["card"] > 0


@pytest.mark.parametrize(
    ("took", "refused"),
    [(THREE_MINUTES, False), (THREE_MINUTES + 1, True), (None, True)],
    ids=["in-time", "late", "no"],
)
def test_a_day_on_which_a_card_took_longer_than_three_minutes_fails(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, took: float | None, *, refused: bool
) -> None:
    times = {} if took is None else {"desk": {PERSON_TO_CARD: took}}
    evening = Evening(1, "in process", 10, milliseconds=times)
    monkeypatch.setattr(campaign, "spend", lambda *_, **__: evening)
    ended = 0
    try:
        campaign.main(applications=10, seed=1, in_process=True, report_file=tmp_path / "desk.json")
    except typer.Exit as end:
        ended = end.exit_code
    assert bool(ended) is refused
    assert f'"in_time": {str(not refused).lower()}' in (tmp_path / "desk.json").read_text()
