"""A resident pays a fee in a real browser, in each language, from the card to the receipt and to what is kept of it."""

from __future__ import annotations

import re
from dataclasses import dataclass

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect
from sqlalchemy import select

from cardsvc.wire.manifest import Language
from kiosk.departments.contract.signed import KeptSignature
from kiosk.departments.finance.models import Booking, Fee
from tests.fixtures.browser import LANDSCAPE, PORTRAIT, OpenPage
from tests.fixtures.openssl import verify_cms
from tests.integration.kiosk.conftest import Town

pytestmark = pytest.mark.needs("chromium", "chinese-font")

expect.set_options(timeout=30_000)

NOTICE = "802600000037"
WRONG = "99999999"


@dataclass(frozen=True)
class Words:
    """What is read and pressed on the way."""

    language: str
    department: str
    service: str
    agree: str
    go_on: str
    read: str
    sentence: str
    sign: str
    enter: str
    two_left: str
    paid: str


WORDS = {
    Language.ENGLISH: Words(
        "English",
        "Finance",
        "Pay a fee",
        "Yes, continue",
        "Continue",
        "Please read what you sign",
        "I pay this fee out of my city purse.",
        "Sign with my PIN",
        "Enter your PIN to sign",
        "That was not the right PIN.",
        "Your fee is paid",
    ),
    Language.CHINESE: Words(
        "简体中文",
        "财政",
        "缴费",
        "同意并继续",
        "继续",
        "请阅读您要签署的内容",
        "本人同意从本人的城市钱包支付此项费用。",
        "用密码签名",
        "请输入密码以签名",
        "密码不正确",
        "缴费成功",
    ),
    Language.PORTUGUESE: Words(
        "Português",
        "Finanças",
        "Pagar uma taxa",
        "Sim, continuar",
        "Continuar",
        "Leia o que vai assinar, por favor",
        "Pago esta taxa com a minha carteira da cidade.",
        "Assinar com o PIN",
        "Introduza o PIN para assinar",
        "O PIN não está certo.",
        "A sua taxa está paga",
    ),
}


def heading(page: Page, text: str) -> None:
    expect(page.get_by_role("heading", level=1)).to_have_text(text)


def enter_pin(page: Page, pin: str) -> None:
    for digit in pin:
        page.locator(f"[data-digit='{digit}']").click()
    page.locator("[data-pin=confirm]").click()


def finds_nothing(page: Page) -> None:
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()


@pytest.mark.parametrize(
    ("language", "size"),
    [(Language.ENGLISH, LANDSCAPE), (Language.CHINESE, PORTRAIT), (Language.PORTUGUESE, LANDSCAPE)],
)
def test_from_the_card_to_the_receipt(
    treasury: Town, open_page: OpenPage, language: Language, size: tuple[int, int]
) -> None:
    page, words = open_page(size), WORDS[language]
    page.goto(treasury.links[-1])
    page.get_by_role("button", name=words.language).click()
    treasury.insert()
    expect(page.locator("main")).to_have_attribute("data-screen", "pin-entry")
    enter_pin(page, treasury.card.pin)
    page.locator(".tile", has_text=words.department).click()
    page.get_by_role("button", name=words.service).click()
    page.get_by_role("button", name=words.agree).click()
    for digit in NOTICE:
        page.locator(f".small-keys [data-key='{digit}']").click()
    page.get_by_role("button", name=words.go_on).click()

    heading(page, words.read)
    expect(page.locator(".paper")).to_contain_text(words.sentence)
    shown = page.locator(".paper").text_content()
    fingerprint = re.sub(r"\s", "", page.locator(".groups").inner_text())
    finds_nothing(page)
    page.get_by_role("button", name=words.sign).click()

    heading(page, words.enter)
    finds_nothing(page)
    enter_pin(page, WRONG)
    expect(page.get_by_role("alert").first).to_contain_text(words.two_left)
    assert WRONG not in page.content()
    enter_pin(page, treasury.card.pin)
    heading(page, words.paid)
    receipt = page.locator(".receipt dd").inner_text()
    assert treasury.card.pin not in page.content()

    with treasury.office.sessions() as session:
        kept = session.scalars(select(KeptSignature)).one()
        paid_with = session.get_one(Fee, NOTICE).paid_with
        assert session.get_one(Booking, paid_with).key == receipt
    assert (kept.receipt, kept.document.decode()) == (receipt, shown)
    verify_cms(kept.cms, kept.document, treasury.city.services.authority.root, treasury.clock())
    (signature,) = treasury.city.audit("signature")
    assert (signature.outcome, signature.detail["document_sha256"]) == ("ok", fingerprint)
    treasury.take()
    expect(page.locator("main")).to_have_attribute("data-screen", "attract")
    assert receipt not in page.content()


def test_a_change_of_mind_and_of_language_on_the_way(treasury: Town, open_page: OpenPage) -> None:
    page = open_page(PORTRAIT)
    page.goto(treasury.links[-1])
    treasury.insert()
    heading(page, "Enter your PIN")
    enter_pin(page, treasury.card.pin)
    page.get_by_role("button", name="Finance").click()
    page.get_by_role("button", name="Pay a fee").click()
    page.get_by_role("button", name="Yes, continue").click()
    page.locator("input").fill(NOTICE)
    page.get_by_role("button", name="Continue").click()
    heading(page, "Please read what you sign")
    page.get_by_role("button", name="Back, change something").click()
    expect(page.locator("input")).to_have_value(NOTICE)
    page.get_by_role("button", name="Continue").click()
    page.get_by_role("button", name="Sign with my PIN").click()
    heading(page, "Enter your PIN to sign")
    page.locator("[data-digit='1']").click()
    page.get_by_role("button", name="Português").click()
    heading(page, "Leia o que vai assinar, por favor")
    expect(page.locator(".paper")).to_contain_text("Pago esta taxa com a minha carteira da cidade.")
    page.get_by_role("button", name="Assinar com o PIN").click()
    heading(page, "Introduza o PIN para assinar")
    expect(page.locator("#pin-dots .full")).to_have_count(0)
    treasury.take()
    heading(page, "Hold your card here")
    assert NOTICE not in page.content()
