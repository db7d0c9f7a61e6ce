"""Whether somebody is enrolled already: what is looked for while they are typed, and whom the officer knows not to be.

Each look goes on record, and so does each person who is opened: nothing is asked twice that was answered.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from typing import Final
from uuid import UUID

from pydantic import ValidationError

from cardsvc.client import ServiceClient, ServiceProblem
from cardsvc.wire.lifecycle import Person
from cardsvc.wire.people import DuplicatesRequest, FoundPerson, PersonRecord, Purpose, SearchRequest
from kiosk.desk.dates import read_date
from kiosk.desk.drafts import Dismissal, Form
from kiosk.desk.enrolment import faults_in
from kiosk.desk.numbers import tidy

Question = SearchRequest | DuplicatesRequest

IDENTITY: Final = frozenset({"name", "name_latin", "birth_date", "number"})
"""The fields of the form that say who somebody is; where they live may change meanwhile."""


def questions(form: Form, today: date) -> list[Question]:
    """What can be looked for in what is typed so far: the number, and the name with the date of birth."""
    faults = faults_in(form, today)
    sought: list[dict[str, object]] = []
    if "number" not in faults:
        sought.append({"document_number": tidy(form.number)})
    if not {"name", "birth_date"} & faults.keys():
        sought.append({"name": form.name.strip(), "birth_date": read_date(form.birth_date)})
    return [question for one in sought if (question := _question(one)) is not None]


def whole(person: Person) -> Question:
    """Everything the card service can find out about a person whose form is finished."""
    return DuplicatesRequest(person=person)


def can_be_told_apart(form: Form, today: date) -> bool:
    """Whether enough is typed to say of somebody that they are another."""
    return not IDENTITY & faults_in(form, today).keys()


def ask(service: ServiceClient, question: Question) -> list[FoundPerson]:
    """Who was found, masked. Goes on record. Raises ServiceProblem, ServiceUnreachable."""
    if isinstance(question, DuplicatesRequest):
        return service.find_duplicates(question.person).people
    return service.search_people(question).people


class Lookout:
    """Which questions were asked about what is typed, and whom the answers name. An answer stays with its question."""

    def __init__(self) -> None:
        self._answers: dict[Question, list[FoundPerson] | None] = {}
        """None while the answer is not here."""

    def fresh(self, asked: Iterable[Question]) -> list[Question]:
        """Those that were not asked yet; they are from now on."""
        new = [question for question in asked if question not in self._answers]
        self._answers |= dict.fromkeys(new)
        return new

    def answered(self, question: Question, found: list[FoundPerson]) -> None:
        """By the card service."""
        self._answers[question] = found

    def unanswered(self, question: Question) -> None:
        """It broke off: it is asked again."""
        self._answers.pop(question, None)

    def knows(self, question: Question) -> bool:
        """Whether there is an answer."""
        return self._answers.get(question) is not None

    def found(self, asked: Iterable[Question], form: Form, dismissals: Iterable[Dismissal]) -> list[FoundPerson]:
        """Whom the answers to these name, once each, but for those who were compared with this very person."""
        others = {one.citizen for one in dismissals if one.identity == form.identity}
        people: dict[UUID, FoundPerson] = {}
        for question in asked:
            for one in self._answers.get(question) or ():
                people.setdefault(one.id, one)
        return [one for one in people.values() if one.id not in others]


@dataclass(frozen=True, slots=True)
class Likeness:
    """Somebody who may be the same person, opened."""

    found: FoundPerson
    record: PersonRecord
    photo: bytes | None = field(repr=False)
    """JPEG; None when there is none."""


def compare(service: ServiceClient, found: FoundPerson) -> Likeness:
    """Open somebody and their photograph to be compared; both looks go on record."""
    record = service.open_person(found.id, Purpose.ENROLMENT)
    try:
        photo = service.open_photo(found.id, Purpose.ENROLMENT)
    except ServiceProblem as refusal:
        if refusal.problem.code != "no-photo":
            raise
        photo = None
    return Likeness(found, record, photo)


@dataclass(frozen=True, slots=True)
class Row:
    """A field, side by side."""

    field: str
    typed: str
    known: str
    same: bool


def side_by_side(form: Form, found: FoundPerson, record: PersonRecord | None) -> list[Row]:
    """What was typed beside what is known: all of it once the person is opened, else as much as a look gives."""
    typed = {
        "name": form.name.strip(),
        "name_latin": form.name_latin.strip(),
        "birth_date": str(read_date(form.birth_date) or form.birth_date.strip()),
        "document_number": tidy(form.number),
        "district": form.district.strip().lower(),
    }
    if record is not None:
        known = record.person
        return [Row(name, text, _shown(getattr(known, name)), text == _shown(getattr(known, name)))
                for name, text in typed.items()]  # fmt: skip
    number, year = found.document_number, str(found.birth_year)
    return [
        Row("name", typed["name"], found.name, typed["name"] == found.name),
        Row("birth_date", typed["birth_date"], f"{year} …", typed["birth_date"].startswith(year)),
        Row("document_number", typed["document_number"], f"… {number}", typed["document_number"].endswith(number)),
        Row("district", typed["district"], found.district, typed["district"] == found.district),
    ]


def _question(sought: dict[str, object]) -> Question | None:
    try:
        return SearchRequest.model_validate({"purpose": Purpose.ENROLMENT, **sought})
    except ValidationError:  # the card service would not take it
        return None


def _shown(value: object) -> str:
    return "" if value is None else str(value)
