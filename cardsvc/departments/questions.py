"""The yes/no questions that there are: a fixed table, so that no policy can make up one.

A question is written ``kind:operand``. A policy lists the very questions that a department may ask, operand included:
who could choose the age would find a birth date in seven questions.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from typing import Final

from cardsvc.issuance.rules import years_after
from cardsvc.wire.levels import Level
from cardsvc.wire.lifecycle import Person


class QuestionMalformed(ValueError):
    """Raised for a question that there is not, and for questions that say too much together."""


@dataclass(frozen=True, slots=True)
class Question:
    """A question that has an answer for everybody."""

    kind: str
    operand: str

    def __str__(self) -> str:
        return f"{self.kind}:{self.operand}"

    @property
    def attribute(self) -> str:
        """The member of `Person` that the answer comes from."""
        return KINDS[self.kind].attribute

    def answer(self, person: Person, today: date) -> bool:
        """Yes or no, on this day."""
        return KINDS[self.kind].answer(person, self.operand, today)


@dataclass(frozen=True, slots=True)
class QuestionKind:
    """What questions of one kind are about."""

    attribute: str
    check: Callable[[str], None]
    """Raises QuestionMalformed for an operand that makes no sense."""
    answer: Callable[[Person, str, date], bool]
    check_together: Callable[[Collection[str]], None] = lambda _: None
    """Raises QuestionMalformed for operands that one department must not have all."""
    most_at_tap: int | None = None
    """How many a department may ask whoever finds a card; as many as it likes where None."""


AGES_APART: Final = 5
"""Two ages that one department may ask about are at least so many years apart: a year between them would tell it."""


def _check_age(years: str) -> None:
    if not years.isdecimal() or years != str(int(years)) or not 1 <= int(years) <= 120:
        raise QuestionMalformed("an age is from 1 to 120")


def _is_aged(person: Person, years: str, today: date) -> bool:
    return today >= years_after(person.birth_date, int(years))


def _check_apart(ages: Collection[str]) -> None:
    if any(later - earlier < AGES_APART for earlier, later in pairwise(sorted(map(int, ages)))):
        raise QuestionMalformed(f"the ages are less than {AGES_APART} years apart")


def _check_district(district: str) -> None:
    if not district.strip("-"):
        raise QuestionMalformed("a district has a name")


KINDS: Final[Mapping[str, QuestionKind]] = {
    # At a tap one age: "may this card in?" is one bit, which a found card may tell (DESIGN §3); two begin to tell whose
    # it is. The district may be told at a tap as such.
    "age-at-least": QuestionKind("birth_date", _check_age, _is_aged, _check_apart, most_at_tap=1),
    "resident-of": QuestionKind("district", _check_district, lambda person, district, _: person.district == district),
}


def parse_question(code: str) -> Question:
    """Raises QuestionMalformed."""
    kind, _, operand = code.partition(":")
    if kind not in KINDS:
        raise QuestionMalformed(f"there is no question {kind}")
    KINDS[kind].check(operand)
    return Question(kind, operand)


def check_together(levels: Mapping[Question, Level]) -> None:
    """The questions of one department, and their levels. Raises QuestionMalformed."""
    for name, kind in KINDS.items():
        asked = [question.operand for question in levels if question.kind == name]
        kind.check_together(asked)
        at_tap = sum(level is Level.TAP for question, level in levels.items() if question.kind == name)
        if kind.most_at_tap is not None and at_tap > kind.most_at_tap:
            raise QuestionMalformed(f"a tap answers {kind.most_at_tap} question of the kind {name}")
