"""Words are written with fingers alone, in the languages of the city, and come to the department as they were meant."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect
from sqlalchemy import select

from kiosk.departments.contract.clock import city_date
from kiosk.departments.contract.inbox.models import Case
from kiosk.departments.environment import department as environment
from kiosk.departments.public_security import department as public_security
from kiosk.departments.public_security.models import Move
from tests.fixtures.browser import LANDSCAPE, PORTRAIT, OpenPage
from tests.fixtures.cards import PersonalisedCard
from tests.fixtures.proofs import City
from tests.fixtures.services import StandingClock
from tests.integration.kiosk.conftest import Town, open_town

pytestmark = [pytest.mark.needs("chromium"), pytest.mark.needs("chinese-font")]

expect.set_options(timeout=30_000)

MOVES: dict[str, Any] = {
    "services": {"change-of-residence": {"level": "sign", "attributes": ["document_number"]}},
}
REPORTS: dict[str, Any] = {"services": {"problem-report": {"level": "tap", "attributes": []}}}


@pytest.fixture
def police(sqlite_city: City, service_card: PersonalisedCard, tmp_path: Path, clock: StandingClock) -> Iterator[Town]:
    with open_town(sqlite_city, service_card, tmp_path, clock, (public_security, MOVES)) as town:
        town.vouch_for_keys()
        yield town


@pytest.fixture
def wardens(sqlite_city: City, service_card: PersonalisedCard, tmp_path: Path, clock: StandingClock) -> Iterator[Town]:
    with open_town(sqlite_city, service_card, tmp_path, clock, (environment, REPORTS)) as town:
        yield town


class Fingers:
    """Presses what is on the glass."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.keyboard = page.locator("#keyboard")

    def press(self, name: str) -> None:
        self.page.get_by_role("button", name=name, exact=True).tap()

    def key(self, *keys: str) -> None:
        for key in keys:
            self.keyboard.locator(f'[data-press="{key}"]').tap()

    def spell(self, sound: str, meant: str) -> None:
        """Type a sound and choose what is meant, wherever it is among the candidates."""
        self.key(*sound)
        wanted = self.keyboard.locator(".candidate").filter(has_text=re.compile(rf"^[1-9]{meant}$"))
        expect(self.keyboard.locator(".candidate").first).to_be_visible()
        while not wanted.count():
            self.key("more")
        wanted.tap()

    def pin(self, pin: str) -> None:
        for digit in pin:
            self.page.locator(f"[data-digit='{digit}']").tap()
        self.page.locator("[data-pin=confirm]").tap()


def heading(page: Page, text: str) -> None:
    expect(page.get_by_role("heading", level=1)).to_have_text(text)


def is_in_sight(field: Locator, page: Page) -> bool:
    """Whether the field is above the keyboard, whole."""
    box, keyboard = field.bounding_box(), page.locator("#keyboard").bounding_box()
    assert box
    assert keyboard
    return box["y"] >= 0 and box["y"] + box["height"] <= keyboard["y"]


@pytest.mark.parametrize("size", [LANDSCAPE, PORTRAIT], ids=["landscape", "portrait"])
def test_an_address_in_chinese(police: Town, open_page: OpenPage, size: tuple[int, int]) -> None:
    page = open_page(size)
    fingers = Fingers(page)
    page.goto(police.links[-1])
    fingers.press("简体中文")
    police.insert()
    heading(page, "请输入密码")
    fingers.pin(police.card.pin)
    page.get_by_role("button", name="公安").tap()
    page.get_by_role("button", name="住址变更").tap()
    fingers.press("同意并继续")
    page.locator("label").filter(has_text="香洲").tap()
    address = page.get_by_label("住址", exact=True)
    address.tap()
    expect(fingers.keyboard).to_be_visible()
    assert is_in_sight(address, page)
    fingers.spell("qinglv", "情侣")
    fingers.spell("zhong", "中")
    fingers.spell("lu", "路")
    fingers.key("3", "9")
    fingers.spell("hao", "号")
    fingers.key("2")
    fingers.spell("dong", "栋")
    fingers.key("5", "0", "2", "delete", "1")
    expect(address).to_have_value("情侣中路39号2栋501")
    fingers.key("done")
    expect(fingers.keyboard).to_be_hidden()
    moved_on = city_date(police.clock()) - timedelta(days=3)
    for part in (f"{moved_on.year}", f"{moved_on.month}月", f"{moved_on.day}"):
        page.locator("[data-field=moved_on] label").filter(has_text=re.compile(f"^{part}$")).tap()
    fingers.press("继续")
    fingers.press("用密码签名")
    fingers.pin(police.card.pin)
    expect(page.locator(".receipt")).to_contain_text("PS-")
    with police.office.sessions() as session:
        moved = session.scalars(select(Move)).one()
    assert (moved.district, moved.address, moved.moved_on) == ("xiangzhou", "情侣中路39号2栋501", moved_on)


def test_a_problem_in_portuguese(wardens: Town, open_page: OpenPage) -> None:
    page = open_page(PORTRAIT)
    fingers = Fingers(page)
    page.goto(wardens.links[-1])
    fingers.press("Português")
    wardens.hold()
    page.get_by_role("button", name="Ambiente").tap()
    page.get_by_role("button", name="Comunicar um problema").tap()
    fingers.press("Sim, continuar")
    expect(page.locator(".choices")).to_have_count(2)
    for group in page.locator(".choices").all():
        group.locator("label").first.tap()
    words = page.get_by_label("Em poucas palavras")
    words.tap()
    fingers.key(
        "shift",
        "L",
        "i",
        "x",
        "o",
        "space",
        "n",
        "a",
        "space",
        "p",
        "r",
        "a",
        "ç",
        "a",
        "space",
        "shift",
        "É",
        "v",
        "o",
        "r",
        "a",
        ".",
    )
    expect(words).to_have_value("Lixo na praça Évora.")
    fingers.press("Continuar")
    fingers.press("Sim, enviar")
    expect(page.locator(".receipt")).to_contain_text("EN-")
    with wardens.office.sessions() as session:
        said = session.scalars(select(Case)).one().lines
    assert "Lixo na praça Évora." in str(said)
