"""Every screen in a real browser: large enough to touch, clear enough to read, nothing out of sight."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, cast
from uuid import UUID

import pytest
from playwright.sync_api import Page

from cardsvc.wire.levels import Level
from cardsvc.wire.manifest import Language
from kiosk.booth import Booth
from kiosk.departments.education import department as education
from kiosk.departments.medical_insurance import department as medical_insurance
from kiosk.offers import offers_of
from kiosk.screen.server import ScreenServer
from kiosk.visit import screens
from kiosk.visit.events import Event
from kiosk.visit.machine import Machine
from kiosk.visit.reason import Reason
from kiosk.visit.screens import KioskState, Screen, Visit
from tests.fixtures.browser import LANDSCAPE, PORTRAIT, OpenPage
from tests.fixtures.offers import outcome

pytestmark = pytest.mark.needs("chromium", "chinese-font")

ANA = UUID(int=1, version=4)
OFFERS = offers_of(medical_insurance.manifest, "") + offers_of(education.manifest, "")
WITH_FORMS = [offer for offer in OFFERS if offer.form.fields]
PERSONAL = next(offer for offer in OFFERS if offer.service.level is Level.PIN)
SUBMISSION = screens.Submission(OFFERS[0], ANA)
OPEN: list[Screen] = [
    screens.Services(),
    screens.InsertCard(PERSONAL),
    screens.PinEntry(ANA, PERSONAL, 2),
    screens.CheckingPin(ANA, None, 1),
    *(screens.Consent(offer) for offer in OFFERS),
    *(screens.FillForm(offer) for offer in WITH_FORMS),
    *(screens.FillForm(offer, offer.form.fill({})) for offer in WITH_FORMS),
    screens.Sending(SUBMISSION, 1),
    screens.Done(OFFERS[0], outcome()),
    screens.Refusal(Reason("department-unreachable"), screens.Services(), SUBMISSION),
]
CLOSED: list[Screen] = [
    screens.Attract(),
    screens.Reading(),
    screens.Refusal(Reason("card-not-active", card_state="revoked")),
    screens.TakeCard(),
    screens.OutOfService(),
]

SMALLEST_TARGET = 48
CONTRAST = 4.5

MEASURE = """() => {
  const channel = (value) => { const c = value / 255; return c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4; };
  const light = ([r, g, b]) => 0.2126 * channel(r) + 0.7152 * channel(g) + 0.0722 * channel(b);
  const rgba = (text) => (text.match(/[0-9.]+/g) || [0, 0, 0, 0]).map(Number);
  const background = (element) => {
    for (let at = element; at; at = at.parentElement) {
      const colour = rgba(getComputedStyle(at).backgroundColor);
      if (colour.length < 4 || colour[3] === 1) return colour;
    }
    return [255, 255, 255];
  };
  const seen = (element) => element.checkVisibility({ opacityProperty: true, visibilityProperty: true });
  const unclear = [];
  for (const element of document.querySelectorAll("body *")) {
    const own = [...element.childNodes].some((node) => node.nodeType === 3 && node.textContent.trim());
    if (!own || !seen(element) || element.closest("[disabled]")) continue;
    const [a, b] = [light(rgba(getComputedStyle(element).color)), light(background(element))].sort((x, y) => y - x);
    const ratio = (a + 0.05) / (b + 0.05);
    if (ratio < CONTRAST) unclear.push(`${element.textContent.trim().slice(0, 30)}: ${ratio.toFixed(2)}`);
  }
  const hard = [];
  for (const element of document.querySelectorAll("button, .choices span, input[type=text]")) {
    if (!seen(element)) continue;
    const { width, height, left, right, top, bottom } = element.getBoundingClientRect();
    const name = (element.textContent || element.name).trim().slice(0, 30);
    if (width < TARGET || height < TARGET) hard.push(`${name}: ${width} x ${height}`);
    if (left < 0 || right > innerWidth || top < 0 || bottom > innerHeight) hard.push(`${name}: out of sight`);
  }
  return { unclear, hard, wide: document.documentElement.scrollWidth > innerWidth };
}""".replace("CONTRAST", str(CONTRAST)).replace("TARGET", str(SMALLEST_TARGET))


class Showcase:
    """Shows whatever state it is sent as an event."""

    def start(self) -> KioskState:
        return KioskState()

    def step(self, _state: KioskState, event: Event, _now: datetime) -> tuple[KioskState, tuple[()]]:
        return cast("KioskState", event), ()


class Window:
    """A booth to put states into, and its screen."""

    def __init__(self) -> None:
        self.booth = Booth(cast("Machine", Showcase()), lambda _: None, lambda: datetime.now(UTC))
        self.links: list[str] = []
        self.ready = threading.Event()
        self.server = ScreenServer(self.booth, 0, self.links.append, lambda _: self.ready.set())

    def show(self, page: Page, state: KioskState) -> None:
        version = self.booth.send(cast("Event", state)).version
        page.wait_for_selector(f"main[data-version='{version}']", state="attached")


@pytest.fixture
def window() -> Iterator[Window]:
    window = Window()
    thread = threading.Thread(target=window.server.serve_until_stopped)
    thread.start()
    assert window.ready.wait(30)
    yield window
    window.server.should_exit = True
    thread.join()


def states(language: Language) -> Iterator[KioskState]:
    now = datetime.now(UTC)
    visit = Visit(ANA, Level.TAP, "", now + timedelta(minutes=10))
    state = KioskState(language=language, offers=OFFERS)
    for screen in OPEN:
        yield replace(state, screen=screen, visit=visit, deadline=now + timedelta(seconds=80))
    for screen in CLOSED:
        yield replace(state, screen=screen)
    yield replace(state, troubles=frozenset(screens.Trouble))
    yield replace(state, screen=screens.Services(), visit=visit, deadline=now + timedelta(seconds=15))


@pytest.mark.parametrize("size", [LANDSCAPE, PORTRAIT], ids=["landscape", "portrait"])
@pytest.mark.parametrize("language", list(Language))
def test_every_screen_can_be_read_and_touched(
    window: Window, open_page: OpenPage, language: Language, size: tuple[int, int]
) -> None:
    page = open_page(size)
    page.emulate_media(reduced_motion="reduce")
    page.goto(window.links[-1])
    found: dict[str, Any] = {}
    for state in states(language):
        window.show(page, state)
        measured = page.evaluate(MEASURE)
        if measured != {"unclear": [], "hard": [], "wide": False}:
            found[repr(state.screen)[:60]] = measured
    assert found == {}
