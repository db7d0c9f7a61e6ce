"""The kiosk's own browser: Debian's Chromium, started by `kiosk run`, killed, hung, led astray and stopped."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import httpx
import pytest

from tests.fixtures.browser import ARGUMENTS
from tests.fixtures.waiting import wait_until
from tests.integration.kiosk.test_run import SECONDS, key

__all__ = ["key"]
pytestmark = pytest.mark.needs("chromium")
CHROMIUM = os.environ.get("CHROMIUM") or "chromium"


class Kiosk:
    """`kiosk run --browser`, its output, and what there is of its browser on this machine."""

    def __init__(self, room: Path, key: Path) -> None:
        self.room = room
        self.output = room / "output"
        command = [
            *(sys.executable, "-m", "kiosk.cli", "run", "--service=http://127.0.0.1:9", f"--key={key}"),
            *("--client-id=kiosk-1", f"--contactless=slot:{room / 'one'}", f"--contact=slot:{room / 'two'}"),
            *(f"--browser={CHROMIUM}", *(f"--browser-flag={flag}" for flag in ARGUMENTS)),
        ]
        with self.output.open("wb") as output:
            self.process = subprocess.Popen(
                command, stdout=output, stderr=output, env={**os.environ, "XDG_RUNTIME_DIR": str(room)}
            )
        self.address = ""

    def wait_for_screen(self) -> None:
        wait_until(lambda: self.shown() == 1)

    def shown(self) -> int:
        """Browsers that follow the screen."""
        if found := re.search(r"listening on (\S+)", self.output.read_text()):
            self.address = found[1]
            text = httpx.get(f"{self.address}/metrics", trust_env=False, timeout=SECONDS).text
            return int(re.findall(r"^kiosk_screens_shown (\d+)$", text, re.MULTILINE)[0])
        return 0

    @property
    def folders(self) -> list[Path]:
        return list(self.room.glob("kiosk-browser-*"))

    def processes(self) -> dict[int, str]:
        """All that the browser consists of, by what their command lines have in common."""
        found = {}
        for entry in Path("/proc").glob("[0-9]*/cmdline"):
            with suppress(OSError):
                words = entry.read_bytes().replace(b"\0", b" ").decode(errors="replace")
                if f"{self.room}/kiosk-browser-" in words:
                    found[int(entry.parent.name)] = words
        return found

    @property
    def browser(self) -> int:
        """The process of the browser itself."""
        return next(pid for pid, words in self.processes().items() if "--type=" not in words)

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(SECONDS)


@pytest.fixture
def kiosk(tmp_path: Path, key: Path) -> Iterator[Kiosk]:
    running = Kiosk(tmp_path, key)
    try:
        running.wait_for_screen()
        yield running
    finally:
        running.process.kill()
        running.process.wait()


def test_it_shows_the_screen_and_goes_with_the_kiosk(kiosk: Kiosk) -> None:
    assert kiosk.folders[0].stat().st_mode & 0o777 == 0o700
    kiosk.stop()
    assert kiosk.process.returncode == 0
    assert (kiosk.processes(), kiosk.folders) == ({}, [])


def test_the_link_and_the_cookie_are_in_no_command_line_no_environment_no_log_and_no_file(kiosk: Kiosk) -> None:
    seen = [kiosk.output.read_bytes()]
    for pid in (kiosk.process.pid, *kiosk.processes()):
        with suppress(OSError):
            seen += [Path(f"/proc/{pid}/{name}").read_bytes() for name in ("cmdline", "environ")]
    with suppress(OSError):
        seen += [file.read_bytes() for file in kiosk.folders[0].rglob("*") if file.is_file()]
    assert len(seen) > 10
    everything = b"\n".join(seen)
    assert b"listening on" in everything
    assert b"code=" not in everything
    assert b"kiosk_screen=" not in everything
    assert b"KIOSK_" not in Path(f"/proc/{kiosk.browser}/environ").read_bytes()


def test_one_that_is_killed_comes_back_to_the_screen(kiosk: Kiosk) -> None:
    first, folder = kiosk.browser, kiosk.folders
    os.kill(first, signal.SIGKILL)
    wait_until(lambda: first not in kiosk.processes() and kiosk.folders not in ([], folder))
    kiosk.wait_for_screen()
    assert kiosk.browser != first
    assert len(kiosk.folders) == 1


def test_one_whose_page_crashes_comes_back_to_the_screen(kiosk: Kiosk) -> None:
    folder = kiosk.folders
    pages = [pid for pid, words in kiosk.processes().items() if "--type=renderer" in words]
    for pid in pages:
        with suppress(ProcessLookupError):  # one that was held ready may have ended by itself
            os.kill(pid, signal.SIGKILL)
    wait_until(lambda: kiosk.folders not in ([], folder))
    kiosk.wait_for_screen()


def test_a_kiosk_that_is_killed_leaves_no_browser_and_the_next_one_no_folder(kiosk: Kiosk, key: Path) -> None:
    left = kiosk.folders
    kiosk.process.kill()
    wait_until(lambda: not kiosk.processes())
    assert kiosk.folders == left
    following = Kiosk(kiosk.room, key)
    try:
        following.wait_for_screen()
        assert len(following.folders) == 1
        assert following.folders != left
    finally:
        following.stop()
    assert (following.processes(), following.folders) == ({}, [])
