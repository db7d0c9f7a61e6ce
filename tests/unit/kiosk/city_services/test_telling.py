"""What the city's own services say: histories with a gap, locks, cards that are to be renewed."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from cardsvc.wire.history import AccessEntry, AccessHistory, Deed
from cardsvc.wire.levels import Level
from cardsvc.wire.lifecycle import CardState
from cardsvc.wire.locks import CardLock
from cardsvc.wire.manifest import Language
from cardsvc.wire.own_cards import OwnCard
from kiosk.city_services import cards, history, locks
from kiosk.city_services.texts import texts

NOON = datetime(2026, 3, 2, 4, 0, tzinfo=UTC)
WORDS = texts("A department was told", "已告知部门", "Um departamento foi informado")


def entry(number: int, **changed: object) -> AccessEntry:
    return AccessEntry.model_validate(
        {
            "number": number,
            "at": NOON,
            "event": "assertion.issue",
            "outcome": "ok",
            "actor": "kiosk-1",
            "actor_title": "Town hall",
            "deed": Deed.TOLD,
            "words": WORDS,
        }
        | changed
    )


def told(numbers: list[int], total: int) -> list[object]:
    _, fields = history.tell(AccessHistory(entries=[entry(number) for number in numbers], total=total), {})
    return [field.value for field in fields if field.label[Language.ENGLISH] == "Entries are missing"]


@pytest.mark.parametrize(
    ("numbers", "total", "missing"),
    [
        ([3, 2, 1], 3, []),
        ([9, 8], 9, []),
        ([], 0, []),
        ([4, 2, 1], 4, ["3"]),
        ([3, 2, 1], 4, ["4"]),
        ([5, 3, 1], 5, ["4"]),
    ],
)
def test_a_number_that_is_missing_is_said(numbers: list[int], total: int, missing: list[str]) -> None:
    assert told(numbers, total) == missing


def test_an_entry_says_when_who_what_and_why() -> None:
    looked = entry(1, department_title="Education", purpose_words=texts("Review", "复核", "Revisão"), outcome="refused")
    _, (line,) = history.tell(AccessHistory(entries=[looked], total=1), {})

    assert line.label[Language.PORTUGUESE] == "2026-03-02 12:00 · Town hall"
    assert isinstance(line.value, dict)
    assert line.value[Language.ENGLISH] == "A department was told · Education · Review · refused"
    assert line.value[Language.CHINESE] == "已告知部门 · Education · 复核 · 已拒绝"


def test_an_entry_names_a_department_as_the_kiosk_does() -> None:
    asked = entry(1, department="education", department_title="Schools")
    names = {"education": texts("Education", "教育", "Educação")}
    _, (line,) = history.tell(AccessHistory(entries=[asked], total=1), names)

    assert isinstance(line.value, dict)
    assert line.value[Language.CHINESE] == "已告知部门 · 教育"


def test_locks_are_named_as_the_kiosk_names_departments() -> None:
    names = {"education": texts("Education", "教育", "Educação")}
    title, lines = locks.tell(
        [
            CardLock(department="education", title="Schools", since=NOON),
            CardLock(department="elsewhere", title="Somewhere else", since=NOON),
            CardLock(level=Level.TAP, since=NOON),
        ],
        names,
    )

    assert title[Language.ENGLISH] == "Your card is locked for"
    assert [line.label[Language.CHINESE] for line in lines] == ["教育", "Somewhere else", "所有无需密码的业务"]
    assert locks.tell([], names)[0][Language.ENGLISH] == "Your card is not locked"


@pytest.mark.parametrize(
    ("here", "today", "due"),
    [
        (True, date(2026, 11, 1), False),
        (True, date(2026, 11, 2), True),
        (True, date(2027, 1, 1), True),
        (False, date(2027, 1, 1), False),
    ],
)
def test_the_card_that_is_there_is_to_be_renewed_in_time(today: date, *, here: bool, due: bool) -> None:
    card = OwnCard(state=CardState.ACTIVE, here=here, expires_on=date(2027, 1, 1), renewal_opens_on=date(2026, 11, 2))
    title, (line,) = cards.tell([card], today)

    assert title[Language.ENGLISH].startswith("It is time to renew") == due
    assert isinstance(line.value, dict)
    assert line.value[Language.ENGLISH] == "in force · until 2027-01-01"
