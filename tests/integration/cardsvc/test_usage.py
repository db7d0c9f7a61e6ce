"""Departments see how much they used the service, on both databases; and nobody sees a person in it."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from cardsvc.callers.models import CallerKind
from cardsvc.client import ServiceClient, ServiceProblem
from cardsvc.wire.levels import Level
from cardsvc.wire.officers import Role
from cardsvc.wire.usage import DepartmentUsage
from tests.fixtures.proofs import City, IssuedCard

CLINIC, SCHOOL = "medical-insurance", "education"
SERVICE, BALANCE = "clinic-check-in", "balance"
PURPOSE = "benefit-review"
STRANGER = "A" * 43


class Counter:
    """A kiosk and two departments."""

    def __init__(self, city: City) -> None:
        self.city = city
        self.kiosk = city.caller("kiosk-1")
        self.clinic = city.department()
        self.school = city.department(SCHOOL)
        self.ana = city.caller("ana", CallerKind.OFFICER, roles=[Role.ADMINISTRATOR])
        self.today = city.clock().date()

    def come(self, card: IssuedCard, department: str = CLINIC, service: str = SERVICE) -> str:
        (challenge,) = self.kiosk.challenges(Level.TAP)
        visit = self.kiosk.authenticate(card.prove(challenge)).visit_token
        return self.kiosk.exchange(visit, department, service, [])

    def tomorrow(self) -> None:
        self.city.clock.advance(days=1)

    def of(self, client: ServiceClient, first: date | None = None, last: date | None = None) -> DepartmentUsage:
        (use,) = client.usage(first or self.today, last or self.city.clock().date()).departments
        return use


@pytest.fixture
def counter(city: City) -> Counter:
    return Counter(city)


@pytest.fixture
def sqlite_counter(sqlite_city: City) -> Counter:
    return Counter(sqlite_city)


def refused(client: ServiceClient, *arguments: Any) -> tuple[str, int]:
    with pytest.raises(ServiceProblem) as caught:
        client.usage(*arguments)
    return caught.value.problem.code, caught.value.problem.status


def test_everything_is_counted_once_and_where_it_belongs(counter: Counter) -> None:
    cards = [counter.city.card() for _ in range(2)]
    assertions = [counter.come(card) for card in cards]
    counter.come(cards[0], SCHOOL)
    with pytest.raises(ServiceProblem, match="step-up-required"):
        counter.come(cards[0], service=BALANCE)
    counter.tomorrow()
    counter.come(cards[1])
    name = counter.clinic.verify(counter.come(cards[1])).claims.sub
    with pytest.raises(ServiceProblem, match="assertion-refused"):
        counter.clinic.verify(assertions[0])
    counter.clinic.card_standings([name, STRANGER, "B" * 43], PURPOSE)
    with pytest.raises(ServiceProblem, match="purpose-not-covered"):
        counter.clinic.card_standings([name], "curiosity")

    use = counter.of(counter.clinic)
    assert {(row.kind, row.outcome): row.count for row in use.kinds} == {
        ("assertion.issue", "ok"): 4,
        ("assertion.issue", "step-up-required"): 1,
        ("assertion.verify", "ok"): 1,
        ("assertion.verify", "expired"): 1,
        ("card-standing.ask", "ok"): 1,
        ("card-standing.ask", "unknown"): 2,
        ("askCardStandings", "purpose-not-covered"): 1,
    }
    assert [(row.day - counter.today, row.count, row.people) for row in use.days] == [
        (timedelta(0), 3, 2),
        (timedelta(days=1), 8, 2),
    ]
    assert (use.department, use.count, use.people) == (CLINIC, 11, 2)
    assert {row.service: row.count for row in use.services} == {SERVICE: 4}
    assert {row.policy_version: row.count for row in use.policy_versions} == {1: 8}

    other = counter.of(counter.school)
    assert (other.department, other.count, other.people, len(other.kinds)) == (SCHOOL, 1, 1, 1)


def test_only_the_days_that_were_asked_for_count(sqlite_counter: Counter) -> None:
    card = sqlite_counter.city.card()
    for _ in range(3):
        sqlite_counter.come(card)
        sqlite_counter.tomorrow()
    middle = sqlite_counter.today + timedelta(days=1)
    use = sqlite_counter.of(sqlite_counter.clinic, middle, middle)
    assert (use.count, use.people, [row.day for row in use.days]) == (1, 1, [middle])


def test_days_begin_at_midnight(sqlite_counter: Counter) -> None:
    card, clock = sqlite_counter.city.card(), sqlite_counter.city.clock
    midnight = clock().replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
    clock.advance(microseconds=round((midnight - clock()).total_seconds() * 1e6) - 1)
    sqlite_counter.come(card)
    clock.advance(microseconds=1)
    sqlite_counter.come(card)
    assert [row.count for row in sqlite_counter.of(sqlite_counter.clinic).days] == [1, 1]


def test_administrators_see_all_departments_or_one(sqlite_counter: Counter) -> None:
    sqlite_counter.come(sqlite_counter.city.card())
    ana, today = sqlite_counter.ana, sqlite_counter.today
    assert [(use.department, use.count) for use in ana.usage(today, today).departments] == [(SCHOOL, 0), (CLINIC, 1)]
    (one,) = ana.usage(today, today, CLINIC).departments
    assert one == sqlite_counter.of(sqlite_counter.clinic)
    assert refused(ana, today, today, "nobody") == ("department-not-found", 404)


def test_where_no_department_takes_part_nobody_uses_anything(sqlite_city: City) -> None:
    ana, today = sqlite_city.caller("ana", CallerKind.OFFICER), sqlite_city.clock().date()
    assert ana.usage(today, today).departments == []


def test_a_department_sees_itself_alone(sqlite_counter: Counter) -> None:
    today = sqlite_counter.today
    (own,) = sqlite_counter.school.usage(today, today, SCHOOL).departments
    assert own.department == SCHOOL
    assert refused(sqlite_counter.school, today, today, CLINIC) == ("department-not-found", 404)
    assert refused(sqlite_counter.kiosk, today, today) == ("insufficient-scope", 403)
    clerk = sqlite_counter.city.caller("cy", CallerKind.OFFICER, roles=[Role.CLERK, Role.AUDITOR])
    assert refused(clerk, today, today) == ("insufficient-scope", 403)


def test_nobody_is_in_it(sqlite_counter: Counter) -> None:
    card = sqlite_counter.city.card()
    name = sqlite_counter.clinic.verify(sqlite_counter.come(card)).claims.sub
    told = sqlite_counter.ana.usage(sqlite_counter.today, sqlite_counter.today).model_dump_json()
    assert not [found for found in (str(card.citizen_id), str(card.uuid), name) if found in told]


@pytest.mark.parametrize(("first", "last"), [(0, -1), (0, 92), (0, 100_000)])
def test_days_that_make_no_report(sqlite_counter: Counter, first: int, last: int) -> None:
    days = [sqlite_counter.today + timedelta(days=number) for number in (first, last)]
    assert refused(sqlite_counter.clinic, *days) == ("range-refused", 422)
    assert len(sqlite_counter.of(sqlite_counter.clinic, days[0], days[0] + timedelta(days=91)).days) == 92


@pytest.mark.parametrize("query", ["from=1999-12-31&to=2000-01-01", "from=9999-12-31&to=9999-12-31", "from=x&to=y", ""])
def test_what_is_no_day_is_refused(sqlite_counter: Counter, query: str) -> None:
    token = sqlite_counter.clinic.access_token()
    answer = sqlite_counter.city.http().get(f"/v1/usage?{query}", headers={"Authorization": f"Bearer {token}"})
    assert (answer.status_code, answer.json()["type"]) == (422, "urn:citizen-card:problem:invalid-request")
