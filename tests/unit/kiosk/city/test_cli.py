"""What `city` says when it cannot do what it was asked for."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from kiosk.city import stage
from kiosk.city.cli import app

WHY = "pyscard is not installed: it is the extra `pcsc`."


@pytest.fixture(autouse=True)
def no_pcsc(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(stage, "why_no_pcsc", lambda: WHY)


@pytest.mark.parametrize("command", ["demo", "run"])
def test_pcsc_that_was_insisted_on_and_is_not_there(command: str) -> None:
    done = CliRunner().invoke(app, [command, "--transport", "pcsc"])
    assert done.exit_code == 1
    assert done.stderr.strip() == f"city: {WHY}"


def test_no_report_of_an_earlier_run_speaks_for_one_that_did_not_begin(tmp_path: Path) -> None:
    report = tmp_path / "var" / "demo" / "report.json"
    report.parent.mkdir(parents=True)
    report.write_text('{"ok": true}')
    assert CliRunner().invoke(app, ["demo", "--transport", "pcsc"]).exit_code == 1
    assert not report.exists()
