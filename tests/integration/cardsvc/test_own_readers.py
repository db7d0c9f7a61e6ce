"""A card proves itself at a department's own reader, on both databases: who may, and what the department hears."""

from __future__ import annotations

from typing import Any

import pytest

from cardsvc.authentication.errors import AssertionNotSigned
from cardsvc.authentication.own_readers import Told
from cardsvc.authentication.turnstile import Admitted, Knock
from cardsvc.callers.errors import AccessTokenRefused, ScopeMissing
from cardsvc.callers.models import CallerKind
from cardsvc.callers.service import disable_caller
from cardsvc.client import AssertionVerifier, FetchedJwks, ServiceClient, ServiceProblem
from cardsvc.db import reading, transaction
from cardsvc.departments.models import Acquaintance
from cardsvc.departments.pseudonym import pseudonym
from cardsvc.departments.repository import get_department
from cardsvc.departments.service import publish_policy
from cardsvc.errors import ServiceError
from cardsvc.wire.authentication import CardAuthentication
from cardsvc.wire.departments import CardStanding
from cardsvc.wire.jose import Signer
from cardsvc.wire.levels import Level
from cardsvc.wire.lifecycle import CardState
from cardsvc.wire.manifest import department_audience
from cardsvc.wire.problems import Problem
from cardsvc.wire.scopes import Scope
from tests.fixtures.proofs import BASE_URL, POLICY, City, IssuedCard

DEPARTMENT = "medical-insurance"
SERVICE = "clinic-check-in"
EVENT = "card-authentication"


def tap(
    department: ServiceClient, card: IssuedCard, level: Level = Level.TAP, service: str = SERVICE
) -> CardAuthentication:
    (challenge,) = department.challenges(level)
    return department.authenticate_at_own_reader(card.prove(challenge), service)


def refused(department: ServiceClient, card: IssuedCard, level: Level = Level.TAP, service: str = SERVICE) -> Problem:
    with pytest.raises(ServiceProblem) as caught:
        tap(department, card, level, service)
    return caught.value.problem


def publish(city: City, **changed: Any) -> None:
    with transaction(city.services.sessions) as session:
        terms = POLICY | changed
        publish_policy(session, get_department(session, DEPARTMENT), terms, actor="ceremony", now=city.clock())


@pytest.mark.parametrize(("level", "service"), [(Level.TAP, SERVICE), (Level.PIN, SERVICE), (Level.PIN, "balance")])
def test_a_department_hears_who_is_at_its_reader(city: City, level: Level, service: str) -> None:
    department, card = city.department(), city.card()

    told = tap(department, card, level, service)

    assert told.card_uuid == card.uuid
    jwks = FetchedJwks(BASE_URL, clock=city.clock, transport=city.transport)
    verifier = AssertionVerifier(BASE_URL, department_audience(DEPARTMENT), jwks, city.clock)
    claims = verifier.verify(told.assertion, service=service, level=level).claims
    assert claims.sub == pseudonym(city.services.keystore, DEPARTMENT, card.citizen_id)
    assert (claims.acr, claims.client_id, claims.policy_version) == (level, DEPARTMENT, 1)
    assert (claims.jti, claims.attributes) == (str(told.authentication_id), {})
    assert claims.exp == int(told.expires_at.timestamp()) == claims.iat + 300
    (entry,) = city.audit(EVENT)
    assert (entry.id, entry.outcome, entry.actor) == (told.authentication_id, "ok", DEPARTMENT)
    assert (entry.card_id, entry.citizen_id, entry.citizen_counter) == (card.id, card.citizen_id, 1)
    assert entry.detail == {
        "level": level.value,
        "audience": department_audience(DEPARTMENT),
        "service": service,
        "policy_version": 1,
    }


def test_the_department_is_acquainted_with_whoever_came(city: City) -> None:
    department, card = city.department(), city.card()
    for _ in range(2):
        tap(department, card)
    name = pseudonym(city.services.keystore, DEPARTMENT, card.citizen_id)

    assert department.card_standings([name], "benefit-review").answers[0].standing is CardStanding.IN_FORCE
    with reading(city.services.sessions) as session:
        assert [row.pseudonym for row in session.query(Acquaintance)] == [name]


