"""The service as a process of its own."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
from typer.testing import CliRunner

from cardsvc.cli import app


@pytest.fixture
def founded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("CARDSVC_DATABASE_URL", f"sqlite:///{tmp_path}/cards.db")
    monkeypatch.setenv("CARDSVC_KEYSTORE_DIR", str(tmp_path / "keystore"))
    monkeypatch.setenv("CARDSVC_KEYSTORE_PASSPHRASE", "correct horse")
    for name in ("ana", "bo"):
        (tmp_path / f"{name}.pub").write_text(CliRunner().invoke(app, ["keygen", "--out", str(tmp_path / name)]).stdout)
    officers = [f"--officer={name}={tmp_path / name}.pub" for name in ("ana", "bo")]
    assert CliRunner().invoke(app, ["init", "--witness=notary", *officers]).exit_code == 0
    return tmp_path


@contextmanager
def served(log: Path) -> Iterator[tuple[subprocess.Popen[str], str]]:
    command = [sys.executable, "-m", "cardsvc.cli", "serve", "--port", "0"]
    with (
        log.open("w") as errors,
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=errors, text=True, env=dict(os.environ)) as process,
    ):
        try:
            assert process.stdout is not None
            line = process.stdout.readline()
            announced = re.fullmatch(r"listening on (http://127\.0\.0\.1:\d+)\n", line)
            assert announced, line
            yield process, announced[1]
        finally:
            process.kill()


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
