"""A resident at the screen, in one language: reads what it says there, presses it, and never looks behind it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from playwright.sync_api import Locator, Page, expect

from cardsvc.wire.manifest import Language, Manifest, ServiceDescription, Texts
from kiosk.city.issuing import CITIZENS_PIN
from tests.walks.table import offered

LANGUAGE_BUTTONS: Final = {Language.ENGLISH: "English", Language.CHINESE: "简体中文", Language.PORTUGUESE: "Português"}
expect.set_options(timeout=60_000)
PATIENCE_MS: Final = 60_000
"""Much more than anything takes."""


class ResidentAtScreen:
    """Somebody who came with a card and a PIN."""

    def __init__(self, page: Page, language: Language) -> None:
        page.set_default_timeout(PATIENCE_MS)
        page.add_locator_handler(page.locator("[role=alertdialog]"), self._ask_for_time)
        self._page = page
        self._language = language
        self.read: list[str] = []
        """The screens they saw for the service they came for."""
        self.pages = 0
        """So many pages of a paper it gave them."""

    @property
    def screen(self) -> str:
        """Which screen is shown."""
        return str(self._page.locator("main").get_attribute("data-screen"))

    def speak(self) -> None:
        """Choose the language."""
        self._page.get_by_role("button", name=LANGUAGE_BUTTONS[self._language]).click()
        expect(self._page.locator("html")).to_have_attribute("lang", self._language.value)

    def wait_for(self, *screens: str) -> None:
        """Until one of them is shown."""
        shown = ", ".join(f"main[data-screen={screen}]" for screen in screens)
        self._page.locator(shown).wait_for(timeout=PATIENCE_MS)

    def use(self, manifest: Manifest, code: str, entered: Mapping[str, str]) -> str:
        """From the list of services to the receipt, and back; the receipt's number."""
        self._go_through(manifest, code, entered)
        assert self.screen == "done", self._page.locator("main").inner_text()
        receipt = self._page.locator(".receipt dd").inner_text()
        self._look_at_the_paper()
        self._go_back()
        return receipt

    def is_refused(self, manifest: Manifest, code: str, entered: Mapping[str, str], because: Texts) -> None:
        """From the list of services to a refusal for this reason, in the resident's language, and back."""
        self._go_through(manifest, code, entered)
        assert self.screen == "refusal", self._page.locator("main").inner_text()
        expect(self._page.locator("main")).to_contain_text(because[self._language])
        self._go_back()

    def begin(self, manifest: Manifest, code: str, entered: Mapping[str, str]) -> None:
        """As the first of two people: until the other one is asked for; the card is still in the slot."""
        self._go_through(manifest, code, entered)
        assert self.screen == "hand-over", self._page.locator("main").inner_text()

    def go_on(self, entered: Mapping[str, str]) -> str:
        """As the second, with the card and the PIN: to the receipt; its number."""
        self._answer(entered)
        assert self.screen == "done", self._page.locator("main").inner_text()
        return self._page.locator(".receipt dd").inner_text()

    def is_turned_away(self, entered: Mapping[str, str], because: Texts) -> None:
        """As the second: to a refusal for this reason, in the resident's language, and back to where both gave up."""
        self._answer(entered)
        assert self.screen == "refusal", self._page.locator("main").inner_text()
        expect(self._page.locator("main")).to_contain_text(because[self._language])
        self._go_back("await-second")
        self._page.locator("main .actions [data-post='/done']").click()

    def _go_through(self, manifest: Manifest, code: str, entered: Mapping[str, str]) -> None:
        self.wait_for("services")
        self._choose(manifest, offered(manifest, code))
        self._answer(entered)

    def _answer(self, entered: Mapping[str, str]) -> None:
        """Whatever is asked, until there is an outcome or another person is wanted."""
        self.read = []
        acts: dict[str, Callable[[], None]] = {
            "consent": self._press_main,
            "form": lambda: self._fill(entered),
            "check": self._press_main,
            "review": self._press_main,
            "sign-pin": self.enter_pin,
            "photograph-pin": self.enter_pin,
        }
        while self._next_screen(*acts, "hand-over", "done", "refusal") in acts:
            self.read.append(self.screen)
            acts[self.screen]()

    def _look_at_the_paper(self) -> None:
        pages = self._page.locator("main .pages img").all()
        for page in pages:
            page.scroll_into_view_if_needed()
            expect(page).not_to_have_js_property("naturalWidth", 0)
        self.pages = len(pages)

    def _go_back(self, home: str = "services") -> None:
        """To the list of services, say: from a refusal through the form, where what was entered can be mended."""
        before = self.screen
        self._page.locator("main .actions [data-post='/back']").click()
        self.wait_for(*{home, "form", "consent", "check"} - {before})
        if self.screen != home:
            self._go_back(home)

    def enter_pin(self) -> None:
        """On the pad."""
        for digit in CITIZENS_PIN:
            self._page.locator(f"[data-digit='{digit}']").click()
        self._page.locator("[data-pin=confirm]").click()

    def _next_screen(self, *screens: str) -> str:
        """Something else than what was acted on last."""
        last = self.read[-1] if self.read else "services"
        self.wait_for(*(screen for screen in screens if screen != last))
        return self.screen

    def _choose(self, manifest: Manifest, service: ServiceDescription) -> None:
        """The department first, unless it is open."""
        main, title = self._page.locator("main"), manifest.titles[self._language]
        if not main.locator(".heading .about").filter(has_text=title).count():
            if main.locator(".list").count():
                main.locator("[data-post='/back']").click()
            main.locator(".tile").filter(has=self._page.get_by_text(title, exact=True)).click()
        main.locator(".list button").filter(
            has=self._page.get_by_text(service.titles[self._language], exact=True)
        ).click()

    def _fill(self, entered: Mapping[str, str]) -> None:
        for name, value in entered.items():
            self._enter(self._page.locator(f"[data-field={name}]"), value)
        self._press_main()

    def _enter(self, field: Locator, value: str) -> None:
        kind = field.get_attribute("data-kind")
        if kind == "choice":
            field.locator(f"label:has(input[value='{value}'])").click()
        elif kind == "day":
            for part, chosen in zip(("year", "month", "day"), value.split("-"), strict=True):
                field.locator(f"label:has([data-part={part}][value='{chosen}'])").click()
        elif field.locator("[data-key]").count():
            for digit in value:
                field.locator(f"[data-key='{digit}']").click()
        else:
            field.locator("input").fill(value)

    def _press_main(self) -> None:
        self._page.locator("main .actions .main").click()

    def _ask_for_time(self, dialog: Locator) -> None:
        """On a busy machine a resident may be asked whether they are still there."""
        dialog.locator("[data-post='/touch']").click()
