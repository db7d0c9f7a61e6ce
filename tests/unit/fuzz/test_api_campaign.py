"""A campaign against the API is good only when something was tried and nothing found."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.fuzz.api import __main__ as campaign
from tests.fuzz.api.running import NOTHING_TRIED, Outcome

Report = dict[str, Any]


def report(tested: int, cases: int, **more: Any) -> Report:
    """As ``st run --report json`` writes it."""
    return {
        "running_time": 60.0,
        "operations": {"total": 139, "selected": 139, "tested": tested, "errored": 0, "skipped": 139 - tested},
        "phases": None,
        "test_cases": {"generated": cases, "with_failures": 0},
        "failures": [],
        "errors": [],
        "warnings": [],
        **more,
    }


GOOD = report(139, 4000)
NOTHING = [report(0, 0), report(139, 0), report(0, 0, operations=None)]
"""The time was over before the first case; likewise, later; the document could not be read."""


def run(monkeypatch: pytest.MonkeyPatch, folder: Path, *reports: Report) -> int:
    """The campaign on one database, with these reports of its two runs."""
    outcomes = iter(reports)
    monkeypatch.chdir(folder)
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.setattr(sys, "argv", ["fuzz-api", "--database", "sqlite", "--seed", "7"])
    monkeypatch.setattr(campaign, "fuzz", lambda *_, **__: Outcome(next(outcomes), ""))
    return campaign.main()


def test_a_campaign_that_tried_much_and_found_nothing_is_good(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert run(monkeypatch, tmp_path, GOOD, GOOD) == 0


@pytest.mark.parametrize("nothing", NOTHING, ids=["no operation", "no case", "no document"])
@pytest.mark.parametrize("first", [True, False], ids=["with credentials", "without"])
def test_a_campaign_with_a_run_that_tried_nothing_is_not(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str], nothing: Report, *, first: bool
) -> None:
    reports = (nothing, GOOD) if first else (GOOD, nothing)

    assert run(monkeypatch, tmp_path, *reports) == 1
    assert "Nothing was tried" in capsys.readouterr().out
    runs = json.loads((tmp_path / "var/fuzz/api.json").read_text())["runs"]
    assert [run["found"] for run in runs] == [[NOTHING_TRIED] if one is nothing else [] for one in reports]


def test_what_is_found_is_told_with_its_operations(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    failure = {"title": "Server error", "operations": ["POST /v1/questions"], "count": 1}
    bad = report(139, 4000, failures=[failure], errors=[{"title": "Timeout", "count": 2}])

    assert Outcome(bad, "").found == ["Server error: POST /v1/questions", "Timeout (2)"]
    assert run(monkeypatch, tmp_path, bad, GOOD) == 1
