"""News after the PIN, everything in one place, and taking it back: kiosk, card service and department, all real."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect
from sqlalchemy import func, select

from kiosk.city.founding import POLICY_FOLDER
from kiosk.departments.contract.inbox.cases import settle
from kiosk.departments.contract.inbox.models import Case, Officer
from kiosk.departments.environment import department as environment
from kiosk.departments.medical_insurance import department as medical_insurance
from kiosk.departments.medical_insurance.models import Ticket
from tests.fixtures.browser import PORTRAIT, OpenPage
from tests.fixtures.cards import PersonalisedCard
from tests.fixtures.proofs import City
from tests.fixtures.services import StandingClock
from tests.fixtures.waiting import wait_until
from tests.integration.kiosk.conftest import CHECK_IN, Town, Visitor, open_town
from tests.integration.kiosk.test_browser import heading

SMOKE = {"kind": "air", "place": "mangzhou", "words": "Black smoke behind the boat house."}


def policy(code: str) -> Any:
    return json.loads((POLICY_FOLDER / f"{code}.json").read_text())


@pytest.fixture(params=[medical_insurance], ids=["medical-insurance"])
def town(
    request: pytest.FixtureRequest,
    sqlite_city: City,
    service_card: PersonalisedCard,
    tmp_path: Path,
    clock: StandingClock,
) -> Iterator[Town]:
    department = request.param
    kind = (department, policy(department.code))
    with open_town(sqlite_city, service_card, tmp_path, clock, kind) as town:
        wait_until(lambda: "news" in {offer.service.code for offer in town.station.booth.snapshot.state.offers})
        yield town


in_environment = pytest.mark.parametrize("town", [environment], indirect=True, ids=["environment"])


def tap(town: Town) -> Visitor:
    visitor = town.visitor()
    town.hold()
    visitor.look("services")
    return visitor


def ask(visitor: Visitor, department: str, service: str, values: dict[str, Any]) -> None:
    visitor.press("/choose", department=department, service=service)
    visitor.press("/consent")
    visitor.press("/form", values=values)
    visitor.press("/check")
    assert visitor.look("done", "refusal")["screen"] == "done"
    visitor.press("/back")


def insert(town: Town, visitor: Visitor) -> None:
    town.insert()
    visitor.look("pin-entry")
    visitor.press("/pin", pin=town.card.pin)
    visitor.look("services")


def read_all(visitor: Visitor) -> list[dict[str, Any]]:
    visitor.press("/choose", department="city", service="my-matters")
    done = visitor.look("done", "refusal")
    assert done["screen"] == "done", done
    lines: list[dict[str, Any]] = done["outcome"]["fields"]
    return lines


def decide(town: Town, verdict: str) -> None:
    now = town.clock()
    with town.office.sessions.begin() as session:
        session.merge(Officer(name="rosa"))
        case = session.scalars(select(Case).where(Case.verdict.is_(None))).one()
        service = town.office.department.service(case.service)
        assert service is not None
        settle(session, service, case.id, verdict, note="", officer="rosa", now=now)


def test_a_ticket_is_seen_and_given_back_after_a_second_look(town: Town) -> None:
    visitor = tap(town)
    ask(visitor, "medical-insurance", "clinic-check-in", CHECK_IN)
    insert(town, visitor)
    (line,) = read_all(visitor)
    assert (line["label"], line["action"]) == ("Medical Insurance · Clinic ticket · Hengqin Hospital", "Cancel it")

    shown = visitor.press("/action", line=0)
    assert (shown["screen"], shown["action"]) == ("check", "Cancel it")
    assert [line["value"] for line in shown["lines"]] == [line["value"]]
    assert visitor.press("/back")["screen"] == "done"
    visitor.press("/action", line=0)
    visitor.press("/check")
    assert visitor.look("done", "refusal")["outcome"]["title"] == "You gave the ticket back"
    with town.office.sessions() as session:
        assert session.scalar(select(func.count()).select_from(Ticket)) == 0


@in_environment
def test_what_was_decided_is_told_unasked_after_the_pin_until_it_was_read(town: Town) -> None:
    visitor = tap(town)
    ask(visitor, "environment", "problem-report", SMOKE)
    decide(town, "mended")
    assert visitor.look("services")["news"] == []
    assert "/services/news" not in town.line.asked, "never at tap"

    insert(town, visitor)
    wait_until(lambda: bool(visitor.look("services")["news"]))
    (news,) = visitor.look("services")["news"]
    assert news["value"] == "It has been put right. Thank you."
    assert [line["new"] for line in read_all(visitor)] == [True]
    assert visitor.press("/back")["news"] == []

    town.take()
    visitor.look("attract")
    insert(town, visitor)
    wait_until(lambda: town.line.asked.count("/services/news") == 2)
    assert visitor.look("services")["news"] == []
    assert [line["new"] for line in read_all(visitor)] == [False]


def test_a_department_that_does_not_answer_holds_up_nobody(town: Town) -> None:
    town.line.lost |= {"/services/news", "/services/my-cases"}
    visitor = town.visitor()
    insert(town, visitor)
    assert read_all(visitor) == []
    assert visitor.press("/back")["screen"] == "services"


@pytest.mark.needs("chromium")
@in_environment
def test_news_on_the_screen(town: Town, open_page: OpenPage) -> None:
    page = open_page(PORTRAIT)
    page.goto(town.links[-1])
    visitor = tap(town)
    ask(visitor, "environment", "problem-report", SMOKE)
    ask(visitor, "environment", "problem-report", {**SMOKE, "words": "It still smokes."})
    with town.office.sessions() as session:
        first = session.scalars(select(Case).order_by(Case.id)).first()
    assert first is not None
    with town.office.sessions.begin() as session:
        session.merge(Officer(name="rosa"))
        service = town.office.department.service(first.service)
        assert service is not None
        settle(session, service, first.id, "mended", note="", officer="rosa", now=town.clock())

    insert(town, visitor)
    for language, title, read in (("中文", "您有新通知", "查看"), ("Português", "Novidades para si", "Ler")):
        page.get_by_role("button", name=language).click()
        expect(page.get_by_role("heading", name=title)).to_be_visible()
        expect(page.get_by_role("button", name=f"{read} (1)")).to_be_visible()
    page.get_by_role("button", name="English").click()
    expect(page.locator(".news")).to_contain_text("It has been put right. Thank you.")
    page.get_by_role("button", name="Read it (1)").click()
    heading(page, "My applications and news")
    expect(page.locator(".new")).to_have_count(1)

    page.get_by_role("button", name="Withdraw it").click()
    heading(page, "Withdraw it")
    page.get_by_role("button", name="Withdraw it").click()
    heading(page, "You withdrew it")
    page.get_by_role("button", name="Another service").click()
    expect(page.locator(".news")).to_have_count(0)
