"""From the officer's command to a kiosk that serves, with the commands and the service as processes of their own."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from cardsvc.cli import app
from cardsvc.client import ServiceClient, load_key
from cardsvc.wire.levels import Level
from tests.fixtures.served import served


def officer(*arguments: str) -> str:
    done = CliRunner().invoke(app, arguments, catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done.stdout


def code_for(*arguments: str) -> str:
    made: dict[str, str] = json.loads(officer("kiosk", *arguments, "--json"))
    return made["code"]


def enrol(url: str, code: str, state: Path, *more: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "kiosk.cli", "enrol", url, "--state", str(state), *more]
    return subprocess.run(command, capture_output=True, text=True, check=False, input=code + "\n")


def service_as(state: Path, url: str) -> ServiceClient:
    return ServiceClient(url, "kiosk-9", load_key(state / "key.jwk"), issuer="http://127.0.0.1:8080")


@pytest.mark.usefixtures("founded")
def test_a_kiosk_is_enrolled_by_command(tmp_path: Path) -> None:
    issuer = ("--issuer", "http://127.0.0.1:8080")
    code = code_for("add", "--client-id", "kiosk-9", "--title", "Town hall")
    first, second = tmp_path / "first", tmp_path / "second"
    with served(tmp_path / "service.log") as (_, url):
        done = enrol(url, code, first, *issuer)
        assert (done.returncode, done.stderr) == (0, "")
        assert "this is kiosk-9, Town hall" in done.stdout
        with service_as(first, url) as kiosk:
            assert kiosk.challenges(Level.TAP)
        assert enrol(url, code, second, *issuer).stderr.startswith("kiosk: A kiosk was enrolled with this code already")
        (file := tmp_path / "code").write_text(code_for("code", "kiosk-9") + "\n")
        again = enrol(url, "", second, "--json", "--code-file", str(file), *issuer)
        assert json.loads(again.stdout)["client_id"] == "kiosk-9"
        with service_as(second, url) as kiosk:
            assert kiosk.challenges(Level.TAP)
        assert "no code" in enrol(url, "nonsense", second, *issuer).stderr
    assert enrol(url, "", second, code).returncode == 2  # not as an argument
    log = (tmp_path / "service.log").read_text()
    assert code not in log
    assert enrol(url, code, tmp_path / "third", *issuer).returncode == 1  # nobody answers there any more
