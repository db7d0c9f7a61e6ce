"""The service as a process of its own."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import httpx
import pytest
from typer.testing import CliRunner

from cardsvc.cli import app
from tests.fixtures.served import served
from tests.fixtures.waiting import wait_until


def test_it_says_where_it_listens_answers_and_ends_in_good_order(founded: Path) -> None:
    log = founded / "log"
    with served(log) as (process, url):
        assert httpx.get(f"{url}/readyz").json()["status"] == "ready"
        assert httpx.get(f"{url}/v1/cards/6fb0ffcc-b5b9-4ffb-a8ae-1cfabda66d08").status_code == 401
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) in {0, -signal.SIGTERM}
    requests = [json.loads(line) for line in log.read_text().splitlines()]
    assert [(line["path"], line["status"]) for line in requests if line["event"] == "request"] == [
        ("/readyz", 200),
        ("/v1/cards/{card_uuid}", 401),
    ]


def test_a_port_that_is_taken(founded: Path) -> None:
    with served(founded / "log") as (_, url):
        done = CliRunner().invoke(app, ["serve", "--port", url.rsplit(":", 1)[1]])
    assert done.exit_code == 1
    assert "cardsvc: " in done.stderr
    assert "in use" in done.stderr


def test_a_wrong_passphrase(founded: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CARDSVC_KEYSTORE_PASSPHRASE", "wrong")
    done = CliRunner().invoke(app, ["serve", "--port", "0"])
    assert done.exit_code == 1
    assert "passphrase is wrong" in done.stderr


def workers_of(process: subprocess.Popen[str]) -> list[int]:
    """The processes that answer."""
    children = [int(pid) for pid in Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()]
    return [pid for pid in children if b"spawn_main" in command_line(pid)]


def command_line(pid: int) -> bytes:
    """Nothing, once the process has ended."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except FileNotFoundError:
        return b""


def ended(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] == "Z"
    except FileNotFoundError:
        return True


def is_ready(url: str) -> bool:
    try:
        return httpx.get(f"{url}/readyz").is_success
    except httpx.TransportError:
        return False


linux = pytest.mark.skipif(sys.platform != "linux", reason="looks at processes in /proc")


@linux
def test_several_processes_answer_and_end_in_good_order(founded_on_postgres: Path) -> None:
    log = founded_on_postgres / "log"
    with served(log, "--workers=2") as (process, url):
        workers = workers_of(process)
        assert len(workers) == 2
        assert httpx.get(f"{url}/readyz").json()["status"] == "ready"
        process.send_signal(signal.SIGTERM)
        assert process.wait(60) == 0
    assert all(map(ended, workers))


@linux
def test_a_process_that_dies_is_replaced(founded_on_postgres: Path) -> None:
    with served(founded_on_postgres / "log", "--workers=2") as (process, url):
        before = workers_of(process)
        os.kill(before[0], signal.SIGKILL)
        wait_until(lambda: len(workers_of(process)) == 2 and workers_of(process) != before)
        wait_until(lambda: is_ready(url))
        process.send_signal(signal.SIGTERM)
        assert process.wait(60) == 0


@linux
def test_nobody_answers_any_more_when_the_supervisor_is_killed(founded_on_postgres: Path) -> None:
    with served(founded_on_postgres / "log", "--workers=2") as (process, url):
        workers = workers_of(process)
        process.kill()
        wait_until(lambda: all(map(ended, workers)))
        with pytest.raises(httpx.ConnectError):
            httpx.get(f"{url}/readyz")


def test_sqlite_has_one_writer_and_so_one_process(founded: Path) -> None:
    done = CliRunner().invoke(app, ["serve", "--port", "0", "--workers", "2"])
    assert done.exit_code == 1
    assert "needs PostgreSQL" in done.stderr
