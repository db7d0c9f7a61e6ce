"""Two departments that put together all they were ever told cannot find out who is whom.

Both know the same fifty people, and lay everything side by side: assertions, answers, evidence, events. What both hold
about the same person, and about few others, would join the two; so would ids that were made in the same millisecond.
The time of a visit is not looked at: who was at two counters in the same second may be the same person, whatever the
service does; so people come to the second department in another order. That of an event is: all are told of one act.
"""

from __future__ import annotations

import json
from base64 import urlsafe_b64decode
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from random import Random
from typing import Any, Final
from uuid import UUID

import pytest
from pydantic import BaseModel

from cardsvc.callers.models import CallerKind
from cardsvc.client import ServiceClient
from cardsvc.departments.pseudonym import pseudonym
from cardsvc.webhooks.numbering import number_all
from cardsvc.wire.levels import Level
from tests.fixtures.evidence import Told
from tests.fixtures.proofs import City, IssuedCard

PEOPLE: Final = 50
MANY: Final = 8
"""What so many people share tells nobody who one of them is: a yes, a card that is held, the name of a service."""
TIMES: Final = frozenset({"iat", "exp", "verified_at", "asked_at", "expires_at", "number", "index", "size"})
"""When a visit was, or a question; or a number in a row."""
DEPARTMENTS: Final = ("medical-insurance", "education")
QUESTION, PURPOSE, SERVICE = "age-at-least:60", "benefit-review", "clinic-check-in"


@dataclass
class Files:
    """What one department keeps, by the person's number in the test, which the department does not know."""

    code: str
    client: ServiceClient
    told: dict[int, list[Any]] = field(default_factory=lambda: defaultdict(list))

    def values(self) -> dict[Any, set[int]]:
        """Whom each value is about."""
        found: dict[Any, set[int]] = defaultdict(set)
        for person, messages in self.told.items():
            for message in messages:
                for value in _values(message):
                    found[value].add(person)
        return found


def _values(told: Any, name: str = "") -> Iterator[Any]:
    """All that is in a message, in tokens within it too; the names of members are the same for everybody."""
    match told:
        case BaseModel():
            yield from _values(json.loads(told.model_dump_json()))
        case dict():
            for member, value in told.items():
                yield from _values(value, member) if member not in TIMES else ()
                yield from _neighbourhood(value) if member == "id" else ()
        case list():
            for value in told:
                yield from _values(value, name)
        case str():
            yield from _texts(told)
        case int():
            yield name, told


def _texts(text: str) -> Iterator[Any]:
    """A text, the parts of a token, the lines of a note."""
    yield text
    yield from text.split("\n")
    if text.startswith("eyJ"):
        for part in text.split(".")[:2]:
            yield from _values(json.loads(urlsafe_b64decode(part + "=" * (-len(part) % 4))))


def _neighbourhood(told: str) -> Iterator[Any]:
    """What ids have in common that were made in the same millisecond, if time is in them (RFC 9562 section 5.7)."""
    yield "made", UUID(told).int >> 80


def joins(one: Files, other: Files) -> dict[Any, set[int]]:
    """The values that both hold about somebody, and about few; with whom they give away."""
    ours, theirs = one.values(), other.values()
    shared = {value: (ours[value], theirs[value]) for value in ours.keys() & theirs.keys()}
    return {
        value: here & there
        for value, (here, there) in shared.items()
        if here & there and min(len(here), len(there)) < MANY
    }


