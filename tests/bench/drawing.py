"""From the card to the drawn services screen, in Debian's Chromium; beside it a page that has nothing to draw.

Card service and departments are processes of their own, as in a city; the kiosk runs in this one, so that its states
can be timed. It reads a card in this process, too: what a real reader takes is measured by part ``cards``. Moments:

    present   the kiosk hears from the reader that there is a card
    decided   the card has proved itself, the card service has let it in, and the state says "services"
    drawn     the second frame after the services are in the page

What is ours from ``decided`` to ``drawn`` is drawing: template, event, page. The empty page hears of an event in the
same way, from the same kind of server, writes a word, and is timed in the same run, after each tap.
"""

from __future__ import annotations

import logging
import os
import shutil
import statistics
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from queue import SimpleQueue
from typing import Any, Final, Self

import structlog
import uvicorn
from fastapi import FastAPI
from fastapi.responses import HTMLResponse
from fastapi.sse import EventSourceResponse, ServerSentEvent
from playwright.sync_api import Browser, Page, sync_playwright
from rich.console import Console
from rich.table import Table
from starlette.concurrency import run_in_threadpool

from kiosk.booth import Booth, Snapshot
from kiosk.catalogue import DepartmentAddress
from kiosk.city.founding import KIOSK, TITLES, Plan, found, free_ports, open_offices
from kiosk.city.issuing import STOCK_NUMBER, issue
from kiosk.city.stage import CardFiles, Place, Stage, Transport, open_stage
from kiosk.reader_names import CONTACT, CONTACTLESS, ReaderSource
from kiosk.screen.server import ScreenServer
from kiosk.station import Equipment, Station
from kiosk.visit.acts import Finished
from kiosk.visit.screens import Attract, KioskState, Reading, Services

SIZES: Final = {"landscape": (1920, 1080), "portrait": (1080, 1920)}
_PATIENCE: Final = 60.0
_MILLISECONDS: Final = 1000.0
_STOP: Final = ""
_SHOWN_ALWAYS: Final = (
    "--headless",
    "--disable-gpu",
    "--disable-backgrounding-occluded-windows",
    "--disable-renderer-backgrounding",
)
"""Chromium draws nothing in a window that it takes to be covered by another."""
_EMPTY: Final = """<!doctype html><meta charset="utf-8"><title>empty</title><body><script>
new EventSource("/events").addEventListener("said", (event) => { document.body.textContent = event.data; });
</script>"""
_WATCH: Final = """(there) => {
  window.drawnAt = 0;
  const observer = new MutationObserver(look);
  const now = () => { window.drawnAt = performance.timeOrigin + performance.now(); };
  function look() {
    const found = there.startsWith("main") ? document.querySelector(there) : document.body.textContent === there;
    if (!found) return;
    observer.disconnect();
    requestAnimationFrame(() => requestAnimationFrame(now));
  }
  observer.observe(document.documentElement, { subtree: true, childList: true, attributes: true });
  look();
}"""
"""The moment after what is waited for has been painted, in milliseconds of the machine's clock."""


def measure(folder: Path, rounds: int) -> dict[str, Any]:
    """So many taps in each size of the screen."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    with ExitStack() as stack:
        stage = stack.enter_context(open_stage(folder, Transport.LOOPBACK))
        plan = Plan.for_folder(folder, departments=tuple(TITLES))
        found(plan)
        stack.enter_context(open_offices(plan))
        card = CardFiles.named(folder, STOCK_NUMBER)
        issue(plan, stage, card)
        booth, link = stack.enter_context(_kiosk(plan, stage))
        chromium = stack.enter_context(_chromium())
        results: dict[str, Any] = {}
        for name, size in SIZES.items():
            with (
                _EmptyPage() as empty,
                _opened(chromium, size, link()) as screen,
                _opened(chromium, size, empty.address) as blank,
            ):
                measured = _Measuring(screen, blank, _Moments(booth), empty, lambda there: _put(stage, card, there))
                results[name] = measured.run(rounds)
        return results


def show(results: dict[str, Any], console: Console) -> None:
    """How long a citizen looks at a screen that does not know them yet."""
    table = Table("", "ms", "median", "p95", title="From the card to the services, in Chromium", title_justify="left")
    for size, result in results.items():
        for what in ("present_to_drawn", "present_to_decided", "decided_to_drawn", "empty_page"):
            table.add_row(size, what.replace("_", " "), *(str(result[what][key]) for key in ("median_ms", "p95_ms")))
    console.print(table)
    for size, result in results.items():
        console.print(f"{size}: drawing / empty page = {result['ratio']}, of {result['taps']} taps")


class _Moments:
    """When the kiosk's state became what."""

    def __init__(self, booth: Booth) -> None:
        self._booth = booth
        self._told: SimpleQueue[tuple[type[object], float]] = SimpleQueue()
        booth.listen(self._hear)

    def _hear(self, snapshot: Snapshot) -> None:
        self._told.put((type(snapshot.state.screen), time.time() * _MILLISECONDS))

    def wait_for(self, kind: type[object]) -> float:
        """The first moment of that screen among those that nobody asked for yet."""
        while True:
            seen, at = self._told.get(timeout=_PATIENCE)
            if seen is kind:
                return at

    def start_anew(self) -> None:
        """Send whoever is there away, and forget what was."""
        self._booth.send(Finished())
        deadline = time.monotonic() + _PATIENCE
        while not _waits(self._booth.snapshot.state):
            if time.monotonic() > deadline:
                raise TimeoutError("the kiosk does not come back to its first screen")
            time.sleep(0.01)
        while not self._told.empty():
            self._told.get()


