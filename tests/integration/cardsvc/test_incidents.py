"""Departments report what went wrong with them, on both databases; whoever may be affected can read it."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from typing import Any
from uuid import uuid4

import pytest
from pydantic import ValidationError

from cardsvc.callers.models import CallerKind
from cardsvc.citizens.history import read_history
from cardsvc.client import ServiceClient, ServiceProblem
from cardsvc.db import reading, transaction
from cardsvc.incidents.models import Incident as Row
from cardsvc.retention.rules import RULES, Deed
from cardsvc.wire.incidents import Contact, IncidentReport, IncidentState
from cardsvc.wire.levels import Level
from cardsvc.wire.officers import Role
from tests.fixtures.proofs import City, IssuedCard
from tests.fixtures.refusals import refused

CLINIC, SCHOOL = "medical-insurance", "education"
WHAT = "A laptop with an export was left on a ferry."
DESK = Contact(desk="Duty desk", email="duty@clinic.example", telephone="+85328881234")


class Hall:
    """Two departments, two administrators and a clerk."""

    def __init__(self, city: City) -> None:
        self.city = city
        self.kiosk = city.caller("kiosk-1")
        self.clinic = city.department(CLINIC)
        self.school = city.department(SCHOOL)
        self.ana = city.caller("ana", CallerKind.OFFICER, roles=[Role.ADMINISTRATOR])
        self.bo = city.caller("bo", CallerKind.OFFICER, roles=[Role.ADMINISTRATOR])
        self.cy = city.caller("cy", CallerKind.OFFICER, roles=[Role.CLERK, Role.AUDITOR])

    def visitor(self) -> tuple[IssuedCard, str]:
        """Somebody who was at the clinic, and its name for them."""
        card = self.city.card()
        (challenge,) = self.kiosk.challenges(Level.TAP)
        visit = self.kiosk.authenticate(card.prove(challenge)).visit_token
        assertion = self.kiosk.exchange(visit, CLINIC, "clinic-check-in", [])
        return card, self.clinic.verify(assertion).claims.sub

    def events(self, card: IssuedCard) -> list[tuple[str, str]]:
        """What a person reads about themselves."""
        with reading(self.city.services.sessions) as session:
            return [(entry.event, entry.actor) for entry in read_history(session, card.citizen_id).entries]


@pytest.fixture
def hall(city: City) -> Hall:
    return Hall(city)


@pytest.fixture
def sqlite_hall(sqlite_city: City) -> Hall:
    return Hall(sqlite_city)


def test_an_incident_is_reported_read_by_those_it_affects_and_closed(hall: Hall) -> None:
    (card, name), (other, _) = hall.visitor(), hall.visitor()
    since = hall.city.clock() - timedelta(hours=3)
    told = hall.clinic.report_incident(WHAT, since, [name, "A" * 43, "B" * 43])
    assert (told.department, told.what, told.since) == (CLINIC, WHAT, since)
    assert (told.state, told.people, told.unknown) == (IncidentState.OPEN, 1, 2)

    assert hall.events(card)[0] == ("incident.affects", CLINIC)
    assert "incident.affects" not in {event for event, _ in hall.events(other)}
    (entry,) = hall.city.audit("incident.report")
    assert entry.detail == {"incident": str(told.id), "people": 1, "unknown": 2}

    hall.city.clock.advance(hours=1)
    closed = hall.ana.close_incident(told.id, "Found; nobody had opened it.")
    assert (closed.state, closed.closed_by, closed.closed_at) == (IncidentState.CLOSED, "ana", hall.city.clock())
    assert closed.resolution == "Found; nobody had opened it."
    assert [record.actor for record in hall.city.audit("incident.close")] == ["ana"]


def test_another_departments_names_mean_nobody(sqlite_hall: Hall) -> None:
    card, name = sqlite_hall.visitor()
    told = sqlite_hall.school.report_incident(WHAT, sqlite_hall.city.clock(), [name])
    assert (told.people, told.unknown) == (0, 1)
    assert "incident.affects" not in {event for event, _ in sqlite_hall.events(card)}


def test_who_sees_which_incidents(sqlite_hall: Hall) -> None:
    now = sqlite_hall.city.clock()
    first, second, third = (
        client.report_incident(WHAT, now).id for client in (sqlite_hall.clinic, sqlite_hall.school, sqlite_hall.clinic)
    )
    sqlite_hall.ana.close_incident(first, "nothing")

    def seen(client: ServiceClient, state: IncidentState | None = None) -> list[Any]:
        return [incident.id for incident in client.incidents(state)]

    assert seen(sqlite_hall.ana) == [third, second, first]
    assert seen(sqlite_hall.ana, IncidentState.OPEN) == [third, second]
    assert seen(sqlite_hall.ana, IncidentState.CLOSED) == [first]
    assert seen(sqlite_hall.clinic) == [third, first]
    assert seen(sqlite_hall.school, IncidentState.CLOSED) == []
    for client in (sqlite_hall.cy, sqlite_hall.kiosk):
        assert refused(client.incidents) == ("insufficient-scope", 403)


def test_what_is_refused(sqlite_hall: Hall) -> None:
    clock, clinic = sqlite_hall.city.clock, sqlite_hall.clinic
    assert refused(clinic.report_incident, WHAT, clock() + timedelta(seconds=1)) == ("incident-not-yet", 422)
    assert refused(sqlite_hall.ana.report_incident, WHAT, clock()) == ("insufficient-scope", 403)
    assert refused(clinic.close_incident, uuid4(), "mine") == ("insufficient-scope", 403)
    assert refused(sqlite_hall.ana.close_incident, uuid4(), "none") == ("incident-not-found", 404)
    incident = clinic.report_incident(WHAT, clock())
    sqlite_hall.ana.close_incident(incident.id, "once")
    assert refused(sqlite_hall.bo.close_incident, incident.id, "twice") == ("incident-closed", 409)


@pytest.mark.parametrize("wrong", [{"what": " "}, {"what": "x" * 2001}, {"pseudonyms": ["A" * 43] * 2}])
def test_what_is_no_report(sqlite_hall: Hall, wrong: dict[str, Any]) -> None:
    good = {"what": WHAT, "since": sqlite_hall.city.clock(), "pseudonyms": [f"{number:043d}" for number in range(1000)]}
    IncidentReport.model_validate(good)
    with pytest.raises(ValidationError, match=next(iter(wrong))):
        IncidentReport.model_validate({**good, **wrong})
    with pytest.raises(ValidationError, match="at most 1000"):
        IncidentReport.model_validate({**good, "pseudonyms": [f"{number:043d}" for number in range(1001)]})


def test_of_many_who_close_an_incident_at_once_one_does(hall: Hall) -> None:
    incident, together = hall.clinic.report_incident(WHAT, hall.city.clock()), Barrier(8)

    def close(client: ServiceClient) -> str:
        together.wait()
        try:
            return str(client.close_incident(incident.id, client.client_id).closed_by)
        except ServiceProblem as error:
            return error.problem.code

    with ThreadPoolExecutor(8) as pool:
        said = list(pool.map(close, [hall.ana, hall.bo] * 4))
    assert said.count("incident-closed") == 7
    (closed,) = hall.ana.incidents()
    assert closed.closed_by == closed.resolution == next(name for name in said if name != "incident-closed")
    assert len(hall.city.audit("incident.close")) == 1


def test_closed_incidents_are_forgotten_after_five_years(sqlite_hall: Hall) -> None:
    clock, sessions = sqlite_hall.city.clock, sqlite_hall.city.services.sessions
    still_open, closed = (sqlite_hall.clinic.report_incident(WHAT, clock()) for _ in range(2))
    sqlite_hall.ana.close_incident(closed.id, "done")
    (rule,) = (rule for rule in RULES if rule.name == "incidents")
    clock.advance(days=5 * 365 + 1)
    with transaction(sessions) as session:
        due = list(session.scalars(rule.find(clock() - rule.keep)))
        rule.end(session, due, Deed(clock(), sqlite_hall.city.services.settings.erasures_file))
        assert [row.id for row in session.query(Row)] == [still_open.id]


def test_whom_to_call(hall: Hall) -> None:
    assert hall.clinic.contact(CLINIC) is None
    assert hall.ana.set_contact(CLINIC, DESK) == DESK
    moved = DESK.model_copy(update={"telephone": "+85328885678"})
    assert hall.clinic.set_contact(CLINIC, moved) == moved
    assert (hall.clinic.contact(CLINIC), hall.ana.contact(CLINIC)) == (moved, moved)
    assert [(record.actor, record.detail) for record in hall.city.audit("department.contact")] == [
        ("ana", {"department": CLINIC, "changed": ["desk", "email", "telephone"]}),
        (CLINIC, {"department": CLINIC, "changed": ["telephone"]}),
    ]


def test_nobody_sees_or_changes_whom_to_call_elsewhere(sqlite_hall: Hall) -> None:
    sqlite_hall.ana.set_contact(CLINIC, DESK)
    for client, code, status in (
        (sqlite_hall.school, "department-not-found", 404),
        (sqlite_hall.cy, "insufficient-scope", 403),
    ):
        assert refused(client.contact, CLINIC) == (code, status)
        assert refused(client.set_contact, CLINIC, DESK) == (code, status)
    assert refused(sqlite_hall.ana.contact, "nobody") == ("department-not-found", 404)
    assert sqlite_hall.ana.contact(CLINIC) == DESK


@pytest.mark.parametrize(
    "wrong",
    [
        {"desk": ""},
        {"email": "duty"},
        {"email": "duty@clinic"},
        {"email": "du ty@clinic.example"},
        {"email": "a@b@clinic.example"},
        {"email": "duty@clinic.example\n"},
        {"telephone": "28881234"},
        {"telephone": "+853 2888 1234"},
        {"telephone": "+8532"},
        {"telephone": "+85328881234٣"},
    ],
)
def test_contacts_that_reach_nobody(wrong: dict[str, str]) -> None:
    with pytest.raises(ValidationError, match=next(iter(wrong))):
        Contact.model_validate(DESK.model_dump() | wrong)