class Town:
    """Fifty people, a kiosk, and two departments that would like to know more."""

    def __init__(self, city: City) -> None:
        self.city = city
        self.kiosk = city.caller("kiosk-1")
        self.ana = city.caller("ana", CallerKind.OFFICER)
        self.files = [Files(code, city.department(code)) for code in DEPARTMENTS]
        self.people = [city.card() for _ in range(PEOPLE)]

    def name(self, files: Files, card: IssuedCard) -> str:
        return pseudonym(self.city.services.keystore, files.code, card.citizen_id)

    def visit(self, files: Files, person: int) -> UUID:
        """Somebody comes to a counter; the department has the assertion verified."""
        (challenge,) = self.kiosk.challenges(Level.TAP)
        token = self.kiosk.authenticate(self.people[person].prove(challenge)).visit_token
        assertion = self.kiosk.exchange(token, files.code, SERVICE, [], [QUESTION])
        verification = files.client.verify(assertion)
        files.told[person] += [assertion, verification]
        return verification.verification_id

    def ask(self, files: Files) -> Iterator[tuple[int, UUID]]:
        """About everybody at once, in an order of the department's."""
        numbers = {self.name(files, card): number for number, card in enumerate(self.people)}
        asked = sorted(numbers)
        for said in (files.client.ask(asked, QUESTION, PURPOSE), files.client.card_standings(asked, PURPOSE)):
            for answer in said.answers:
                assert answer.verification_id is not None
                files.told[numbers[answer.pseudonym]].append(answer)
                yield numbers[answer.pseudonym], answer.verification_id

    def keep(self, files: Files, verifications: list[tuple[int, UUID]]) -> None:
        for person, verification_id in verifications:
            files.told[person].append(files.client.evidence(verification_id))


@pytest.fixture
def town(sqlite_city: City) -> Town:
    return Town(sqlite_city)


def test_nothing_that_two_departments_are_told_joins_them(town: Town) -> None:
    verifications: list[list[tuple[int, UUID]]] = [[], []]
    for files, found, order in zip(town.files, verifications, (range(PEOPLE), _shuffled()), strict=True):
        for person in order:
            town.city.clock.advance(seconds=1)
            found.append((person, town.visit(files, person)))
        found.extend(town.ask(files))
    for person in range(0, PEOPLE, 5):
        town.city.clock.advance(seconds=1, microseconds=1)
        town.ana.hold(town.people[person].uuid, "odd behaviour")
    Told(town.city, town.kiosk, town.files[0].client).sequence()
    for files, found in zip(town.files, verifications, strict=True):
        town.keep(files, found)
        events = _events(town, files)
        assert sum(len(told) for told in events.values()) == PEOPLE // 5
        for person, told in events.items():
            files.told[person] += told

    assert all(len(files.told) == PEOPLE for files in town.files)
    assert joins(*town.files) == {}


def test_the_search_finds_what_there_is(town: Town) -> None:
    """As it does over what departments with readers of their own see: the card, which is why that takes a policy."""
    for files in town.files:
        for person in range(0, PEOPLE, 7):
            (challenge,) = files.client.challenges(Level.TAP)
            card = town.people[person]
            files.told[person].append(files.client.authenticate_at_own_reader(card.prove(challenge), SERVICE))
    assert joins(*town.files) == {str(town.people[person].uuid): {person} for person in range(0, PEOPLE, 7)}


def test_ids_and_times_of_one_act_would_join_them(town: Town) -> None:
    """So the search looks at both: as events would be that tell the moment, under keys as rows have them."""
    expected: dict[Any, set[int]] = {}
    for person in range(0, PEOPLE, 5):
        town.city.clock.advance(seconds=1)
        moment, milliseconds = town.city.clock().isoformat(), int(town.city.clock().timestamp() * 1000)
        for number, files in enumerate(town.files):
            files.told[person].append({"id": str(UUID(int=milliseconds << 80 | number)), "timestamp": moment})
        expected |= {moment: {person}, ("made", milliseconds): {person}}
    assert joins(*town.files) == expected


def test_an_event_tells_neither_its_moment_nor_when_its_id_was_made(town: Town) -> None:
    for files in town.files:
        town.visit(files, 0)
    town.city.clock.advance(minutes=7, seconds=3, microseconds=5)
    town.ana.hold(town.people[0].uuid, "odd behaviour")
    told = [event for files in town.files for (event,) in _events(town, files).values()]
    hour = town.city.clock().replace(minute=0, second=0, microsecond=0)
    assert [(event.timestamp, event.id.version) for event in told] == [(hour, 4)] * len(DEPARTMENTS)


def _shuffled() -> list[int]:
    return Random(7).sample(range(PEOPLE), PEOPLE)  # noqa: S311 (an order, no secret)


def _events(town: Town, files: Files) -> dict[int, list[Any]]:
    number_all(town.city.services.sessions, town.city.clock())
    numbers = {town.name(files, card): number for number, card in enumerate(town.people)}
    found: dict[int, list[Any]] = defaultdict(list)
    for event in files.client.events():
        found[numbers[event.data.pseudonym]].append(event)
    return found
