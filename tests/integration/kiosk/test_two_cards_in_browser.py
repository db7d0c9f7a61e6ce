"""A pensioner and an attendant at the screen, in a real browser, in each language."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from playwright.sync_api import expect

from cardsvc.wire.manifest import Language
from tests.fixtures.browser import LANDSCAPE, PORTRAIT, OpenPage
from tests.fixtures.cards import PersonalisedCard
from tests.integration.kiosk.conftest import Town
from tests.integration.kiosk.test_signing_in_browser import enter_pin, finds_nothing, heading
from tests.integration.kiosk.test_two_cards import appoint_rosa, pensions, proofs, rosa

pytestmark = pytest.mark.needs("chromium", "chinese-font")
__all__ = ["pensions", "rosa"]


@dataclass(frozen=True)
class Words:
    """What is read and pressed on the way."""

    language: str
    proof: str
    yes: str
    same: str
    go_on: str
    proved: str


WORDS = {
    Language.ENGLISH: Words(
        "English",
        "Pension: proof of life",
        "Yes, continue",
        "It is the same person",
        "Continue",
        "It is proved for this year",
    ),
    Language.CHINESE: Words("简体中文", "养老金资格认证", "同意并继续", "为同一人", "继续", "本年度认证已完成"),
    Language.PORTUGUESE: Words(
        "Português",
        "Pensão: prova de vida",
        "Sim, continuar",
        "É a mesma pessoa",
        "Continuar",
        "Está provado para este ano",
    ),
}


@pytest.mark.parametrize(
    ("language", "size"),
    [(Language.ENGLISH, LANDSCAPE), (Language.CHINESE, PORTRAIT), (Language.PORTUGUESE, LANDSCAPE)],
)
def test_proof_of_life(
    pensions: Town,
    rosa: PersonalisedCard,
    open_page: OpenPage,
    language: Language,
    size: tuple[int, int],
) -> None:
    appoint_rosa(pensions, rosa)
    page, words = open_page(size), WORDS[language]
    main = page.locator("main")
    page.goto(pensions.links[-1])
    page.get_by_role("button", name=words.language).click()
    pensions.insert()
    expect(main).to_have_attribute("data-screen", "pin-entry")
    enter_pin(page, pensions.card.pin)
    page.locator(".tile[data-body*=social-insurance]").click()
    page.get_by_role("button", name=words.proof).click()
    page.get_by_role("button", name=words.yes).click()
    expect(main).to_have_attribute("data-screen", "photograph-pin")
    finds_nothing(page)
    enter_pin(page, pensions.card.pin)
    expect(main).to_have_attribute("data-screen", "hand-over")
    finds_nothing(page)
    pensions.take()
    expect(main).to_have_attribute("data-screen", "await-second")
    finds_nothing(page)

    pensions.insert(rosa.state_file)
    expect(main).to_have_attribute("data-screen", "pin-entry")
    enter_pin(page, rosa.pin)
    page.get_by_role("button", name=words.yes).click()
    photograph = page.locator(".photograph img")
    expect(photograph).to_be_visible()
    assert photograph.evaluate("(image) => image.decode().then(() => image.naturalWidth)") == 350
    finds_nothing(page)
    page.get_by_role("radio", name=words.same).check()
    page.get_by_role("button", name=words.go_on, exact=True).click()
    finds_nothing(page)
    page.locator("[data-post='/check']").click()
    heading(page, words.proved)
    expect(photograph).to_have_count(0)
    assert len(proofs(pensions)) == 1
    pensions.take()
    expect(main).to_have_attribute("data-screen", "attract")
