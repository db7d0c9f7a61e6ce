"""Yes/no questions without the attribute, on both databases: in assertions, and about people who are not there."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from cardsvc.audit.models import AuditNote, AuditRecord
from cardsvc.callers.models import CallerKind
from cardsvc.citizens.erasing import forget_person
from cardsvc.citizens.history import read_history
from cardsvc.citizens.models import Citizen
from cardsvc.client import AssertionVerifier, FetchedJwks, ServiceClient, ServiceProblem
from cardsvc.db import reading, transaction
from cardsvc.departments.models import Policy
from cardsvc.departments.pseudonym import pseudonym
from cardsvc.departments.repository import get_department
from cardsvc.departments.service import publish_policy
from cardsvc.wire.authentication import AssertionClaims
from cardsvc.wire.levels import Level
from cardsvc.wire.manifest import department_audience
from cardsvc.wire.questions import Answer
from tests.fixtures.proofs import BASE_URL, POLICY, WEI, City, IssuedCard

DEPARTMENT = "medical-insurance"
PURPOSE = "benefit-review"
SENIOR, ADULT, LOCAL = "age-at-least:60", "age-at-least:18", "resident-of:taipa"


class Counter:
    """A kiosk, a department, and people of different ages and districts. The city's clock says 2026."""

    def __init__(self, city: City) -> None:
        self.city = city
        self.kiosk = city.caller("kiosk-1")
        self.department = city.department()
        jwks = FetchedJwks(BASE_URL, clock=city.clock, transport=city.transport)
        self.verifier = AssertionVerifier(BASE_URL, department_audience(DEPARTMENT), jwks, city.clock)

    def person(self, *, born: date = WEI.birth_date, district: str = "taipa") -> IssuedCard:
        self.city.people += 1
        number = f"G{self.city.people:07d}"
        changed = {"birth_date": born, "district": district, "document_number": number}
        return self.city.card(person=WEI.model_copy(update=changed))

    def visit(self, card: IssuedCard, level: Level = Level.TAP) -> str:
        (challenge,) = self.kiosk.challenges(level)
        return self.kiosk.authenticate(card.prove(challenge)).visit_token

    def told(
        self, card: IssuedCard, *questions: str, level: Level = Level.TAP, attributes: tuple[str, ...] = ()
    ) -> AssertionClaims:
        assertion = self.kiosk.exchange(self.visit(card, level), DEPARTMENT, "clinic-check-in", attributes, questions)
        return self.verifier.verify(assertion, service="clinic-check-in", level=level).claims

    def known(self, **person: Any) -> tuple[IssuedCard, str]:
        """Somebody who was at the department, and its name for them."""
        card = self.person(**person)
        self.told(card)
        return card, pseudonym(self.city.services.keystore, DEPARTMENT, card.citizen_id)

    def ask(self, *names: str, question: str = SENIOR, client: ServiceClient | None = None) -> list[Answer]:
        said = (client or self.department).ask(names, question, PURPOSE)
        assert [one.pseudonym for one in said.answers] == list(names)
        assert (said.question, said.policy_version) == (question, 1)
        assert [one.verification_id is None for one in said.answers] == [
            one.answer is Answer.UNKNOWN for one in said.answers
        ]
        return [one.answer for one in said.answers]

    def records(self, event: str = "question.ask") -> list[AuditRecord]:
        return self.city.audit(event)


@pytest.fixture
def counter(city: City) -> Counter:
    return Counter(city)


@pytest.fixture
def sqlite_counter(sqlite_city: City) -> Counter:
    return Counter(sqlite_city)


def refused(client: ServiceClient, *asked: Any) -> tuple[str, int]:
    with pytest.raises(ServiceProblem) as caught:
        client.ask(*asked)
    return caught.value.problem.code, caught.value.problem.status


def test_an_assertion_answers_what_the_citizen_agreed_to_and_tells_nothing_else(counter: Counter) -> None:
    senior = counter.person(born=date(1960, 1, 1), district="coloane")

    claims = counter.told(senior, SENIOR, LOCAL)

    assert (claims.answers, claims.attributes, claims.policy_version) == ({SENIOR: True, LOCAL: False}, {}, 1)
    assert "1960" not in claims.model_dump_json()
    (entry,) = counter.records("assertion.issue")
    assert entry.detail["questions"] == [SENIOR, LOCAL]
    with reading(counter.city.services.sessions) as session:
        shown = read_history(session, senior.citizen_id).entries
    assert [line.questions for line in shown if line.event == "assertion.issue"] == [[SENIOR, LOCAL]]


def test_nothing_asked_is_nothing_answered(counter: Counter) -> None:
    assert counter.told(counter.person(), attributes=("district",)).answers == {}


def test_a_tap_is_not_enough_for_what_the_policy_wants_a_pin_for(counter: Counter) -> None:
    card = counter.person()
    with pytest.raises(ServiceProblem) as caught:
        counter.told(card, ADULT)
    assert (caught.value.problem.code, caught.value.problem.model_extra) == (
        "step-up-required",
        {**(caught.value.problem.model_extra or {}), "acr_values": "pin"},
    )
    assert counter.told(card, ADULT, SENIOR, level=Level.PIN).answers == {ADULT: True, SENIOR: False}


