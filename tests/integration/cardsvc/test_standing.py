"""Departments ask whether people's cards are in force, on both databases, and each person can see that they did."""

from __future__ import annotations

from typing import Any

import pytest

from cardsvc.audit.models import AuditRecord
from cardsvc.callers.models import CallerKind
from cardsvc.citizens.erasing import forget_person
from cardsvc.citizens.models import Citizen
from cardsvc.client import ServiceClient, ServiceProblem
from cardsvc.db import reading, transaction
from cardsvc.departments.models import Acquaintance
from cardsvc.departments.pseudonym import pseudonym
from cardsvc.departments.repository import get_department
from cardsvc.departments.service import publish_policy
from cardsvc.wire.departments import CardStanding
from cardsvc.wire.levels import Level
from cardsvc.wire.lifecycle import CardState
from tests.fixtures.proofs import City, IssuedCard

DEPARTMENT = "medical-insurance"
PURPOSE = "benefit-review"


class Counter:
    """A kiosk, and a department to which people come."""

    def __init__(self, city: City) -> None:
        self.city = city
        self.kiosk = city.caller("kiosk-1")
        self.department = city.department()

    def name(self, card: IssuedCard, department: str = DEPARTMENT) -> str:
        return pseudonym(self.city.services.keystore, department, card.citizen_id)

    def visitor(self) -> IssuedCard:
        """Somebody who was at the department."""
        card = self.city.card()
        self.come(card)
        return card

    def come(self, card: IssuedCard, department: str = DEPARTMENT) -> None:
        (challenge,) = self.kiosk.challenges(Level.TAP)
        visit = self.kiosk.authenticate(card.prove(challenge)).visit_token
        self.kiosk.exchange(visit, department, "clinic-check-in", [])

    def ask(self, *names: str, client: ServiceClient | None = None) -> list[CardStanding]:
        said = (client or self.department).card_standings(names, PURPOSE)
        assert said.policy_version == 1
        assert [answer.pseudonym for answer in said.answers] == list(names)
        return [answer.standing for answer in said.answers]

    def history(self, card: IssuedCard) -> list[AuditRecord]:
        return [entry for entry in self.city.audit("card-standing.ask") if entry.citizen_id == card.citizen_id]


@pytest.fixture
def counter(city: City) -> Counter:
    return Counter(city)


@pytest.fixture
def sqlite_counter(sqlite_city: City) -> Counter:
    return Counter(sqlite_city)


@pytest.mark.parametrize("state", CardState)
def test_only_a_card_in_force_is_in_force(sqlite_counter: Counter, state: CardState) -> None:
    card = sqlite_counter.visitor()
    sqlite_counter.city.put_in_state(card, state)
    expected = {CardState.ACTIVE: CardStanding.IN_FORCE, CardState.HELD: CardStanding.HELD}
    assert sqlite_counter.ask(sqlite_counter.name(card)) == [expected.get(state, CardStanding.NONE)]


def test_many_are_asked_about_at_once_and_each_can_see_it(counter: Counter) -> None:
    cards = [counter.visitor() for _ in range(3)]
    counter.city.put_in_state(cards[1], CardState.REVOKED)
    names = [counter.name(card) for card in cards]

    assert counter.ask(*names) == [CardStanding.IN_FORCE, CardStanding.NONE, CardStanding.IN_FORCE]

    for card, standing in zip(cards, ("in-force", "none", "in-force"), strict=True):
        (entry,) = counter.history(card)
        detail = {"purpose": PURPOSE, "policy_version": 1, "standing": standing}
        assert (entry.actor, entry.outcome, entry.detail) == (DEPARTMENT, "ok", detail)
        with reading(counter.city.services.sessions) as session:
            assert entry.citizen_counter == session.get_one(Citizen, card.citizen_id).audit_counter


def test_a_department_asks_about_its_own_people_only(counter: Counter) -> None:
    """Neither about somebody who never came, nor by another department's name for somebody who did."""
    other = counter.city.department("education")
    known, stranger = counter.visitor(), counter.city.card()
    names = [counter.name(known), counter.name(stranger), counter.name(known, "education")]

    assert counter.ask(*names) == [CardStanding.IN_FORCE, CardStanding.UNKNOWN, CardStanding.UNKNOWN]
    assert counter.ask(*names, client=other) == [CardStanding.UNKNOWN] * 3

    assert counter.history(stranger) == []
    assert len(counter.history(known)) == 1
    unknown = [entry for entry in counter.city.audit("card-standing.ask") if entry.citizen_id is None]
    assert sorted((entry.actor, entry.outcome, entry.detail["count"]) for entry in unknown) == [
        ("education", "unknown", 3),
        (DEPARTMENT, "unknown", 2),
    ]


def test_whoever_comes_again_is_known_once(counter: Counter) -> None:
    card = counter.visitor()
    counter.come(card)
    with reading(counter.city.services.sessions) as session:
        (row,) = session.query(Acquaintance).all()
    assert (row.pseudonym, row.citizen_id) == (counter.name(card), card.citizen_id)


def test_nobody_is_known_by_name_any_more_after_being_erased(counter: Counter) -> None:
    card = counter.visitor()
    with transaction(counter.city.services.sessions) as session:
        forget_person(session, session.get_one(Citizen, card.citizen_id))
    assert counter.ask(counter.name(card)) == [CardStanding.UNKNOWN]


def test_a_thousand_are_asked_about_and_not_one_more(sqlite_counter: Counter) -> None:
    names = [f"{number:043d}" for number in range(1001)]
    assert sqlite_counter.ask(*names[:1000]) == [CardStanding.UNKNOWN] * 1000
    with pytest.raises(ValueError, match="at most 1000"):
        sqlite_counter.department.card_standings(names, PURPOSE)


@pytest.mark.parametrize(
    "policy", [None, {"services": {"x": {"level": "tap"}}, "purposes": {"curiosity": "Curiosity"}}]
)
def test_a_purpose_that_the_policy_does_not_name_is_refused(counter: Counter, policy: Any) -> None:
    card, purpose = counter.visitor(), "curiosity" if policy is None else PURPOSE
    if policy is not None:
        with transaction(counter.city.services.sessions) as session:
            department = get_department(session, DEPARTMENT)
            publish_policy(session, department, policy, actor="ceremony", now=counter.city.clock())
    with pytest.raises(ServiceProblem) as caught:
        counter.department.card_standings([counter.name(card)], purpose)
    assert (caught.value.problem.code, caught.value.problem.status) == ("purpose-not-covered", 403)
    assert counter.history(card) == []


@pytest.mark.parametrize("names", [[], ["short"], ["=" * 43], ["A" * 43, "A" * 43]])
def test_questions_without_sense_are_refused(sqlite_counter: Counter, names: list[str]) -> None:
    with pytest.raises(ValueError, match="pseudonyms"):
        sqlite_counter.department.card_standings(names, PURPOSE)


def test_only_departments_ask(sqlite_counter: Counter) -> None:
    officer = sqlite_counter.city.caller("ana", CallerKind.OFFICER)
    for client in (sqlite_counter.kiosk, officer):
        with pytest.raises(ServiceProblem) as caught:
            client.card_standings(["A" * 43], PURPOSE)
        assert caught.value.problem.code == "insufficient-scope"
