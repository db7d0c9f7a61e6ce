"""What the keeper sees and does; the real browser is in tests/integration/kiosk/test_kept_browser.py."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from kiosk.browser.command import command, environment
from kiosk.browser.folder import browser_folder, sweep
from kiosk.browser.keeper import BACK_OFF, Showing, pause
from kiosk.browser.process import BrowserGone, BrowserProcess

ADDRESS = "http://127.0.0.1:8400"


class FakeBrowser:
    """Says where it is, and notes what it was asked."""

    def __init__(self, *pages: str, where: str = "") -> None:
        self.pages = list(pages)
        self.where = where
        self.asked: list[tuple[str, dict[str, Any]]] = []

    def ask(self, method: str, session: str | None = None, **parameters: Any) -> dict[str, Any]:
        self.asked.append((method, parameters))
        if method == "Target.getTargets":
            worker = {"targetId": "worker", "type": "service_worker"}
            return {"targetInfos": [worker, *({"targetId": page, "type": "page"} for page in self.pages)]}
        if method == "Runtime.evaluate":
            return {"result": {"value": self.where}}
        return {"sessionId": "one"} if method == "Target.attachToTarget" else {}

    def told(self, method: str) -> list[dict[str, Any]]:
        return [parameters for name, parameters in self.asked if name == method]


def showing(browser: FakeBrowser) -> Showing:
    links = (f"{ADDRESS}/enter?code={number}" for number in range(100))
    return Showing(browser, ADDRESS, lambda: next(links))


def test_it_is_let_in_by_a_link_and_then_left_alone() -> None:
    browser = FakeBrowser("page")
    shown = showing(browser)
    shown.look()
    browser.where = f"{ADDRESS}/"
    shown.look()
    shown.look()
    assert browser.told("Page.navigate") == [{"url": f"{ADDRESS}/enter?code=0"}]


@pytest.mark.parametrize(
    "where", ["", "chrome-error://chromewebdata/", "http://127.0.0.1:9/", f"{ADDRESS}/enter?code=1"]
)
def test_one_that_is_elsewhere_is_brought_back_by_another_link_and_given_up_in_the_end(where: str) -> None:
    browser = FakeBrowser("page", where=where)
    shown = showing(browser)
    for _ in range(5):
        shown.look()
    assert len({told["url"] for told in browser.told("Page.navigate")}) == 5
    with pytest.raises(BrowserGone):
        shown.look()


def test_another_page_beside_it_is_closed() -> None:
    browser = FakeBrowser("page", where=f"{ADDRESS}/")
    shown = showing(browser)
    browser.pages.append("new-tab")
    shown.look()
    assert browser.told("Target.closeTarget") == [{"targetId": "new-tab"}]


def test_one_without_a_page_is_given_up() -> None:
    browser = FakeBrowser("page", where=f"{ADDRESS}/")
    shown = showing(browser)
    browser.pages.clear()
    with pytest.raises(BrowserGone):
        shown.look()


def test_it_waits_longer_each_time_and_then_always_as_long() -> None:
    assert [pause(failures) for failures in range(1, 9)] == [*BACK_OFF, BACK_OFF[-1], BACK_OFF[-1]]


NONSENSE = ["sh", "-c", r"printf 'nonsense\0' >&4; sleep 5"]


@pytest.mark.parametrize(
    ("program", "why"), [(["true"], "ended"), (["cat", "/proc/self/fd/3"], "answer"), (NONSENSE, "no JSON")]
)
def test_a_program_that_ends_or_says_nothing_of_use_is_given_up_and_nothing_is_left_of_it(
    program: list[str], why: str
) -> None:
    process = BrowserProcess(program, {"PATH": "/usr/bin:/bin"}, answers_within=1)
    try:
        with pytest.raises(BrowserGone, match=why):
            process.ask("Browser.getVersion")
    finally:
        process.end()
    assert not Path(f"/proc/{process.pid}").exists()


def test_a_program_that_is_not_there_is_said_to_be(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        BrowserProcess([str(tmp_path / "none")], {})


def test_a_browser_is_told_of_the_screen_and_not_of_the_kiosk(tmp_path: Path) -> None:
    ours = {
        "PATH": "/bin",
        "DISPLAY": ":0",
        "KIOSK_KEY": "/etc/kiosk/key.jwk",
        "HOME": "/home/kiosk",
        "PGPASSWORD": "x",
    }
    assert environment(ours, tmp_path) == {"PATH": "/bin", "DISPLAY": ":0", "HOME": str(tmp_path)}


def test_flags_of_this_kiosk_come_after_those_of_all(tmp_path: Path) -> None:
    words = command("chromium", tmp_path, ["--headless"])
    assert words[0] == "chromium"
    assert words[-2:] == ["--headless", "about:blank"]
    assert f"--user-data-dir={tmp_path}" in words
    assert [word for word in words if "remote-debugging" in word] == ["--remote-debugging-pipe"]


def test_a_folder_is_private_and_gone_afterwards(tmp_path: Path) -> None:
    with browser_folder(tmp_path) as folder:
        assert folder.stat().st_mode & 0o777 == 0o700
        assert json.loads((folder / "Default" / "Preferences").read_text())["translate"] == {"enabled": False}
    assert list(tmp_path.iterdir()) == []


def test_sweeping_leaves_what_somebody_holds_and_what_is_not_ours(tmp_path: Path) -> None:
    (tmp_path / "kiosk-browser-dead").mkdir()
    (tmp_path / "kiosk-browser-dead" / "held").touch()
    (tmp_path / "something").mkdir()
    with browser_folder(tmp_path) as folder:
        sweep(tmp_path)
        assert sorted(tmp_path.iterdir()) == sorted([folder, tmp_path / "something"])
