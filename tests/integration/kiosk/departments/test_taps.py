"""Every service that a tap opens, walked with a card that somebody found: it tells nothing and moves no money."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from sqlalchemy import func, select

from cardsvc.wire.levels import Level
from cardsvc.wire.manifest import ServiceDescription
from kiosk.departments.cli import DEPARTMENTS, load
from kiosk.departments.contract.declaration import Department
from tests.fixtures.departments import CardService, Counter, counter

PERSONAL = {
    "name": "陈嘉欣",
    "name_latin": "Chen Jiaxin",
    "birth_date": "1987-04-12",
    "document_number": "M1234567",
    "district": "xiangzhou-of-li-wei",
}
OWNER = "pseudonym-of-li-wei"
LEVELS = ("tap", "pin", "tap")
"""The finder comes, then the owner, then the finder again, to whom the owner's visit must not be told."""


def taps_of(department: Department) -> list[ServiceDescription]:
    return [each.description for each in department.services if each.description.level is Level.TAP]


WITH_TAPS = [department for department in map(load, DEPARTMENTS) if taps_of(department)]


def entered(offered: ServiceDescription) -> dict[str, Any]:
    """Something that fits the schema: an example, the first choice, or a few words."""
    return {
        name: part.get("examples", part.get("enum", ["a few words of mine"]))[0]
        for name, part in offered.input.get("properties", {}).items()
    }


def ask(opened: Counter, offered: ServiceDescription, acr: str) -> httpx.Response:
    """With more than it wants to be told, and each question answered."""
    answers = dict.fromkeys(offered.questions, True)
    return opened.ask(offered.code, entered(offered), acr=acr, attributes=PERSONAL, answers=answers)


def money(opened: Counter) -> list[int]:
    """How many rows each table has that tells amounts."""
    tables = [table for table in opened.department.metadata.sorted_tables if "amount" in str(list(table.columns))]
    with opened.office.sessions() as session:
        return [session.scalar(select(func.count()).select_from(table)) or 0 for table in tables]


def test_there_are_taps_to_walk() -> None:
    assert {department.code for department in WITH_TAPS} >= {
        "medical-insurance",
        "education",
        "environment",
        "community",
    }
    assert "finance" not in {department.code for department in WITH_TAPS}


@pytest.mark.parametrize("department", WITH_TAPS, ids=lambda each: each.code)
def test_a_found_card_is_told_nothing_of_its_owner(
    department: Department, service: CardService, databases: Callable[[Department], str]
) -> None:
    with counter(department, databases(department), service) as opened:
        before = money(opened)
        found, owners, again = ([ask(opened, each, acr=level) for each in taps_of(department)] for level in LEVELS)
        assert money(opened) == before

    assert [answer.status_code for answer in found] == [200] * len(found)
    said = json.dumps([answer.json() for answer in found + owners + again], ensure_ascii=False)
    assert [known for known in (*PERSONAL.values(), OWNER, "CNY") if known in said] == []
