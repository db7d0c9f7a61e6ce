"""``make demo`` as a program: what it writes, how it ends, and what it leaves behind."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

pytestmark = pytest.mark.timeout(300)

ROOT = Path(__file__).parents[3]
MARK = "RUN_OF_THE_DEMO"
STEP = {"name": str, "ok": bool, "apdus": int, "bytes_sent": int, "bytes_received": int, "ms": float, "detail": str}


@dataclass(frozen=True)
class Run:
    """A run of the demo, in a folder of its own."""

    code: int
    output: str
    report: dict[str, Any]
    folder: Path
    temporary: list[str]
    processes: list[str]


def run_demo(tmp_path: Path, **environment: str) -> Run:
    folder, temporary, mark = tmp_path / "work", tmp_path / "temporary", uuid4().hex
    (folder / "var" / "demo" / "logs").mkdir(parents=True)
    (folder / "var" / "demo" / "logs" / "earlier.log").write_text("of a run that failed")
    temporary.mkdir()
    done = subprocess.run(
        [sys.executable, "-m", "kiosk.city", "demo", "--transport", "loopback"],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT), "TMPDIR": str(temporary), MARK: mark, **environment},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=280,
    )
    report = folder / "var" / "demo" / "report.json"
    assert report.exists(), done.stdout + done.stderr
    return Run(
        done.returncode,
        done.stdout + done.stderr,
        json.loads(report.read_text()),
        folder,
        [path.name for path in temporary.iterdir()],
        processes_with(f"{MARK}={mark}"),
    )


def processes_with(variable: str) -> list[str]:
    """Command lines of the processes that have this in their environment. Without them nothing holds a port either."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if variable.encode() in (process / "environ").read_bytes().split(b"\0"):
                found.append((process / "cmdline").read_text())
        except (FileNotFoundError, ProcessLookupError, PermissionError):
            continue
    return found


def assert_report(report: dict[str, Any]) -> None:
    assert set(report) == {"transport", "ok", "steps"}
    assert report["transport"] == "loopback"
    for step in report["steps"]:
        assert {name: type(value) for name, value in step.items()} == STEP


def assert_nothing_left(run: Run) -> None:
    assert run.temporary == []
    assert run.processes == []
    assert {path.name for path in run.folder.iterdir()} == {"var"}
    assert {path.name for path in (run.folder / "var").iterdir()} == {"demo"}


def test_the_main_job(tmp_path: Path) -> None:
    run = run_demo(tmp_path)
    assert run.code == 0, run.output
    assert_report(run.report)
    assert run.report["ok"] is True
    assert all(step["ok"] for step in run.report["steps"])
    (tapped,) = [step for step in run.report["steps"] if step["name"] == "tap the card"]
    assert tapped["apdus"] == 3
    assert 0 < tapped["bytes_sent"] <= 80
    assert 0 < tapped["bytes_received"] <= 270
    (last,) = run.report["steps"][-1:]
    assert "card-not-active" in last["detail"]
    assert_nothing_left(run)
    assert {path.name for path in (run.folder / "var" / "demo").iterdir()} == {"report.json"}


def test_a_step_that_fails(tmp_path: Path) -> None:
    """A kiosk that is told to speak a language that nobody here does will not open, with everything else running."""
    run = run_demo(tmp_path, KIOSK_LANGUAGE="tlh")
    assert run.code == 1, run.output
    assert_report(run.report)
    assert run.report["ok"] is False
    *before, failed = run.report["steps"]
    assert before
    assert all(step["ok"] for step in before)
    assert (failed["name"], failed["ok"]) == ("enrol and open a kiosk", False)
    assert "tlh" in failed["detail"]
    assert_nothing_left(run)
    logs = run.folder / "var" / "demo" / "logs"
    kept = {path.name for path in logs.iterdir()}
    assert kept >= {"service.log", "kiosk.log"}
    assert "earlier.log" not in kept
    assert f"What the processes wrote is in {logs.relative_to(run.folder)}." in run.output
