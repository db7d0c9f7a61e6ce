"""Yes/no questions: what each answers, and that there are no others."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from cardsvc.clock import city_day
from cardsvc.departments.questions import KINDS, QuestionMalformed, check_together, parse_question
from cardsvc.wire.levels import Level
from cardsvc.wire.lifecycle import Person


def person(born: date = date(1966, 3, 2), district: str = "taipa") -> Person:
    return Person(name="王小明", birth_date=born, document_number="G7654321", district=district)


@pytest.mark.parametrize(
    ("today", "yes"),
    [(date(2026, 3, 1), False), (date(2026, 3, 2), True), (date(2026, 12, 31), True), (date(2026, 1, 1), False)],
)
def test_an_age_is_reached_on_the_birthday(today: date, *, yes: bool) -> None:
    assert parse_question("age-at-least:60").answer(person(), today) is yes


def test_whoever_was_born_on_a_leap_day_has_a_birthday_every_year() -> None:
    born, question = person(date(2008, 2, 29)), parse_question("age-at-least:18")
    assert [question.answer(born, date(2026, 2, day)) for day in (27, 28)] == [False, True]


def test_a_birthday_begins_in_the_city() -> None:
    assert city_day(datetime(2026, 3, 1, 15, 59, 59, tzinfo=UTC)) == date(2026, 3, 1)
    assert city_day(datetime(2026, 3, 1, 16, 0, tzinfo=UTC)) == date(2026, 3, 2)


def test_residents_of_a_district_are_those_of_this_very_one() -> None:
    asked = parse_question("resident-of:taipa")
    answers = {name: asked.answer(person(district=name), date(2026, 3, 2)) for name in ("taipa", "taipa-2", "coloane")}
    assert answers == {"taipa": True, "taipa-2": False, "coloane": False}


def test_each_question_comes_from_one_attribute() -> None:
    assert {name: kind.attribute for name, kind in KINDS.items()} == {
        "age-at-least": "birth_date",
        "resident-of": "district",
    }
    assert {kind.attribute for kind in KINDS.values()} <= set(Person.model_fields)


@pytest.mark.parametrize(
    "code",
    [
        *("", "age-at-least", "age-at-least:", "age-at-least:0", "age-at-least:121", "age-at-least:060"),
        *("age-at-least:-1", "age-at-least:६०", "age-at-least:60:1", "resident-of:", "resident-of:--"),
        *("age-at-most:60", "name-is:wang"),
    ],
)
def test_there_are_no_others(code: str) -> None:
    with pytest.raises(QuestionMalformed):
        parse_question(code)


def test_a_question_is_written_as_it_was_read() -> None:
    assert str(parse_question("age-at-least:60")) == "age-at-least:60"


def test_what_one_department_asks_does_not_tell_a_year_of_birth() -> None:
    ages = {parse_question(f"age-at-least:{years}"): Level.PIN for years in (55, 60, 65)}
    check_together(ages)
    with pytest.raises(QuestionMalformed, match="years apart"):
        check_together(ages | {parse_question("age-at-least:61"): Level.PIN})
    with pytest.raises(QuestionMalformed, match="tap"):
        check_together(dict.fromkeys(ages, Level.TAP))
