"""Every screen in a real browser: large enough to touch, clear enough to read, in sight or scrolled to."""

from __future__ import annotations

import shutil
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from cardsvc.wire.levels import Level
from cardsvc.wire.manifest import Language
from kiosk.screen import pages
from kiosk.screen.view import SCREEN_NAMES
from kiosk.visit import screens
from kiosk.visit.screens import KioskState, Mode, Visit
from tests.fixtures.browser import LANDSCAPE, PORTRAIT, OpenPage, axe_findings
from tests.fixtures.screens import ANA, signing, states
from tests.fixtures.whole import sample
from tests.fixtures.windows import Window

pytestmark = pytest.mark.needs("chromium", "chinese-font")

SCREENS = Path(__file__).parents[3] / "var" / "screens"
"""Pictures of every screen, for people to look at."""
TEMPLATES = Path(pages.__file__).parent / "templates" / "screens"
MODES = [frozenset[Mode](), frozenset({Mode.LARGE_TEXT}), frozenset({Mode.HIGH_CONTRAST})]
COMBINATIONS = sample(
    list(product(MODES, list(Language), [LANDSCAPE, PORTRAIT])),
    [
        (MODES[0], Language.CHINESE, PORTRAIT),
        (MODES[0], Language.PORTUGUESE, LANDSCAPE),
        (MODES[1], Language.ENGLISH, PORTRAIT),
        (MODES[2], Language.CHINESE, LANDSCAPE),
    ],
)
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
    const scrolls = element.closest("main") && !element.closest("main > .actions");
    const outside = left < 0 || right > innerWidth || (!scrolls && (top < 0 || bottom > innerHeight));
    if (outside) hard.push(`${name}: out of sight`);
  }
  return { unclear, hard, wide: document.documentElement.scrollWidth > innerWidth };
}""".replace("CONTRAST", str(CONTRAST)).replace("TARGET", str(SMALLEST_TARGET))


HIT = """(button) => {
  const { left, top, width, height } = button.getBoundingClientRect();
  return button.contains(document.elementFromPoint(left + width / 2, top + height / 2));
}"""


@pytest.mark.parametrize("size", [LANDSCAPE, PORTRAIT], ids=["landscape", "portrait"])
@pytest.mark.parametrize("language", list(Language))
def test_every_screen_can_be_read_and_touched(
    window: Window, open_page: OpenPage, language: Language, size: tuple[int, int]
) -> None:
    page = open_page(size)
    page.emulate_media(reduced_motion="reduce")
    page.goto(window.links[-1])
    found: dict[str, str] = {}
    for state in states(language):
        window.show(page, state)
        measured = page.evaluate(MEASURE)
        if measured != {"unclear": [], "hard": [], "wide": False}:
            found[repr(state.screen)[:60]] = measured
    assert found == {}


def test_every_screen_is_looked_at() -> None:
    drawn = {template.stem for template in TEMPLATES.glob("*.html")}
    for language in Language:
        assert {SCREEN_NAMES[type(state.screen)] for state in states(language)} == drawn


def called(part: frozenset[Mode] | Language | tuple[int, int]) -> str:
    if isinstance(part, frozenset):
        return "+".join(part) or "none"
    return "landscape" if part == LANDSCAPE else "portrait" if part == PORTRAIT else str(part)


@pytest.mark.parametrize(("modes", "language", "size"), COMBINATIONS, ids=called)
def test_axe_finds_nothing_on_any_screen(
    window: Window, open_page: OpenPage, language: Language, size: tuple[int, int], modes: frozenset[Mode]
) -> None:
    folder = SCREENS / ("landscape" if size == LANDSCAPE else "portrait") / language.value
    page = open_page(size)
    page.emulate_media(reduced_motion="reduce")
    page.goto(window.links[-1])
    if not modes:
        shutil.rmtree(folder, ignore_errors=True)
    found: dict[str, Any] = {}
    for number, state in enumerate(states(language)):
        window.show(page, replace(state, modes=modes))
        name = f"{number:03}-{SCREEN_NAMES[type(state.screen)]}"
        if not modes:
            page.screenshot(path=folder / f"{name}.png")
        if findings := axe_findings(page):
            found[name] = findings
    assert found == {}


@pytest.mark.parametrize("size", [LANDSCAPE, PORTRAIT], ids=["landscape", "portrait"])
@pytest.mark.parametrize("larger", [1, 1.5, 2])
def test_a_long_text_scrolls_and_the_buttons_stay_in_sight(
    window: Window, open_page: OpenPage, size: tuple[int, int], larger: float
) -> None:
    page = open_page(size)
    page.goto(window.links[-1])
    visit = Visit(ANA, Level.PIN, "", datetime.now(UTC) + timedelta(minutes=10))
    for screen in signing(Language.PORTUGUESE)[:2]:
        window.show(page, KioskState(screen, visit, Language.PORTUGUESE))
        page.evaluate(
            "(larger) => { document.documentElement.style.fontSize = `calc(var(--u) * 1.3 * ${larger})`; }", larger
        )
        text, main = page.locator(".paper"), page.locator("main")
        for place in (0, 10**9):
            main.evaluate("(main, place) => { main.scrollTop = place; }", place)
            for name in ("Assinar com o PIN", "Voltar e alterar"):
                button = page.get_by_role("button", name=name)
                expect(button).to_be_in_viewport(ratio=1)
                assert button.evaluate(HIT), "nothing lies over it"
        page.locator(".groups span").last.scroll_into_view_if_needed()
        assert page.locator(".groups span").last.evaluate(HIT), "nothing lies over it"
        assert text.evaluate("(text) => text.scrollWidth <= text.clientWidth"), "no line runs out of the paper"
        assert isinstance(screen, screens.Review)
        assert text.inner_text() == screen.paper.text


def test_somebody_who_reads_a_long_text_stays_where_they_are(window: Window, open_page: OpenPage) -> None:
    page, now = open_page(PORTRAIT), datetime.now(UTC)
    page.goto(window.links[-1])
    visit = Visit(ANA, Level.PIN, "", now + timedelta(minutes=10))
    state = KioskState(signing(Language.ENGLISH)[1], visit, deadline=now + timedelta(seconds=15))
    window.show(page, state)
    expect(page.get_by_role("alertdialog")).to_be_visible()
    page.locator("main").evaluate("(main) => { main.scrollTop = 900; }")
    page.locator("main").evaluate("(main) => { main.seen = true; }")
    window.show(page, replace(state, deadline=now + timedelta(seconds=90)))
    expect(page.get_by_role("alertdialog")).to_be_hidden()
    assert int(page.locator(".countdown b").inner_text()) > 60
    assert page.locator("main").evaluate("(main) => [main.seen, main.scrollTop]") == [True, 900]
    window.show(page, replace(state, troubles=frozenset(screens.Trouble), screen=screens.Services()))
    assert page.locator("main").evaluate("(main) => main.seen === undefined")
    expect(page.locator(".troubles p")).to_have_count(len(screens.Trouble) - 1)


def test_no_card_moves_for_whoever_wants_nothing_to_move(window: Window, open_page: OpenPage) -> None:
    page = open_page(PORTRAIT)
    page.emulate_media(reduced_motion="reduce")
    page.goto(window.links[-1])
    for screen in (screens.Attract(), screens.TakeCard(), screens.TakeCard(lying=True)):
        window.show(page, KioskState(screen))
        moves = page.locator(".picture .card").evaluate("(card) => getComputedStyle(card).animationName")
        assert moves == "none"
