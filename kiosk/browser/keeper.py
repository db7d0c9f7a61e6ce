"""Keeps the screen in front of people: a browser that died, hangs or has gone astray comes back to it.

The browser gets in as every other one does, by a link that works once. It is told the link through its pipe, so that
the link is in no list of processes, in no file and in no log.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol

import structlog

from kiosk.browser.command import command, environment
from kiosk.browser.folder import browser_folder
from kiosk.browser.process import BrowserGone, BrowserProcess

_log = structlog.get_logger()

BACK_OFF: Final = (0.2, 0.5, 1.0, 2.0, 5.0, 10.0)
"""Seconds before it is started again; the last is repeated."""
_LOOK: Final = 1.0
"""Seconds after which it is looked again whether the screen is still shown."""
_STEADY: Final = 30
"""Looks that went well, after which what was before is forgotten."""
_ASTRAY: Final = 5
"""Looks at something else in a row, after which another browser is tried."""
_WHERE: Final = "document.getElementById('booth') ? location.href : ''"


class Asked(Protocol):
    """Something that does what a `BrowserProcess` is asked."""

    def ask(self, method: str, session: str | None = None, **parameters: Any) -> dict[str, Any]:
        """Have something done. Raises BrowserGone."""


class Showing:
    """One browser that is to show the screen."""

    def __init__(self, browser: Asked, address: str, link: Callable[[], str]) -> None:
        """``link`` makes a new link that works once. Raises BrowserGone."""
        self._browser = browser
        self._page = f"{address}/"
        self._link = link
        self._target = self._pages()[0]
        attached = browser.ask("Target.attachToTarget", targetId=self._target, flatten=True)
        self._session = attached.get("sessionId")
        browser.ask("Inspector.enable", self._session)
        self._astray = 0

    def look(self) -> None:
        """See to it that the screen is shown, and nothing beside it. Raises BrowserGone."""
        for page in self._pages():
            if page != self._target:
                self._browser.ask("Target.closeTarget", targetId=page)
        if self._where() == self._page:
            self._astray = 0
            return
        self._astray += 1
        if self._astray > _ASTRAY:
            raise BrowserGone("it does not show the screen")
        self._browser.ask("Page.navigate", self._session, url=self._link())

    def _where(self) -> str:
        said = self._browser.ask("Runtime.evaluate", self._session, expression=_WHERE, returnByValue=True)
        return str(said.get("result", {}).get("value", ""))

    def _pages(self) -> list[str]:
        targets = self._browser.ask("Target.getTargets").get("targetInfos", [])
        pages = [str(target["targetId"]) for target in targets if target["type"] == "page"]
        if not pages:
            raise BrowserGone("it has no page")
        return pages


@dataclass(frozen=True, slots=True)
class BrowserSetting:
    """Which browser, and what it is told beside what every kiosk's is."""

    program: str
    flags: Sequence[str] = ()


class BrowserKeeper:
    """The thread that keeps a browser at the screen."""

    def __init__(self, setting: BrowserSetting, address: str, link: Callable[[], str]) -> None:
        self._setting = setting
        self._address = address
        self._link = link
        self._stopping = threading.Event()
        self._failures = 0
        self._thread = threading.Thread(target=self._run, name="browser", daemon=True)

    def start(self) -> None:
        """Show the screen."""
        self._thread.start()

    def stop(self) -> None:
        """End the browser, and wait until nothing is left of it."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join()

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                self._show()
            except (BrowserGone, OSError) as error:
                self._failures += 1
                _log.warning("the browser is gone", why=str(error), times=self._failures)
                self._stopping.wait(pause(self._failures))

    def _show(self) -> None:
        """Until it is gone, or told to stop."""
        with browser_folder() as folder:
            asked = command(self._setting.program, folder, self._setting.flags)
            browser = BrowserProcess(asked, environment(os.environ, folder))
            try:
                self._watch(browser)
            finally:
                browser.end()

    def _watch(self, browser: BrowserProcess) -> None:
        showing = Showing(browser, self._address, self._link)
        looks = 0
        while not self._stopping.is_set():
            showing.look()
            browser.listen(_LOOK)
            looks += 1
            if looks == _STEADY:
                self._failures = 0


def pause(failures: int) -> float:
    """Seconds until the next start, after so many failures in a row."""
    return BACK_OFF[min(failures, len(BACK_OFF)) - 1]
