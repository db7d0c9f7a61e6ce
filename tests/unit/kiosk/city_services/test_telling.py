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


NEWS = {"education": "news", "finance": "news"}


def gathered(number: int, department: str, **changed: object) -> AccessEntry:
    return entry(number, department=department, department_title=department, service="news", attributes=[], **changed)


def test_what_a_kiosk_asked_of_all_departments_is_one_line() -> None:
    names = {"education": texts("Education", "教育", "Educação")}
    entries = [entry(4), gathered(3, "education"), gathered(2, "finance"), gathered(1, "education")]
    title, (first, together) = history.tell(AccessHistory(entries=entries, total=4), names, NEWS.items())

    assert title[Language.ENGLISH].startswith("4 entries")
    assert isinstance(first.value, dict)
    assert isinstance(together.value, dict)
    assert first.value[Language.ENGLISH] == "A department was told"
    assert together.value[Language.CHINESE] == "已询问各部门是否有您的事项 · 教育 · finance"


@pytest.mark.parametrize(
    "changed",
    [{"attributes": ["name"]}, {"questions": ["is-adult"]}, {"service": "balance"}, {"event": "question.ask"}],
)
def test_what_told_more_has_a_line_of_its_own(changed: dict[str, object]) -> None:
    entries = [gathered(2, "finance").model_copy(update=changed), gathered(1, "education")]
    _, lines = history.tell(AccessHistory(entries=entries, total=2), {}, NEWS.items())
    assert len(lines) == 2


def test_many_questions_hide_no_look() -> None:
    """Twenty lines, not twenty entries; and a gap behind the lines that are shown is seen."""
    numbers = range(400, 200, -1)
    entries = [gathered(number, "finance") if number % 10 else entry(number) for number in numbers if number != 395]
    _, lines = history.tell(AccessHistory(entries=entries, total=400), {}, NEWS.items())
    assert len(lines) == 1 + history.MOST
    assert lines[0].value == "395"


def test_a_department_that_acts_is_named_as_the_kiosk_names_it() -> None:
    names = {"education": texts("Education", "教育", "Educação")}
    _, (line,) = history.tell(AccessHistory(entries=[entry(1, actor="education")], total=1), names)
    assert line.label[Language.CHINESE] == "2026-03-02 12:00 · 教育"


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
