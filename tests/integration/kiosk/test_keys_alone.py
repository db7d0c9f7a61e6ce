"""A whole visit without touching the glass: Tab, Enter and what is typed, from the services to the receipt."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.fixtures.browser import LANDSCAPE, OpenPage
from tests.integration.kiosk.conftest import Town

pytestmark = pytest.mark.needs("chromium", "chinese-font")

expect.set_options(timeout=30_000)

FURTHEST = 40
"""More stops than any screen here has."""
AT = """() => {
  const at = document.activeElement;
  if (at === document.body) return { name: "" };
  const outline = getComputedStyle(at);
  const box = at.getBoundingClientRect();
  const [x, y] = [box.left + box.width / 2, box.top + box.height / 2];
  return {
    name: (at.labels?.[0] ?? at).textContent.trim() || at.querySelector("img")?.alt || at.name || at.tagName,
    ringed: outline.outlineStyle === "solid" && parseFloat(outline.outlineWidth) >= 2,
    covered: !at.contains(document.elementFromPoint(x, y)),
  };
}"""


class Keys:
    """Somebody who has a keyboard, and nothing else."""

    def __init__(self, page: Page) -> None:
        self.page = page

    def reach(self, name: str) -> None:
        """Tab until it has the focus, which can be seen all the way."""
        for _ in range(FURTHEST):
            self.page.keyboard.press("Tab")
            at = self.page.evaluate(AT)
            if not at["name"]:
                continue  # past the last one, the browser begins again
            assert at["ringed"], at
            assert not at["covered"], at
            if at["name"].startswith(name):
                return
        raise AssertionError(f"{name} cannot be reached")

    def press(self, name: str) -> None:
        self.reach(name)
        self.page.keyboard.press("Enter")

    def comes_to(self, screen: str) -> None:
        """A new screen begins at its heading."""
        expect(self.page.locator("main")).to_have_attribute("data-screen", screen)
        expect(self.page.locator("h1")).to_be_focused()


def test_from_the_services_to_the_receipt(treasury: Town, open_page: OpenPage) -> None:
    page = open_page(LANDSCAPE)
    page.goto(treasury.links[-1])
    keys = Keys(page)
    treasury.insert()
    keys.comes_to("pin-entry")
    page.keyboard.type(treasury.card.pin)
    page.keyboard.press("Enter")
    keys.comes_to("services")
    keys.press("Finance")
    keys.comes_to("services")
    keys.press("Pay a fee")
    keys.comes_to("consent")
    keys.press("Yes, continue")
    keys.comes_to("form")
    keys.press("Continue")
    expect(page.locator("#error-notice")).to_be_visible()
    field = page.locator("input[name=notice]")
    expect(field).to_be_focused()
    expect(field).to_have_attribute("aria-invalid", "true")
    expect(field).to_have_accessible_description("12 digits, at the top of the notice Please answer this.")
    page.keyboard.type("802600000037")
    keys.press("Continue")
    keys.comes_to("review")
    keys.press("Sign with my PIN")
    keys.comes_to("sign-pin")
    keys.press(treasury.card.pin[0])
    page.keyboard.type(treasury.card.pin[1:])
    keys.press("Confirm")
    keys.comes_to("done")
    expect(page.locator("h1")).to_have_text("Your fee is paid")
    keys.press("Finish")
    keys.comes_to("take-card")