@pytest.mark.parametrize("question", ["age-at-least:61", "resident-of:coloane", "age-at-least:65"])
def test_nobody_finds_a_birth_date_by_asking_for_other_ages(counter: Counter, question: str) -> None:
    card, name = counter.known()
    with pytest.raises(ServiceProblem) as caught:
        counter.told(card, question, level=Level.PIN)
    assert caught.value.problem.code == "questions-not-covered"
    assert counter.records("assertion.issue")[-1].outcome == "questions-not-covered"
    assert refused(counter.department, [name], question, PURPOSE) == ("questions-not-covered", 403)
    assert counter.records() == []


def test_a_policy_row_that_lets_a_tap_bisect_is_no_policy(counter: Counter) -> None:
    card = counter.person()
    with transaction(counter.city.services.sessions) as session:
        (row,) = session.query(Policy).all()
        taps = {f"age-at-least:{years}": {"level": "tap", "purposes": []} for years in (18, 60)}
        row.terms = {**row.terms, "questions": taps}
    with pytest.raises(ServiceProblem) as caught:
        counter.told(card, SENIOR)
    assert caught.value.problem.code == "policy-invalid"


def test_people_are_asked_about_by_name_and_each_can_see_it(counter: Counter) -> None:
    old, old_name = counter.known(born=date(1950, 6, 1))
    young, young_name = counter.known()
    stranger = counter.person(born=date(1950, 6, 1))
    strange_name = pseudonym(counter.city.services.keystore, DEPARTMENT, stranger.citizen_id)

    assert counter.ask(young_name, strange_name, old_name) == [Answer.NO, Answer.UNKNOWN, Answer.YES]

    entries = {entry.citizen_id: entry for entry in counter.records()}
    for card in (old, young):
        entry = entries[card.citizen_id]
        assert (entry.actor, entry.outcome) == (DEPARTMENT, "ok")
        assert entry.detail == {"purpose": PURPOSE, "policy_version": 1, "questions": [SENIOR]}
        with reading(counter.city.services.sessions) as session:
            shown = read_history(session, card.citizen_id).entries[0]
        assert (shown.event, shown.purpose, shown.questions) == ("question.ask", PURPOSE, [SENIOR])
    assert stranger.citizen_id not in entries
    assert (entries[None].outcome, entries[None].detail["count"]) == ("unknown", 1)


def test_the_log_does_not_tell_the_answer_and_beside_it_it_is_sealed(counter: Counter) -> None:
    _, name = counter.known(born=date(1950, 6, 1))
    counter.ask(name)
    (entry,) = counter.records()
    assert "yes" not in str(entry.detail)
    with reading(counter.city.services.sessions) as session:
        note = session.get_one(AuditNote, entry.id)
    assert len(note.text) > 30
    assert "yes" not in note.text


def test_another_departments_name_is_unknown(counter: Counter) -> None:
    other = counter.city.department("education")
    card, name = counter.known()
    theirs = pseudonym(counter.city.services.keystore, "education", card.citizen_id)
    assert counter.ask(name, client=other) == [Answer.UNKNOWN]
    assert counter.ask(theirs) == [Answer.UNKNOWN]
    assert [entry.citizen_id for entry in counter.records()] == [None, None]


def test_nobody_is_known_any_more_after_being_erased(counter: Counter) -> None:
    card, name = counter.known()
    counter.ask(name)
    with transaction(counter.city.services.sessions) as session:
        forget_person(session, session.get_one(Citizen, card.citizen_id))
    assert counter.ask(name) == [Answer.UNKNOWN]
    with reading(counter.city.services.sessions) as session:
        assert session.query(AuditNote).count() == 0


def test_a_question_is_asked_for_the_purposes_that_the_policy_gives_it(counter: Counter) -> None:
    _, name = counter.known()
    ask = counter.department
    assert refused(ask, [name], SENIOR, "curiosity") == ("purpose-not-covered", 403)
    assert refused(ask, [name], SENIOR, "home-visit") == ("questions-not-covered", 403)
    assert refused(ask, [name], ADULT, PURPOSE) == ("questions-not-covered", 403)
    assert ask.ask([name], LOCAL, "home-visit").answers[0].answer is Answer.YES


def test_the_answer_names_the_version_in_force(counter: Counter) -> None:
    _, name = counter.known()
    with transaction(counter.city.services.sessions) as session:
        publish_policy(session, get_department(session, DEPARTMENT), POLICY, actor="ceremony", now=counter.city.clock())
    assert counter.department.ask([name], SENIOR, PURPOSE).policy_version == 2
    assert counter.records()[-1].detail["policy_version"] == 2


def test_a_thousand_are_asked_about_and_not_one_more(sqlite_counter: Counter) -> None:
    names = [f"{number:043d}" for number in range(1001)]
    assert sqlite_counter.ask(*names[:1000]) == [Answer.UNKNOWN] * 1000
    with pytest.raises(ValueError, match="at most 1000"):
        sqlite_counter.department.ask(names, SENIOR, PURPOSE)


def test_only_departments_ask(sqlite_counter: Counter) -> None:
    officer = sqlite_counter.city.caller("ana", CallerKind.OFFICER)
    for client in (sqlite_counter.kiosk, officer):
        assert refused(client, ["A" * 43], SENIOR, PURPOSE) == ("insufficient-scope", 403)
