"""What is read aloud: all that is on the screen and nothing else, in its language; never a PIN or what was typed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from playwright.sync_api import Page, expect

from cardsvc.wire.levels import Level
from cardsvc.wire.manifest import Language
from kiosk.screen.view import SCREEN_NAMES
from kiosk.visit import pin_screens, screens
from kiosk.visit.screens import KioskState, Screen, Visit
from tests.fixtures.browser import LANDSCAPE, OpenPage
from tests.fixtures.offers import CHANGE_PIN, paper
from tests.fixtures.screens import PAPERS, PERSONAL, TO_SIGN, WITH_FORMS, signing, states
from tests.fixtures.windows import Window

pytestmark = pytest.mark.needs("chromium", "chinese-font")

ANA = UUID(int=1, version=4)
RECORDER = """
window.said = [];
window.SpeechSynthesisUtterance = class { constructor(text) { this.text = text; } };
const voices = ["de-DE", "zh-CN", "pt-PT", "en-GB"].map((lang) => ({ lang, name: lang }));
Object.defineProperty(window, "speechSynthesis", { value: {
  getVoices: () => voices,
  cancel() {},
  speak(it) { said.push({ text: it.text, lang: it.lang, voice: it.voice.lang }); queueMicrotask(it.onend); },
}});
"""
"""Stands for the machine's voice, and remembers."""
NO_PICTURE = '<svg xmlns="http://www.w3.org/2000/svg"/>'
VOICES = {"en": "en-GB", "zh-Hans": "zh-CN", "pt": "pt-PT"}
SEEN = """() => {
  const keys = [...document.querySelectorAll("main :is(.pin-pad, [data-keys-for])")];
  for (const each of keys) each.style.display = "none";
  const text = document.querySelector("main").innerText;
  for (const each of keys) each.style.display = "";
  return text;
}"""
"""What the browser takes for the text of the screen, without the keys for digits."""


def listening(page: Page, window: Window) -> Page:
    page.add_init_script(RECORDER)
    page.route("**/touch", lambda route: route.fulfill(status=204))
    page.route("**/papers/**", lambda route: route.fulfill(status=200, content_type="image/svg+xml", body=NO_PICTURE))
    page.emulate_media(reduced_motion="reduce")
    page.goto(window.links[-1])
    return page


def said(page: Page) -> list[dict[str, str]]:
    """Press the button; what is read until it stops by itself."""
    page.evaluate("() => { said.length = 0; }")
    button = page.locator("[data-speak]")
    button.click()
    expect(button).to_have_attribute("aria-pressed", "false")
    found: list[dict[str, str]] = page.evaluate("said")
    return found


def letters(text: str) -> str:
    return "".join(text.split())


@pytest.mark.parametrize("language", list(Language))
def test_what_is_said_is_what_is_seen(window: Window, open_page: OpenPage, language: Language) -> None:
    page = listening(open_page(LANDSCAPE), window)
    found: dict[str, Any] = {}
    for number, state in enumerate(states(language)):
        if state.deadline and state.deadline < datetime.now(UTC) + timedelta(seconds=20):
            continue  # a question lies over it
        window.show(page, state)
        seen, heard = page.evaluate(SEEN), said(page)
        if letters(seen) != letters(" ".join(each["text"] for each in heard)):
            found[f"{number:02}-{SCREEN_NAMES[type(state.screen)]}"] = seen, heard
        for each in heard:
            assert each["voice"] == VOICES[each["lang"]], each
            assert each["lang"] == language or isinstance(state.screen, screens.TakeCard), each
    assert found == {}


def test_a_document_in_another_language_is_read_in_its_own(window: Window, open_page: OpenPage) -> None:
    page = listening(open_page(LANDSCAPE), window)
    visit = Visit(ANA, Level.PIN, "", datetime.now(UTC) + timedelta(minutes=10))
    window.show(page, KioskState(signing(Language.CHINESE)[0], visit, Language.ENGLISH))
    voices = {each["voice"] for each in said(page) if "缴费" in each["text"]}
    assert voices == {"zh-CN"}
    assert said(page)[0]["voice"] == "en-GB"


@pytest.mark.parametrize(
    "screen",
    [
        screens.PinEntry(ANA, PERSONAL, 2),
        screens.SignPin(TO_SIGN, paper(PAPERS[Language.ENGLISH], Language.ENGLISH)),
        pin_screens.ChangePin(CHANGE_PIN),
    ],
    ids=["pin-entry", "sign-pin", "change-pin"],
)
def test_a_pin_is_not_said(window: Window, open_page: OpenPage, screen: Screen) -> None:
    page = listening(open_page(LANDSCAPE), window)
    visit = Visit(ANA, Level.PIN, "", datetime.now(UTC) + timedelta(minutes=10))
    window.show(page, KioskState(screen, visit))
    before = said(page)
    page.keyboard.type("86419375")
    expect(page.locator("#pin-dots .full")).to_have_count(8)
    assert said(page) == before
    assert not {digit for each in before for digit in "864" if digit in each["text"]}


def test_what_is_typed_is_not_said(window: Window, open_page: OpenPage) -> None:
    page = listening(open_page(LANDSCAPE), window)
    visit = Visit(ANA, Level.PIN, "", datetime.now(UTC) + timedelta(minutes=10))
    form = next(offer for offer in WITH_FORMS if any(field.numeric for field in offer.form.fields))
    window.show(page, KioskState(screens.FillForm(form), visit))
    before = said(page)
    page.locator("main input[type=text]").first.fill("86419375")
    assert said(page) == before
    assert not [each for each in before if "8641" in each["text"]]
