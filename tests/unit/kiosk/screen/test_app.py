"""The screen over HTTP: who gets in, what is refused, what a press does."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest

from cardsvc.wire.levels import Level
from kiosk.booth import Booth
from kiosk.screen.app import Screen
from kiosk.screen.entrance import COOKIE, Entrance
from kiosk.screen.guard import HEADERS
from kiosk.visit import events
from kiosk.visit.effects import Effect
from kiosk.visit.events import Authenticated
from kiosk.visit.machine import Machine
from kiosk.visit.screens import PinEntry
from tests.fixtures.asgi import AsgiTransport
from tests.fixtures.offers import OFFERS
from tests.fixtures.services import StandingClock

HOST = "127.0.0.1:8123"
ORIGIN = f"http://{HOST}"
ANA = UUID(int=1, version=4)


class Kiosk:
    """A booth with its screen, and browsers for it."""

    def __init__(self, clock: StandingClock) -> None:
        self.clock = clock
        self.effects: list[Effect] = []
        self.links: list[str] = []
        self.booth = Booth(Machine(), self.effects.append, clock)
        self.booth.send(events.OffersChanged(OFFERS))
        self.entrance = Entrance(ORIGIN, self.links.append)
        self.entrance.open()
        self.screen = Screen(self.booth, self.entrance, HOST)
        self.transport = AsgiTransport(self.screen.app)

    def stranger(self) -> httpx.Client:
        return httpx.Client(base_url=ORIGIN, headers={"Origin": ORIGIN}, transport=self.transport)

    def browser(self) -> httpx.Client:
        browser = self.stranger()
        assert browser.get(self.links[-1]).status_code == 303
        return browser

    def let_in(self, level: Level = Level.TAP) -> None:
        self.booth.send(events.Tapped(Authenticated(ANA, level, "token", self.clock() + timedelta(minutes=10))))

    def close(self) -> None:
        self.transport.close()
        self.booth.close()


@pytest.fixture
def kiosk(clock: StandingClock) -> Iterator[Kiosk]:
    kiosk = Kiosk(clock)
    yield kiosk
    kiosk.close()


@pytest.fixture
def browser(kiosk: Kiosk) -> httpx.Client:
    return kiosk.browser()


def press(browser: httpx.Client, path: str, **body: Any) -> dict[str, Any]:
    answer = browser.post(path, json=body)
    assert answer.status_code == 200, answer.text
    view: dict[str, Any] = answer.json()
    return view


def test_a_link_opens_the_screen_once(kiosk: Kiosk) -> None:
    link = kiosk.links[0]
    entered = kiosk.stranger().get(link)
    assert entered.headers["location"] == "/"
    assert kiosk.stranger().get(link).status_code == 403
    assert len(kiosk.links) == 2
    assert kiosk.stranger().get(kiosk.links[1]).status_code == 303


def test_two_browsers_with_one_link_only_one_gets_in(kiosk: Kiosk) -> None:
    link = kiosk.links[0]
    with ThreadPoolExecutor(4) as pool:
        statuses = list(pool.map(lambda _: kiosk.stranger().get(link).status_code, range(8)))
    assert sorted(statuses) == [303] + [403] * 7


def test_the_cookie_is_for_this_site_only_and_out_of_reach_of_scripts(kiosk: Kiosk) -> None:
    cookie = kiosk.stranger().get(kiosk.links[0]).headers["set-cookie"].lower()
    assert cookie.startswith(f"{COOKIE}=")
    assert "httponly" in cookie
    assert "samesite=strict" in cookie
    assert "domain=" not in cookie


@pytest.mark.parametrize("path", ["/", "/state", "/events", "/pinyin"])
def test_without_the_cookie_nothing_is_shown(kiosk: Kiosk, path: str) -> None:
    assert kiosk.stranger().get(path).status_code == 401
    assert kiosk.stranger().get(path, headers={"Cookie": f"{COOKIE}=guess"}).status_code == 401
    assert kiosk.stranger().get(path, headers={"Cookie": f'{COOKIE}="; a b'}).status_code == 401


def test_every_route_is_known_to_this_test(kiosk: Kiosk) -> None:
    routes = {getattr(route, "path", "") for route in kiosk.screen.app.routes}
    posts = {"choose", "pin", "forgotten", "consent", "form", "sign", "back", "retry", "print", "done"}
    posts |= {"department", "language", "mode", "touch", "action", "check"}
    assert routes == {
        "/",
        "/enter",
        "/events",
        "/healthz",
        "/metrics",
        "/pinyin",
        "/papers/{mark}/{number}",
        "/photograph/{mark}",
        "/state",
        "/static",
        *(f"/{path}" for path in posts),
    }
    for path in posts:
        assert kiosk.stranger().post(f"/{path}", json={}).status_code == 401


@pytest.mark.parametrize("host", ["localhost:8123", "evil.example", "127.0.0.1", "127.0.0.1:8124", ""])
def test_another_name_for_this_machine_is_not_answered(kiosk: Kiosk, browser: httpx.Client, host: str) -> None:
    assert browser.get("/state", headers={"Host": host}).status_code == 421
    assert browser.get("/static/booth.js", headers={"Host": host}).status_code == 421


@pytest.mark.parametrize("origin", ["http://evil.example", "null", "https://127.0.0.1:8123", "http://127.0.0.1:9"])
def test_other_pages_cannot_press(kiosk: Kiosk, browser: httpx.Client, origin: str) -> None:
    kiosk.let_in()
    assert browser.post("/done", json={}, headers={"Origin": origin}).status_code == 403
    assert kiosk.booth.snapshot.state.visit is not None


def test_a_press_without_an_origin_is_refused(kiosk: Kiosk, browser: httpx.Client) -> None:
    del browser.headers["Origin"]
    assert browser.post("/done", json={}).status_code == 403


def test_long_bodies_are_refused(browser: httpx.Client) -> None:
    assert browser.post("/form", json={"values": {"x": "y" * 20_000}}).status_code == 413
    assert browser.post("/done", content=b"{}", headers={"Content-Length": "some"}).status_code == 413


@pytest.mark.parametrize(
    "path", ["/", "/state", "/static/booth.js", "/static/pictures/card.svg", "/enter?code=x", "/nothing", "/healthz"]
)
def test_every_answer_has_the_strict_headers(browser: httpx.Client, path: str) -> None:
    headers = browser.get(path).headers
    assert {name: headers.get(name) for name in HEADERS} == HEADERS
    policy = headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy


@pytest.mark.parametrize("wrong", ["12345", "123456789", "12345a", "１２３４５６", 123456, None])
def test_a_pin_that_is_none_is_refused_without_repeating_it(kiosk: Kiosk, browser: httpx.Client, wrong: object) -> None:
    kiosk.booth.send(events.CardInserted(ANA))
    answer = browser.post("/pin", json={"pin": wrong})
    assert answer.status_code == 422
    assert "12345" not in answer.text
    assert isinstance(kiosk.booth.snapshot.state.screen, PinEntry)


def test_a_pin_goes_to_the_card_and_is_answered_without_it(kiosk: Kiosk, browser: httpx.Client) -> None:
    kiosk.booth.send(events.CardInserted(ANA))
    answer = browser.post("/pin", json={"pin": "271828"})
    assert answer.json()["screen"] == "checking-pin"
    assert "271828" not in answer.text
    assert "271828" not in browser.get("/").text


def test_a_visit_from_the_first_press_to_the_last(kiosk: Kiosk, browser: httpx.Client) -> None:
    assert browser.get("/state").json()["screen"] == "attract"
    kiosk.let_in()
    assert press(browser, "/choose", department="clinic", service="check-in")["screen"] == "consent"
    assert press(browser, "/back")["screen"] == "services"
    assert press(browser, "/choose", department="clinic", service="check-in")["service"]["code"] == "check-in"
    assert press(browser, "/consent")["screen"] == "form"
    wrong = press(browser, "/form", values={"complaint": None, "since_days": "many"})
    assert [field["error"] for field in wrong["fields"]] == ["missing", "not-a-number"]
    assert press(browser, "/language", language="pt")["fields"][0]["title"] == "O que sente?"
    assert press(browser, "/touch")["seconds_left"] == 90
    assert press(browser, "/form", values={"complaint": "fever", "since_days": 3})["screen"] == "check"
    assert press(browser, "/check")["screen"] == "sending"
    assert press(browser, "/retry")["screen"] == "sending"
    gone = press(browser, "/done")
    assert (gone["screen"], gone["language"], gone["level"]) == ("attract", "en", None)


@pytest.mark.parametrize(
    "body", ['{"department": "clinic"}', '{"department": "a/b", "service": "c"}', "[]", "nonsense"]
)
def test_what_the_page_does_not_send_is_refused(browser: httpx.Client, body: str) -> None:
    answer = browser.post("/choose", content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code == 422
    assert "department" not in answer.text


def test_waiting_for_a_change_ends_with_it(kiosk: Kiosk, browser: httpx.Client) -> None:
    version = browser.get("/state").json()["version"]
    later = threading.Timer(0.05, kiosk.let_in)
    later.start()
    view = browser.get("/state", params={"after": version, "wait": 20}).json()
    assert view["screen"] == "services"
    assert view["version"] > version
    later.join()


def test_waiting_in_vain_gives_what_there_is(browser: httpx.Client) -> None:
    version = browser.get("/state").json()["version"]
    assert browser.get("/state", params={"after": version, "wait": 0}).json()["version"] == version


def test_stopping_ends_all_waiting(clock: StandingClock) -> None:
    kiosk = Kiosk(clock)

    async def wait_and_stop() -> int:
        waiting = asyncio.create_task(kiosk.screen._state(after=99))
        await asyncio.sleep(0)
        kiosk.screen.stopping.set()
        return (await asyncio.wait_for(waiting, 10)).status_code

    assert asyncio.run(wait_and_stop()) == 200
    kiosk.close()
