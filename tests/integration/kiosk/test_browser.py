"""A citizen in front of a real browser, and a real card on the readers."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.fixtures.browser import LANDSCAPE, PORTRAIT, OpenPage
from tests.integration.kiosk.conftest import Town

pytestmark = pytest.mark.needs("chromium")

expect.set_options(timeout=30_000)


def heading(page: Page, text: str) -> None:
    expect(page.get_by_role("heading", level=1)).to_have_text(text)


def enter_pin(page: Page, pin: str) -> None:
    for digit in pin:
        page.locator(f"[data-digit='{digit}']").click()


@pytest.fixture
def page(town: Town, open_page: OpenPage) -> Page:
    page = open_page(PORTRAIT)
    page.goto(town.links[-1])
    heading(page, "Hold your card here")
    return page


def test_a_ticket_with_a_tap_in_the_language_one_likes(town: Town, page: Page) -> None:
    town.hold()
    heading(page, "What would you like to do?")
    page.get_by_role("button", name="Clinic check-in").click()
    expect(page.get_by_text("The district you live in")).to_be_visible()
    page.get_by_role("button", name="Yes, continue").click()
    page.get_by_label("Hengqin Hospital").check()
    page.get_by_role("button", name="简体中文").click()
    expect(page.locator("html")).to_have_attribute("lang", "zh-Hans")
    expect(page.locator("input:checked")).to_have_value("hengqin-hospital")
    page.get_by_role("button", name="继续").click()
    expect(page.get_by_role("alert")).to_have_text("请填写此项。")
    page.get_by_role("button", name="English").click()
    page.get_by_label("Fever").check()
    page.get_by_role("button", name="Continue").click()
    heading(page, "Is this right?")
    expect(page.locator("dl")).to_contain_text("Fever")
    page.get_by_role("button", name="Yes, send it").click()
    expect(page.get_by_text("Receipt number")).to_be_visible()
    page.get_by_role("button", name="Finish").click()
    heading(page, "Hold your card here")


def test_the_pin_leaves_no_trace_in_the_page(town: Town, page: Page) -> None:
    town.insert()
    heading(page, "Enter your PIN")
    confirm = page.locator("[data-pin=confirm]")
    enter_pin(page, "999")
    expect(confirm).to_be_disabled()
    expect(page.locator("#pin-dots .full")).to_have_count(3)
    page.get_by_role("button", name="Português").click()
    heading(page, "Introduza o seu PIN")
    expect(page.locator("#pin-dots .full")).to_have_count(3)
    enter_pin(page, "99999")
    assert "99999999" not in page.content()
    confirm.click()
    expect(page.get_by_role("alert").first).to_contain_text("O PIN não está certo")
    expect(page.locator("#pin-dots .full")).to_have_count(0)
    page.keyboard.type(town.card.pin)
    page.keyboard.press("Enter")
    heading(page, "O que deseja fazer?")
    assert town.card.pin not in page.content()
    town.take()
    heading(page, "Hold your card here")


def test_somebody_who_reads_slowly_is_asked(town: Town, page: Page) -> None:
    town.hold()
    heading(page, "What would you like to do?")
    town.clock.advance(seconds=75)
    page.get_by_role("button", name="中文").click()
    expect(page.locator(".countdown b")).to_have_text("90")
    town.clock.advance(seconds=75)
    page.reload()
    expect(page.get_by_role("alertdialog")).to_be_visible()
    page.get_by_role("button", name="我需要更多时间").click()
    expect(page.get_by_role("alertdialog")).to_be_hidden()


def test_a_page_that_lost_its_kiosk_shows_nothing_of_the_last_visitor(town: Town, page: Page) -> None:
    town.hold()
    heading(page, "What would you like to do?")
    page.route("**/events", lambda route: route.fulfill(status=204))
    page.reload()
    expect(page.locator("main")).to_be_empty()
    expect(page.locator("#lost")).to_be_visible()
    assert "Clinic check-in" not in page.content()


def test_a_page_whose_kiosk_is_stuck_shows_nothing_when_the_time_is_up(town: Town, page: Page) -> None:
    page.clock.install()
    town.hold()
    heading(page, "What would you like to do?")
    page.clock.run_for(91_000)
    heading(page, "What would you like to do?")
    page.clock.run_for(5_000)
    expect(page.locator("main")).to_be_empty()
    town.clock.advance(seconds=91)
    heading(page, "Hold your card here")


def test_whatever_the_page_is_told_stays_on_this_machine(town: Town, open_page: OpenPage) -> None:
    page = open_page(LANDSCAPE)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(town.links[-1])
    heading(page, "Hold your card here")
    assert asked
    assert all(url.startswith(town.address) for url in asked)


@pytest.mark.parametrize("keys", ["Control+p", "Control+s", "Control+Equal", "Control+c", "Alt+ArrowLeft", "F5", "F12"])
def test_what_a_browser_does_for_its_owner_a_kiosks_does_not(page: Page, keys: str) -> None:
    page.evaluate("addEventListener('keydown', (event) => { window.kept = event.defaultPrevented; })")
    page.keyboard.press(keys)
    assert page.evaluate("window.kept") is True
    page.keyboard.press("Tab")
    assert page.evaluate("window.kept") is False


def test_there_is_no_menu_to_print_from_and_nothing_to_copy(page: Page) -> None:
    for kind in ("contextmenu", "copy", "cut", "dragstart"):
        made = f"new Event('{kind}', {{ bubbles: true, cancelable: true }})"
        assert page.evaluate(f"document.querySelector('h1').dispatchEvent({made})") is False