def test_its_assertion_can_be_verified_online(city: City) -> None:
    department, card = city.department(), city.card()
    told = tap(department, card)

    verification = department.verify(told.assertion)

    assert verification.claims.jti == str(told.authentication_id)
    entry = city.audit("assertion.verify")[-1]
    assert (entry.outcome, entry.citizen_id, entry.card_id) == ("ok", card.citizen_id, card.id)
    city.put_in_state(card, CardState.REVOKED)
    with pytest.raises(ServiceProblem, match="assertion-refused"):
        department.verify(told.assertion)


def test_only_levels_of_the_policy_in_force(city: City) -> None:
    """A policy that was replaced a moment ago does not count any more, even for a challenge it still allowed."""
    department, card = city.department(), city.card()
    (challenge,) = department.challenges(Level.TAP)
    publish(city, reader_levels=["pin"])

    with pytest.raises(ServiceProblem) as late:
        department.authenticate_at_own_reader(card.prove(challenge), SERVICE)
    with pytest.raises(ServiceProblem) as early:
        department.challenges(Level.TAP)

    for caught in (late, early):
        assert (caught.value.problem.code, caught.value.problem.data) == ("reader-not-covered", {"level": "tap"})
    entry = city.audit(EVENT)[-1]
    assert (entry.outcome, entry.citizen_id, entry.detail["policy_version"]) == (
        "reader-not-covered",
        card.citizen_id,
        2,
    )
    assert tap(department, card, Level.PIN).card_uuid == card.uuid


def test_only_services_of_the_policy_in_force_and_at_their_level(city: City) -> None:
    department, card = city.department(), city.card()

    assert refused(department, card, service="surgery").code == "service-not-covered"
    problem = refused(department, card, service="balance")

    assert (problem.code, problem.data["acr_values"]) == ("step-up-required", "pin")
    assert [entry.outcome for entry in city.audit(EVENT)] == ["service-not-covered", "step-up-required"]


def test_who_may_not_ask_does_not_learn_how_a_card_stands(city: City) -> None:
    department, card = city.department(), city.card(CardState.REVOKED)

    assert refused(department, card, service="surgery").code == "service-not-covered"
    assert refused(department, card).code == "card-not-active"


def test_a_refused_proof_spends_its_challenge(city: City) -> None:
    department, card = city.department(), city.card()
    (challenge,) = department.challenges(Level.TAP)
    proof = card.prove(challenge)
    with pytest.raises(ServiceProblem, match="service-not-covered"):
        department.authenticate_at_own_reader(proof, "surgery")

    with pytest.raises(ServiceProblem, match="challenge-replayed"):
        department.authenticate_at_own_reader(proof, SERVICE)


def test_a_challenge_is_of_no_use_to_another_department(city: City) -> None:
    department, other, card = city.department(), city.department("education"), city.card()
    (challenge,) = department.challenges(Level.TAP)

    with pytest.raises(ServiceProblem, match="challenge-foreign"):
        other.authenticate_at_own_reader(card.prove(challenge), SERVICE)

    department.authenticate_at_own_reader(card.prove(challenge), SERVICE)


def test_kiosks_begin_visits_and_departments_do_not(city: City) -> None:
    department, kiosk, card = city.department(), city.caller("kiosk-1"), city.card()
    officer = city.caller("ana", CallerKind.OFFICER)
    (for_department,), (for_kiosk,) = department.challenges(Level.TAP), kiosk.challenges(Level.TAP)

    for call in (
        lambda: department.authenticate(card.prove(for_department)),
        lambda: kiosk.authenticate_at_own_reader(card.prove(for_kiosk), SERVICE),
        lambda: officer.authenticate_at_own_reader(card.prove(for_kiosk), SERVICE),
    ):
        with pytest.raises(ServiceProblem, match="insufficient-scope"):
            call()


