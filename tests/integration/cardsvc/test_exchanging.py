"""A visit is exchanged for assertions, on both databases: who may, for what, and what the department learns."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from joserfc.jwk import ECKey
from sqlalchemy import text
from sqlalchemy.orm import Session

from cardsvc.authentication.models import IssuedAssertion
from cardsvc.callers.models import Caller, CallerKind
from cardsvc.callers.service import disable_caller
from cardsvc.cards.models import Card
from cardsvc.client import AssertionVerifier, FetchedJwks, ServiceClient, ServiceProblem
from cardsvc.db import reading, transaction
from cardsvc.departments.models import Department, Policy
from cardsvc.departments.repository import find_by_code
from cardsvc.departments.service import publish_policy
from cardsvc.services import Services
from cardsvc.trust.keystore import KeyName
from cardsvc.wire import jose
from cardsvc.wire.authentication import ASSERTION_TYP
from cardsvc.wire.levels import Level
from cardsvc.wire.lifecycle import CardState
from cardsvc.wire.manifest import department_audience
from tests.fixtures.databases import migrate
from tests.fixtures.proofs import BASE_URL, WEI, City, begin

DEPARTMENT = "medical-insurance"


def refusal(kiosk: ServiceClient, token: str, *, department: str = DEPARTMENT, **asked: Any) -> Any:
    with pytest.raises(ServiceProblem) as refused:
        kiosk.exchange(token, department, asked.get("service", "clinic-check-in"), asked.get("attributes", ()))
    return refused.value.problem


def verifier(city: City, department: str = DEPARTMENT) -> AssertionVerifier:
    jwks = FetchedJwks(BASE_URL, clock=city.clock, transport=city.transport)
    return AssertionVerifier(BASE_URL, department_audience(department), jwks, city.clock)


def test_a_department_learns_what_the_policy_and_the_citizen_allow(city: City) -> None:
    kiosk, card = city.caller("kiosk-1"), city.card()
    city.department()
    token = begin(kiosk, card, Level.PIN)

    assertion = kiosk.exchange(token, DEPARTMENT, "balance", ["name"])

    claims = verifier(city).verify(assertion, service="balance", level=Level.PIN).claims
    assert claims.attributes == {"name": WEI.name}
    assert (claims.iss, claims.aud, claims.client_id) == (BASE_URL, department_audience(DEPARTMENT), "kiosk-1")
    assert (claims.acr, claims.policy_version, claims.exp - claims.iat) == (Level.PIN, 1, 300)
    entry = city.audit("assertion.issue")[-1]
    assert (entry.outcome, entry.actor, entry.citizen_id) == ("ok", "kiosk-1", card.citizen_id)
    assert entry.detail == {
        "audience": department_audience(DEPARTMENT),
        "service": "balance",
        "attributes": ["name"],
        "policy_version": 1,
    }


def test_an_assertion_says_nothing_that_joins_departments(city: City) -> None:
    kiosk, card = city.caller("kiosk-1"), city.card()
    for department in (DEPARTMENT, "education"):
        city.department(department)
    token = begin(kiosk, card)

    claims = [
        verifier(city, department)
        .verify(kiosk.exchange(token, department, "clinic-check-in", []), service="clinic-check-in", level=Level.TAP)
        .claims
        for department in (DEPARTMENT, "education", DEPARTMENT)
    ]

    assert claims[0].sub == claims[2].sub
    assert claims[0].sub != claims[1].sub
    with reading(city.services.sessions) as session:
        stock_number = session.get_one(Card, card.id).stock_number
    text = "".join(claim.model_dump_json() for claim in claims)
    for secret in (str(card.uuid), str(card.id), str(card.citizen_id), stock_number, WEI.name, WEI.document_number):
        assert secret not in text


def test_more_than_the_policy_allows_is_refused_and_recorded(city: City) -> None:
    kiosk, card = city.caller("kiosk-1"), city.card()
    city.department()
    token = begin(kiosk, card, Level.PIN)

    problem = refusal(kiosk, token, service="balance", attributes=["name", "document_number"])

    assert (problem.code, problem.data["error"]) == ("attributes-not-covered", "invalid_scope")
    assert problem.data["attributes"] == ["document_number"]
    assert city.audit("assertion.issue")[-1].outcome == "attributes-not-covered"


def test_a_tap_never_tells_a_name_even_if_a_row_in_the_database_says_so(city: City) -> None:
    kiosk, card = city.caller("kiosk-1"), city.card()
    city.department()
    with transaction(city.services.sessions) as session:
        department = find_by_code(session, DEPARTMENT)
        assert department is not None
        terms = {"services": {"balance": {"level": "pin", "attributes": ["name"]}}}
        publish_policy(session, department, terms, actor="ceremony", now=city.clock())
    with transaction(city.services.sessions) as session:
        policy = session.query(Policy).filter_by(version=2).one()
        policy.terms = {"services": {"balance": {"level": "tap", "attributes": ["name"]}}}

    problem = refusal(kiosk, begin(kiosk, card), service="balance", attributes=["name"])

    assert problem.code in {"policy-invalid", "attributes-not-covered"}


def test_a_service_above_the_visit_asks_for_more(city: City) -> None:
    kiosk, card = city.caller("kiosk-1"), city.card()
    city.department()

    problem = refusal(kiosk, begin(kiosk, card), service="balance")

    assert (problem.code, problem.data["error"]) == ("step-up-required", "insufficient_user_authentication")
    assert problem.data["acr_values"] == "pin"


def test_only_services_of_departments_that_take_part(city: City) -> None:
    kiosk, card = city.caller("kiosk-1"), city.card()
    city.department()
    token = begin(kiosk, card)

    assert refusal(kiosk, token, department="finance").code == "department-unknown"
    assert refusal(kiosk, token, service="surgery").code == "service-not-covered"
    with transaction(city.services.sessions) as session:
        disable_caller(session, DEPARTMENT, actor="ceremony", now=city.clock())
    assert refusal(kiosk, token).code == "department-unknown"
    assert [entry.outcome for entry in city.audit("assertion.issue")] == [
        "department-unknown",
        "service-not-covered",
        "department-unknown",
    ]


def test_the_highest_version_of_a_policy_is_in_force(city: City) -> None:
    kiosk, card = city.caller("kiosk-1"), city.card()
    city.department()
    token = begin(kiosk, card)
    with transaction(city.services.sessions) as session:
        department = session.query(Department).one()
        narrower = {"services": {"clinic-check-in": {"level": "tap", "attributes": []}}}
        publish_policy(session, department, narrower, actor="ceremony", now=city.clock())

    assert refusal(kiosk, token, attributes=["district"]).code == "attributes-not-covered"
    kiosk.exchange(token, DEPARTMENT, "clinic-check-in", [])
    assert city.audit("assertion.issue")[-1].detail["policy_version"] == 2


def test_a_visit_is_of_no_use_to_another_kiosk(city: City) -> None:
    kiosk, card = city.caller("kiosk-1"), city.card()
    city.department()
    token = begin(kiosk, card)

    assert refusal(city.caller("kiosk-2"), token).code == "visit-foreign"
    with pytest.raises(ServiceProblem, match="visit-foreign"):
        city.client("kiosk-2").end_visit(token)
    attempts = [*city.audit("assertion.issue"), *city.audit("request")]
    assert [(entry.actor, entry.outcome, entry.citizen_id, entry.card_id) for entry in attempts] == [
        ("kiosk-2", "visit-foreign", card.citizen_id, card.id)
    ] * 2
    kiosk.exchange(token, DEPARTMENT, "clinic-check-in", [])


def test_a_visit_is_of_no_use_with_another_key(city: City) -> None:
    kiosk, card = city.caller("kiosk-1"), city.card()
    city.department()
    token = begin(kiosk, card)
    fresh = ECKey.generate_key("P-256")
    with transaction(city.services.sessions) as session:
        caller = session.query(Caller).filter_by(client_id="kiosk-1").one()
        caller.public_jwk, caller.thumbprint = dict(fresh.as_dict(private=False)), fresh.thumbprint()

    assert refusal(city.client("kiosk-1", fresh), token).code == "visit-foreign"


def test_a_made_up_visit_is_refused_and_recorded(city: City) -> None:
    kiosk = city.caller("kiosk-1")
    city.department()

    assert refusal(kiosk, "made-up").code == "visit-unknown"
    entry = city.audit("assertion.issue")[-1]
    assert (entry.outcome, entry.citizen_id) == ("visit-unknown", None)


def test_a_visit_ends_when_nobody_uses_it(city: City) -> None:
    kiosk, card = city.caller("kiosk-1"), city.card()
    city.department()
    token = begin(kiosk, card)
    city.clock.advance(seconds=89)
    kiosk.exchange(token, DEPARTMENT, "clinic-check-in", [])
    city.clock.advance(seconds=89)
    kiosk.exchange(token, DEPARTMENT, "clinic-check-in", [])
    city.clock.advance(seconds=90)

    problem = refusal(kiosk, token)

    assert (problem.code, problem.data["reason"]) == ("visit-ended", "idle")


def test_a_visit_is_kept_for_a_citizen_who_is_still_there(city: City) -> None:
    kiosk, card = city.caller("kiosk-1"), city.card()
    city.department()
    token = begin(kiosk, card)
    for _ in range(3):
        city.clock.advance(seconds=89)
        kiosk.keep_visit(token)
    kiosk.exchange(token, DEPARTMENT, "clinic-check-in", [])
    city.clock.advance(seconds=90)
    with pytest.raises(ServiceProblem, match="visit-ended"):
        kiosk.keep_visit(token)
    assert refusal(kiosk, token).data["reason"] == "idle"


def test_a_visit_that_is_kept_is_over_after_ten_minutes_all_the_same(city: City) -> None:
    kiosk, card = city.caller("kiosk-1"), city.card()
    token = begin(kiosk, card)
    for _ in range(9):
        city.clock.advance(seconds=60)
        kiosk.keep_visit(token)
    city.clock.advance(seconds=60)
    with pytest.raises(ServiceProblem, match="visit-ended") as ended:
        kiosk.keep_visit(token)
    assert ended.value.problem.data["reason"] == "time-is-up"


def test_nobody_else_keeps_a_visit(city: City) -> None:
    kiosk, card = city.caller("kiosk-1"), city.card()
    token = begin(kiosk, card)
    with pytest.raises(ServiceProblem, match="visit-foreign"):
        city.caller("kiosk-2").keep_visit(token)


def test_a_refused_exchange_does_not_prolong_a_visit(city: City) -> None:
    kiosk, card = city.caller("kiosk-1"), city.card()
    city.department()
    token = begin(kiosk, card)
    city.clock.advance(seconds=60)
    refusal(kiosk, token, service="surgery")
    city.clock.advance(seconds=60)

    assert refusal(kiosk, token).data["reason"] == "idle"


def test_a_visit_ends_after_ten_minutes_however_busy(city: City) -> None:
    kiosk, card = city.caller("kiosk-1"), city.card()
    city.department()
    token = begin(kiosk, card)
    for _ in range(9):
        city.clock.advance(seconds=60)
        kiosk.exchange(token, DEPARTMENT, "clinic-check-in", [])
    city.clock.advance(seconds=60)

    assert refusal(kiosk, token).data["reason"] == "time-is-up"


def test_a_visit_ends_when_the_citizen_leaves(city: City) -> None:
    kiosk, card = city.caller("kiosk-1"), city.card()
    city.department()
    token = begin(kiosk, card)

    kiosk.end_visit(token)
    kiosk.end_visit(token)

    assert refusal(kiosk, token).data["reason"] == "ended"
    assert len(city.audit("visit.end")) == 1


@pytest.mark.parametrize("state", [CardState.HELD, CardState.REVOKED, CardState.EXPIRED])
def test_a_card_taken_out_of_force_gives_nothing_more(city: City, state: CardState) -> None:
    kiosk, card = city.caller("kiosk-1"), city.card()
    city.department()
    token = begin(kiosk, card)
    city.put_in_state(card, state)

    problem = refusal(kiosk, token)

    assert (problem.code, problem.data["state"]) == ("card-not-active", state.value)
    with reading(city.services.sessions) as session:
        assert session.query(IssuedAssertion).count() == 0


def test_an_officer_cannot_exchange_visits(city: City) -> None:
    kiosk, card = city.caller("kiosk-1"), city.card()
    city.department()
    officer = city.caller("ana", CallerKind.OFFICER)

    problem = refusal(officer, begin(kiosk, card))

    assert (problem.code, problem.data["error"]) == ("insufficient-scope", "unauthorized_client")


def test_a_department_verifies_online(city: City) -> None:
    kiosk, card, department = city.caller("kiosk-1"), city.card(), city.department()
    assertion = kiosk.exchange(begin(kiosk, card), DEPARTMENT, "clinic-check-in", ["district"])

    verification = department.verify(assertion)

    assert verification.claims.attributes == {"district": WEI.district}
    entry = city.audit("assertion.verify")[-1]
    assert (entry.id, entry.outcome, entry.actor) == (verification.verification_id, "ok", DEPARTMENT)
    assert (entry.citizen_id, entry.card_id) == (card.citizen_id, card.id)


@pytest.mark.parametrize("fault", ["expired", "card-not-active", "wrong-audience", "signature-invalid", "malformed"])
def test_a_bad_assertion_is_refused_and_recorded(city: City, fault: str) -> None:
    kiosk, card, department = city.caller("kiosk-1"), city.card(), city.department()
    assertion = kiosk.exchange(begin(kiosk, card), DEPARTMENT, "clinic-check-in", [])
    match fault:
        case "expired":
            city.clock.advance(seconds=300)
        case "card-not-active":
            city.put_in_state(card, CardState.REVOKED)
        case "wrong-audience":
            department = city.department("education")
        case "signature-invalid":
            head, body, _ = assertion.split(".")
            assertion = f"{head}.{body}.{'A' * 86}"
        case "malformed":
            assertion = "no.token.atall"

    with pytest.raises(ServiceProblem) as refused:
        department.verify(assertion)

    assert (refused.value.problem.code, refused.value.problem.data["fault"]) == ("assertion-refused", fault)
    entry = city.audit("assertion.verify")[-1]
    assert entry.outcome == fault
    assert (entry.citizen_id is None) == (fault in {"wrong-audience", "signature-invalid", "malformed"})


def test_an_assertion_that_says_other_times_than_we_wrote_down_is_refused(city: City) -> None:
    kiosk, card, department = city.caller("kiosk-1"), city.card(), city.department()
    assertion = kiosk.exchange(begin(kiosk, card), DEPARTMENT, "clinic-check-in", [])
    claims = jose.parse(assertion).claims
    key = ECKey.import_key(city.services.keystore.signer(KeyName.ASSERTION))
    longer = jose.sign({**claims, "iat": claims["iat"] + 60, "exp": claims["exp"] + 60}, key, typ=ASSERTION_TYP)

    with pytest.raises(ServiceProblem) as refused:
        department.verify(longer)

    assert refused.value.problem.data["fault"] == "not-issued"


def test_an_assertion_that_we_signed_but_did_not_write_down_is_refused(city: City) -> None:
    kiosk, card, department = city.caller("kiosk-1"), city.card(), city.department()
    assertion = kiosk.exchange(begin(kiosk, card), DEPARTMENT, "clinic-check-in", [])
    with transaction(city.services.sessions) as session:
        session.query(IssuedAssertion).delete()

    with pytest.raises(ServiceProblem) as refused:
        department.verify(assertion)

    assert refused.value.problem.data["fault"] == "not-issued"


def test_whoever_shuts_a_kiosk_out_waits_for_what_it_is_being_told(
    postgres_url: str, make_services: Callable[[str], Services], make_city: Callable[[Services], City]
) -> None:
    """Once the kiosk is known to be disabled, nothing about a citizen leaves for it any more."""
    migrate(postgres_url)
    city = make_city(make_services(postgres_url))
    kiosk, card, sessions = city.caller("kiosk-1"), city.card(), city.services.sessions
    city.department()
    token = begin(kiosk, card, Level.PIN)

    def shut_out() -> None:
        with transaction(sessions) as session:
            disable_caller(session, "kiosk-1", actor="ana", now=city.clock())

    with ThreadPoolExecutor(2) as threads, transaction(sessions) as session:
        session.get_one(Card, card.id, with_for_update=True)
        exchange = threads.submit(kiosk.exchange, token, DEPARTMENT, "balance", ["name"])
        wait_for_waiting(session, 1)
        disabling = threads.submit(shut_out)
        wait_for_waiting(session, 2)
        assert not disabling.done()
        session.commit()
        assert exchange.result(30)
        disabling.result(30)
    with pytest.raises(ServiceProblem):
        kiosk.exchange(token, DEPARTMENT, "balance", ["name"])


def wait_for_waiting(session: Session, number: int) -> None:
    """Until so many others of this database wait for a lock."""
    waiting = text(
        "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
    )
    for _ in range(600):
        if session.scalar(waiting) == number:
            return
        session.execute(text("SELECT pg_stat_clear_snapshot()"))
        time.sleep(0.05)
    raise AssertionError(f"{number} should wait for a lock")
