"""What people see of a department without a kiosk: its inbox, and the page that says whether a paper is good."""

from __future__ import annotations

import base64

import pytest
from playwright.sync_api import Page
from sqlalchemy import select

from cardsvc.wire.manifest import Language
from kiosk.departments.contract.inbox.access import invite
from kiosk.departments.contract.papers.models import IssuedPaper
from tests.fixtures.browser import LANDSCAPE, OpenPage, axe_findings, chromium, open_page
from tests.fixtures.departments import Counter

__all__ = ["chromium", "open_page"]

pytestmark = pytest.mark.needs("chromium", "chinese-font")

PHONE = (390, 844)
WORDS = {"kind": "air", "place": "mangzhou", "words": "Black smoke behind the boat house."}


@pytest.mark.parametrize("databases", ["sqlite"], indirect=True)
@pytest.mark.parametrize("language", list(Language))
def test_the_inbox(station: Counter, open_page: OpenPage, language: Language) -> None:
    for _ in range(2):
        assert station.ask("problem-report", WORDS).status_code == 200
    with station.office.sessions.begin() as session:
        entrance = invite(session, "rosa", station.clock.now)
    page = speaking(open_page(LANDSCAPE), language)
    address = str(station.http.base_url).rstrip("/")
    looked_at = []

    def look(where: str) -> None:
        assert axe_findings(page) == "", where
        looked_at.append(where)

    page.goto(f"{address}/inbox/enter/{entrance}")
    look("entrance")
    page.locator("form[action='/inbox/enter'] button").click()
    page.wait_for_url("**/inbox")
    look("what waits")
    page.get_by_role("row").get_by_role("link").first.click()
    page.locator("button[value=mended]").wait_for()
    look("a case")
    page.locator("button[value=mended]").click()
    page.wait_for_url("**/inbox")
    look("what waits, and what is settled")
    page.get_by_role("row").get_by_role("link").last.click()
    page.wait_for_url("**/inbox/*-*")
    look("a settled case")
    assert len(looked_at) == 5


@pytest.mark.parametrize("databases", ["sqlite"], indirect=True)
@pytest.mark.parametrize("size", [LANDSCAPE, PHONE], ids=["desk", "phone"])
def test_the_page_of_a_paper(registry: Counter, open_page: OpenPage, size: tuple[int, int]) -> None:
    person = {"name": "陈嘉欣", "document_number": "M1234567"}
    answer = registry.ask("home-proof", {}, acr="pin", attributes=person)
    assert base64.b64decode(answer.json()["document"]["content"]).startswith(b"%PDF")
    with registry.office.sessions() as session:
        number = session.scalars(select(IssuedPaper.number)).one()
    page = open_page(size)
    page.goto(f"{str(registry.http.base_url).rstrip('/')}/papers/{number}")
    assert axe_findings(page) == ""


def speaking(page: Page, language: Language) -> Page:
    page.set_extra_http_headers({"Accept-Language": language.value})
    return page
