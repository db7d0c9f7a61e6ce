"""A resident locks their card and looks who saw their data, in a real browser, in each language."""

from __future__ import annotations

import re
from dataclasses import dataclass

import pytest
from playwright.sync_api import expect

from cardsvc.wire.manifest import Language
from readers.piv.pin import Pin
from readers.piv.session import PivSession
from readers.virtual.loopback import LoopbackReader
from tests.fixtures.browser import LANDSCAPE, PORTRAIT, OpenPage
from tests.integration.kiosk.conftest import Town
from tests.integration.kiosk.test_city_visits import NEW_PIN
from tests.integration.kiosk.test_signing_in_browser import enter_pin, finds_nothing, heading

pytestmark = pytest.mark.needs("chromium", "chinese-font")


@dataclass(frozen=True)
class Words:
    """What is read and pressed on the way."""

    language: str
    department: str
    lock: str
    taps: str
    go_on: str
    send: str
    locked: str
    another: str
    history: str


WORDS = {
    Language.ENGLISH: Words(
        "English",
        "My card and my data",
        "Lock my card",
        "Everything without a PIN",
        "Continue",
        "Yes, send it",
        "Your card is locked",
        "Another service",
        "Who looked at my data",
    ),
    Language.CHINESE: Words(
        "简体中文",
        "我的卡与数据",
        "锁定我的卡",
        "所有无需密码的业务",
        "继续",
        "确认并提交",
        "您的卡已锁定",
        "办理其他业务",
        "谁查看过我的数据",
    ),
    Language.PORTUGUESE: Words(
        "Português",
        "O meu cartão e os meus dados",
        "Bloquear o meu cartão",
        "Tudo o que não exige PIN",
        "Continuar",
        "Sim, enviar",
        "O seu cartão está bloqueado",
        "Outro serviço",
        "Quem viu os meus dados",
    ),
}


@pytest.mark.parametrize(
    ("language", "size"),
    [(Language.ENGLISH, LANDSCAPE), (Language.CHINESE, PORTRAIT), (Language.PORTUGUESE, LANDSCAPE)],
)
def test_locking_a_card_and_looking_who_saw_the_data(
    town: Town, open_page: OpenPage, language: Language, size: tuple[int, int]
) -> None:
    page, words = open_page(size), WORDS[language]
    page.goto(town.links[-1])
    page.get_by_role("button", name=words.language).click()
    town.insert()
    expect(page.locator("main")).to_have_attribute("data-screen", "pin-entry")
    enter_pin(page, town.card.pin)
    page.get_by_role("button", name=re.compile(f"^{words.lock}")).click()
    page.get_by_role("radio", name=words.taps).check()
    finds_nothing(page)
    page.get_by_role("button", name=words.go_on, exact=True).click()
    expect(page.locator("main")).to_have_attribute("data-screen", "check")
    expect(page.locator("dl")).to_contain_text(words.taps)
    finds_nothing(page)
    page.get_by_role("button", name=words.send, exact=True).click()
    heading(page, words.locked)
    expect(page.locator("dd").first).not_to_be_empty()
    (locked,) = town.city.audit("locks.set")
    assert (locked.outcome, locked.detail["lock"]) == ("ok", "tap")

    page.get_by_role("button", name=words.another, exact=True).click()
    page.get_by_role("button", name=words.history).click()
    expect(page.locator("main")).to_have_attribute("data-screen", "done")
    expect(page.locator("main")).to_contain_text(words.department)
    finds_nothing(page)
    town.take()
    expect(page.locator("main")).to_have_attribute("data-screen", "attract")
    expect(page.locator("main")).not_to_contain_text(words.department)


CHANGE = {
    Language.ENGLISH: ("Change my PIN", "This PIN repeats itself, so it is easy to guess.", "Your PIN is changed"),
    Language.CHINESE: ("修改密码", "该密码为重复数字，容易被猜中。", "密码已修改"),
    Language.PORTUGUESE: ("Mudar o meu PIN", "Este PIN repete-se e é fácil de adivinhar.", "O seu PIN foi mudado"),
}


@pytest.mark.parametrize(
    ("language", "size"),
    [(Language.ENGLISH, PORTRAIT), (Language.CHINESE, LANDSCAPE), (Language.PORTUGUESE, PORTRAIT)],
)
def test_changing_the_pin(town: Town, open_page: OpenPage, language: Language, size: tuple[int, int]) -> None:
    page, words, (change, easy, changed) = open_page(size), WORDS[language], CHANGE[language]
    page.goto(town.links[-1])
    page.get_by_role("button", name=words.language).click()
    town.insert()
    expect(page.locator("main")).to_have_attribute("data-screen", "pin-entry")
    enter_pin(page, town.card.pin)
    page.get_by_role("button", name=change).click()
    expect(page.locator("main")).to_have_attribute("data-about", "change-pin-old")
    enter_pin(page, town.card.pin)
    expect(page.locator("main")).to_have_attribute("data-about", "change-pin-new")
    enter_pin(page, "121212")
    expect(page.get_by_role("alert")).to_contain_text(easy)
    enter_pin(page, NEW_PIN)
    expect(page.locator("main")).to_have_attribute("data-about", "change-pin-again")
    finds_nothing(page)
    enter_pin(page, NEW_PIN)
    heading(page, changed)
    finds_nothing(page)
    assert [pin for pin in (town.card.pin, "121212", NEW_PIN) if pin in page.content()] == []
    card = LoopbackReader(town.contact)
    with card.connect() as connection:
        PivSession.open(connection).verify_pin(Pin(NEW_PIN))
