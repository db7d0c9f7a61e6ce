"""Every screen in every mode, upright and lying: nothing is cut off, nothing lies over another, all is within reach."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from importlib import import_module
from itertools import combinations, product
from pathlib import Path
from typing import Any, Final
from uuid import UUID

import pytest
from playwright.sync_api import Page

from cardsvc.wire.levels import Level
from cardsvc.wire.manifest import Language
from kiosk.offers import offers_of
from kiosk.screen.view import SCREEN_NAMES
from kiosk.visit import screens
from kiosk.visit.reason import Reason
from kiosk.visit.screens import KioskState, Mode, Screen, Visit
from tests.fixtures.browser import LANDSCAPE, PORTRAIT, OpenPage
from tests.fixtures.offers import CITY, outcome, paper
from tests.fixtures.papers import home_proof
from tests.fixtures.whole import sample
from tests.fixtures.windows import Window

pytestmark = pytest.mark.needs("chromium", "chinese-font")

ANA = UUID(int=1, version=4)
DEPARTMENTS: Final = (
    "finance",
    "medical_insurance",
    "social_insurance",
    "public_security",
    "education",
    "real_estate",
    "environment",
    "community",
)
OFFERS = (
    *(
        offer
        for name in DEPARTMENTS
        for offer in offers_of(import_module(f"kiosk.departments.{name}").department.manifest, "")
    ),
    *CITY,
)
WITH_FORMS = [offer for offer in OFFERS if offer.form.fields]
LONGEST_FORM = max(WITH_FORMS, key=lambda offer: len(offer.form.fields))
PERSONAL = next(offer for offer in OFFERS if offer.service.level is Level.PIN)
SIGNED = next(offer for offer in OFFERS if offer.service.level is Level.SIGN)
MOST_TOLD = max(OFFERS, key=lambda offer: len(offer.service.attributes) + len(offer.service.questions))
SUBMISSION = screens.Submission(OFFERS[0], ANA)
TO_SIGN = screens.Submission(SIGNED, ANA)
MODES = [frozenset(some) for count in range(len(Mode) + 1) for some in combinations(Mode, count)]
COMBINATIONS = sample(
    list(product(MODES, [LANDSCAPE, PORTRAIT])),
    [
        (MODES[0], LANDSCAPE),
        (MODES[-1], PORTRAIT),
        (frozenset({Mode.SEAT_HEIGHT}), PORTRAIT),
        (frozenset({Mode.LARGE_TEXT}), LANDSCAPE),
    ],
)
MAY_SCROLL: Final = {"form", "review", "consent", "done"}
"""As long as what a department asks or says. All others are seen whole, except for services in large text."""
PROOF: Final = "7f" * 32
"""Stands for a paper in the addresses of its pages."""
REACH: Final = 0.58
"""Of an upright screen, from below: see docs/kiosk.md."""
PICTURES = Path(__file__).parents[3] / "var" / "screens" / "modes"

CUT = """({ reach, scrolls }) => {
  const seen = (element) => element.checkVisibility({ opacityProperty: true, visibilityProperty: true });
  const name = (element) => (element.textContent || element.name || element.tagName).trim().slice(0, 30);
  const found = [];
  const main = document.querySelector("main");
  const root = document.documentElement;
  if (root.scrollWidth > innerWidth || root.scrollHeight > innerHeight) found.push("larger than the screen");
  if (main.scrollWidth > main.clientWidth) found.push(`main is ${main.scrollWidth} wide in ${main.clientWidth}`);
  if (!scrolls && main.scrollHeight > main.clientHeight + 1)
    found.push(`main is ${main.scrollHeight} high in ${main.clientHeight}`);
  const inside = (rect, box) => rect.left >= box.left - 1 && rect.right <= box.right + 1
    && rect.top >= box.top - 1 && rect.bottom <= box.bottom + 1;
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (texts.nextNode()) {
    const holder = texts.currentNode.parentElement;
    if (!texts.currentNode.data.trim() || !seen(holder)) continue;
    const range = document.createRange();
    range.selectNodeContents(texts.currentNode);
    const rect = range.getBoundingClientRect();
    if (rect.left < -1 || rect.right > innerWidth + 1) found.push(`${name(holder)}: beside the screen`);
    const box = holder.closest("button, .choices label, .sheet, .badge, .bar, .dock");
    const frame = box?.getBoundingClientRect();
    if (box && !inside(rect, frame)) found.push(`${name(holder)}: out of its ${box.className || box.tagName}`);
    if (!scrolls && (rect.top < -1 || rect.bottom > innerHeight + 1))
      found.push(`${name(holder)}: out of sight`);
  }
  // Whoever holds a phone to it has no hand to scroll with.
  const code = document.querySelector(".code svg");
  const ends = document.querySelector(".ends")?.getBoundingClientRect();
  if (code && code.getBoundingClientRect().bottom > ends.top) found.push("the code is not in sight");
  const typing = document.querySelector("#keyboard:not([hidden])");  // It is low instead of the form.
  const buttons = [...document.querySelectorAll("button, .choices span, input[type=text]")].filter(seen);
  for (const button of buttons) {
    const stays = button.closest(".dock, .screen > .actions, .ends");
    if (scrolls && !stays) button.scrollIntoView({ block: "end" });
    const rect = button.getBoundingClientRect();
    if (rect.width < 48 || rect.height < 48) found.push(`${name(button)}: ${rect.width} x ${rect.height}`);
    if (reach && !(typing && button.closest("main")) && rect.top < innerHeight * (1 - reach))
      found.push(`${name(button)}: out of reach at ${Math.round(rect.top)}`);
    const [x, y] = [rect.left + rect.width / 2, rect.top + rect.height / 2];
    const hit = button.disabled || (button.closest("label") ?? button).contains(document.elementFromPoint(x, y));
    if (!hit) found.push(`${name(button)}: something lies over it`);
  }
  return found;
}"""


def states(language: Language, modes: frozenset[Mode]) -> Iterator[KioskState]:
    now = datetime.now(UTC)
    visit = Visit(ANA, Level.TAP, "", now + timedelta(minutes=10))
    state = KioskState(language=language, offers=OFFERS, modes=modes)
    for screen in shown(language):
        yield replace(state, screen=screen, visit=visit, deadline=now + timedelta(seconds=80))
    for name in (*DEPARTMENTS, "city"):
        screen = screens.Services(name.replace("_", "-"))
        yield replace(state, screen=screen, visit=visit, deadline=now + timedelta(seconds=80))
    yield state
    yield replace(state, screen=screens.Reading())
    yield replace(state, screen=screens.TakeCard(), card_inside=True)
    yield replace(state, screen=screens.OutOfService(), card_inside=True)
    yield replace(state, screen=screens.Services(), visit=visit, second_card=True, deadline=now + timedelta(seconds=80))


def shown(language: Language) -> list[Screen]:
    document = paper("I pay this fee out of my city purse.\n\nAmount: CNY 58.60\n" * 6, language)
    return [
        screens.Services(),
        screens.InsertCard(PERSONAL),
        screens.PinEntry(ANA, PERSONAL, 1),
        screens.CheckingPin(ANA, None, 1),
        screens.Consent(MOST_TOLD),
        screens.FillForm(LONGEST_FORM),
        screens.FillForm(LONGEST_FORM, LONGEST_FORM.form.fill({})),
        screens.Review(TO_SIGN, document),
        screens.SignPin(TO_SIGN, document, 1),
        screens.Signing(TO_SIGN, document, 3),
        screens.HoldAgain(SUBMISSION),
        screens.Sending(SUBMISSION, 1),
        screens.Done(OFFERS[0], outcome()),
        screens.Done(PERSONAL, home_proof(), 1, PROOF),
        screens.Refusal(Reason("department-unreachable"), screens.Services(), SUBMISSION),
        *(
            screens.Refusal(reason)
            for reason in (
                Reason("card-mute"),
                Reason("not-a-citizen-card"),
                Reason("card-not-active", card_state="held"),
                Reason("card-not-active", card_state="expired"),
                Reason("card-not-active", card_state="revoked"),
                Reason("other-card"),
                Reason("offline-too-old"),
            )
        ),
    ]


def called(part: frozenset[Mode] | tuple[int, int]) -> str:
    if isinstance(part, frozenset):
        return "+".join(sorted(part)) or "none"
    return "landscape" if part == LANDSCAPE else "portrait"


@pytest.mark.parametrize(("modes", "size"), COMBINATIONS, ids=called)
def test_nothing_is_cut_off_in_any_mode(
    window: Window, open_page: OpenPage, modes: frozenset[Mode], size: tuple[int, int]
) -> None:
    page = still(open_page(size), window)
    may_scroll = MAY_SCROLL | ({"services"} if Mode.LARGE_TEXT in modes else set())
    reach = REACH if Mode.SEAT_HEIGHT in modes and size == PORTRAIT else None
    found: dict[str, Any] = {}
    for language in Language:
        folder = PICTURES / called(modes) / ("landscape" if size == LANDSCAPE else "portrait") / language.value
        for number, state in enumerate(states(language, modes)):
            window.show(page, state)
            name = f"{number:02}-{SCREEN_NAMES[type(state.screen)]}"
            page.screenshot(path=folder / f"{name}.png")
            said = page.evaluate(CUT, {"reach": reach, "scrolls": name[3:] in may_scroll})
            if said:
                found[f"{language.value} {name}"] = said
    assert found == {}


def still(page: Page, window: Window) -> Page:
    page.emulate_media(reduced_motion="reduce")
    page.goto(window.links[-1])
    return page