def _waits(state: KioskState) -> bool:
    return isinstance(state.screen, Attract) and bool(state.offers) and not state.troubles


@dataclass(frozen=True, slots=True)
class _Measuring:
    """The kiosk's screen and the empty page in one size."""

    screen: Page
    blank: Page
    moments: _Moments
    empty: _EmptyPage
    put: Callable[[bool], None]

    def run(self, rounds: int) -> dict[str, Any]:
        """So many taps, and as many empty events."""
        spans: list[tuple[float, float, float]] = []
        bare: list[float] = []
        for number in range(rounds):
            self.moments.start_anew()
            self.screen.wait_for_selector("main.attract")
            spans.append(self._tap())
            bare.append(self._bare(f"number {number}"))
        present, decided, drawn = zip(*spans, strict=True)
        drawing, nothing = _summary(_between(decided, drawn)), _summary(bare)
        return {
            "taps": rounds,
            "present_to_drawn": _summary(_between(present, drawn)),
            "present_to_decided": _summary(_between(present, decided)),
            "decided_to_drawn": drawing,
            "empty_page": nothing,
            "ratio": round(drawing["median_ms"] / nothing["median_ms"], 2),
        }

    def _tap(self) -> tuple[float, float, float]:
        self.screen.evaluate(_WATCH, "main.services")
        self.put(True)  # noqa: FBT003 - there or not
        present, decided = self.moments.wait_for(Reading), self.moments.wait_for(Services)
        drawn = _drawn(self.screen)
        self.put(False)  # noqa: FBT003
        return present, decided, drawn

    def _bare(self, said: str) -> float:
        self.blank.evaluate(_WATCH, said)
        began = self.empty.say(said)
        return _drawn(self.blank) - began


def _drawn(page: Page) -> float:
    """When what it watches for was drawn."""
    return float(page.wait_for_function("() => window.drawnAt", timeout=_PATIENCE * _MILLISECONDS).json_value())


def _between(starts: Sequence[float], ends: Sequence[float]) -> list[float]:
    return [end - start for start, end in zip(starts, ends, strict=True)]


def _put(stage: Stage, card: CardFiles, there: bool) -> None:  # noqa: FBT001 - there or not
    if there:
        stage.put_on(card, Place.CONTACTLESS)
    else:
        stage.take_off(Place.CONTACTLESS)


def _summary(spans: list[float]) -> dict[str, float]:
    return {
        "median_ms": round(statistics.median(spans), 1),
        "p95_ms": round(statistics.quantiles(spans, n=20, method="inclusive")[-1], 1),
    }


@contextmanager
def _kiosk(plan: Plan, stage: Stage) -> Iterator[tuple[Booth, Callable[[], str]]]:
    """The kiosk, and what gives a link to its screen."""
    service = plan.caller(KIOSK)
    equipment = Equipment(
        service,
        ReaderSource.of(CONTACTLESS, stage.reader_name(Place.CONTACTLESS), None),
        ReaderSource.of(CONTACT, stage.reader_name(Place.CONTACT), None),
        tuple(DepartmentAddress(plan.department_url(code), code) for code in plan.department_ports),
    )
    ready = threading.Event()
    with service, Station(equipment) as station:
        server = ScreenServer(station.booth, 0, lambda _: None, lambda _: ready.set())
        thread = threading.Thread(target=server.serve_until_stopped)
        thread.start()
        try:
            if not ready.wait(_PATIENCE):
                raise TimeoutError("the screen does not answer")
            yield station.booth, server.entrance.open
        finally:
            server.should_exit = True
            thread.join()


class _EmptyPage:
    """A page that shows each event's word, and its server. For one browser page: each word is sent to one of them."""

    def __init__(self) -> None:
        self._said: SimpleQueue[str] = SimpleQueue()
        app = FastAPI(openapi_url=None)
        app.get("/", response_class=HTMLResponse)(lambda: _EMPTY)
        app.get("/events", response_class=EventSourceResponse)(self._events)
        (port,) = free_ports(1)
        self.address = f"http://127.0.0.1:{port}/"
        self._server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=port, log_config=None))
        self._thread = threading.Thread(target=self._server.run)

    def say(self, word: str) -> float:
        """Send an event; when."""
        now = time.time() * _MILLISECONDS
        self._said.put(word)
        return now

    async def _events(self) -> AsyncIterator[ServerSentEvent]:
        while (word := await run_in_threadpool(self._said.get)) != _STOP:
            yield ServerSentEvent(raw_data=word, event="said")

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.should_exit = True
        self.say(_STOP)
        self._thread.join()


@contextmanager
def _chromium() -> Iterator[Browser]:
    executable = os.environ.get("CHROMIUM") or shutil.which("chromium")
    with sync_playwright() as playwright:
        flags = ["--no-sandbox"] if os.geteuid() == 0 else []
        browser = playwright.chromium.launch(executable_path=executable, args=[*_SHOWN_ALWAYS, *flags])
        yield browser
        browser.close()


@contextmanager
def _opened(chromium: Browser, size: tuple[int, int], address: str) -> Iterator[Page]:
    page = chromium.new_context(viewport={"width": size[0], "height": size[1]}).new_page()
    page.goto(address)
    yield page
    page.context.close()