def test_kiosks_and_departments_share_a_commit(city: City) -> None:
    kiosk, department, education = city.caller("kiosk-1"), city.department(), city.department("education")
    ana, bo = city.card(), city.card()
    clients = {"kiosk-1": kiosk, DEPARTMENT: department, "education": education}
    stock = {name: client.challenges(Level.TAP, 3) for name, client in clients.items()}
    entries = {
        name: city.entry(name, Scope.AUTHENTICATE if name == "kiosk-1" else Scope.AUTHENTICATE_OWN_READER)
        for name in clients
    }
    knocks = [
        Knock(card.prove(stock[name].pop()), entries[name], city.clock(), service)
        for name, card, service in (
            ("kiosk-1", ana, None),
            (DEPARTMENT, ana, SERVICE),
            ("education", ana, SERVICE),
            (DEPARTMENT, bo, "surgery"),
            (DEPARTMENT, ana, SERVICE),
            ("kiosk-1", bo, None),
        )
    ]

    outcomes = city.services.turnstile.admit(knocks)

    assert [type(outcome) for outcome in outcomes if not isinstance(outcome, ServiceError)] == [
        Admitted, Told, Told, Told, Admitted,
    ]  # fmt: skip
    assert [outcome.code for outcome in outcomes if isinstance(outcome, ServiceError)] == ["service-not-covered"]
    with reading(city.services.sessions) as session:
        assert session.query(Acquaintance).count() == 2


def test_who_may_not_come_in_does_not_fail_the_others(city: City) -> None:
    """Found out in the transaction of the group: nothing of a caller is remembered from a moment ago."""
    kiosk, department, education = city.caller("kiosk-1"), city.department(), city.department("education")
    card = city.card()
    stock = {name: client.challenges(Level.TAP) for name, client in (("kiosk-1", kiosk), (DEPARTMENT, department))}
    own_reader = Scope.AUTHENTICATE_OWN_READER
    (for_education,) = education.challenges(Level.TAP)
    knocks = [
        Knock(card.prove(for_education), city.entry("education", own_reader), city.clock(), SERVICE),
        Knock(card.prove(stock["kiosk-1"][0]), city.entry("kiosk-1", own_reader), city.clock(), SERVICE),
        Knock(card.prove(stock[DEPARTMENT][0]), city.entry(DEPARTMENT, own_reader), city.clock(), SERVICE),
    ]
    with transaction(city.services.sessions) as session:
        disable_caller(session, "education", actor="ceremony", now=city.clock())

    shut_out, without_scope, told = city.services.turnstile.admit(knocks)

    assert isinstance(shut_out, AccessTokenRefused)
    assert isinstance(without_scope, ScopeMissing)
    assert isinstance(told, Told)
    assert [entry.actor for entry in city.audit(EVENT)] == [DEPARTMENT]


def test_an_assertion_that_cannot_be_signed_fails_nobody_else(city: City, monkeypatch: pytest.MonkeyPatch) -> None:
    """The group is committed by then: done again, everybody's challenge would be spent already."""
    kiosk, department = city.caller("kiosk-1"), city.department()
    cards = {"kiosk-1": city.card(), DEPARTMENT: city.card()}
    ((in_kiosk,), (at_reader,)) = (client.challenges(Level.TAP) for client in (kiosk, department))
    own_reader = city.entry(DEPARTMENT, Scope.AUTHENTICATE_OWN_READER)
    knocks = [
        Knock(cards["kiosk-1"].prove(in_kiosk), city.entry("kiosk-1"), city.clock()),
        Knock(cards[DEPARTMENT].prove(at_reader), own_reader, city.clock(), SERVICE),
    ]

    def fail(*_: Any, **__: Any) -> str:
        raise OSError("the module of the key does not answer")

    monkeypatch.setattr(Signer, "sign", fail)
    admitted, unsigned = city.services.turnstile.admit(knocks)

    assert isinstance(admitted, Admitted)
    assert isinstance(unsigned, AssertionNotSigned)
    assert [entry.outcome for entry in (*city.audit("authentication"), *city.audit(EVENT))] == ["ok", "ok"]
