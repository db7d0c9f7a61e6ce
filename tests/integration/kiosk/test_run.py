"""`kiosk run` as a process of its own."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
from joserfc.jwk import ECKey

from kiosk.screen.server import write_link
from tests.fixtures.departments import NO_TLS

SECONDS = 60


@pytest.fixture
def key(tmp_path: Path) -> Path:
    file = tmp_path / "kiosk.jwk"
    file.touch(mode=0o600)
    file.write_text(json.dumps(ECKey.generate_key("P-256").as_dict(private=True)))
    return file


@contextmanager
def kiosk(folder: Path, key: Path, *options: str) -> Iterator[subprocess.Popen[str]]:
    """A kiosk whose card service does not answer."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        nobody = f"http://127.0.0.1:{taken.getsockname()[1]}"
    command = [
        *(sys.executable, "-m", "kiosk.cli", "run", f"--service={nobody}", f"--department=education={nobody}"),
        *("--client-id=kiosk-1", f"--key={key}", *options),
        *(f"--contactless=slot:{folder / 'one'}", f"--contact=slot:{folder / 'two'}"),
    ]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        try:
            yield process
        finally:
            process.kill()


def line(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline()


def test_it_lets_one_browser_in_says_what_is_wrong_and_stops_when_told(tmp_path: Path, key: Path) -> None:
    ready_file = tmp_path / "link"
    with kiosk(tmp_path, key, f"--ready-file={ready_file}") as process:
        address = line(process).removeprefix("listening on ").strip()
        first = ready_file.read_text().strip()
        assert ready_file.stat().st_mode & 0o777 == 0o600
        with httpx.Client(verify=NO_TLS, timeout=SECONDS) as browser:
            assert browser.get(first).headers["location"] == "/"
            assert ready_file.read_text().strip() != first
            view = browser.get(f"{address}/state").json()
            while not view["troubles"]:
                view = browser.get(f"{address}/state", params={"after": view["version"]}).json()
            assert [trouble["code"] for trouble in view["troubles"]] == ["service"]
            with browser.stream("GET", f"{address}/events") as events:
                lines = events.iter_lines()
                assert next(lines) == "event: screen"
                process.send_signal(signal.SIGTERM)
                assert all(line.startswith(("data:", ":")) or not line for line in lines)
        _, errors = process.communicate(timeout=SECONDS)
    assert process.returncode == 0, errors
    assert "Traceback" not in errors


def test_without_a_file_the_link_is_printed(tmp_path: Path, key: Path) -> None:
    with kiosk(tmp_path, key) as process:
        assert "/enter?code=" in line(process)


def test_a_key_that_others_can_read_is_refused(tmp_path: Path, key: Path) -> None:
    key.chmod(0o644)
    with kiosk(tmp_path, key) as process:
        _, errors = process.communicate(timeout=SECONDS)
    assert process.returncode == 2
    assert "0600" in errors


def test_a_port_that_is_taken_is_refused(tmp_path: Path, key: Path) -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as taken,
        kiosk(tmp_path, key, f"--port={taken.getsockname()[1]}") as process,
    ):
        _, errors = process.communicate(timeout=SECONDS)
    assert process.returncode == 2
    assert "--port" in errors
    assert "Traceback" not in errors


def test_a_link_replaces_the_one_before_whole(tmp_path: Path) -> None:
    file = tmp_path / "link"
    file.write_text("old")
    file.chmod(0o644)
    write_link(file, "http://127.0.0.1:1/enter?code=new")
    assert file.read_text() == "http://127.0.0.1:1/enter?code=new\n"
    assert file.stat().st_mode & 0o777 == 0o600
    assert os.listdir(tmp_path) == ["link"]  # noqa: PTH208 - names, not paths
