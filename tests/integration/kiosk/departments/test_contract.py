"""What every department does with a request before and after its own work, asked over HTTP."""

from __future__ import annotations

import json
from base64 import urlsafe_b64decode
from typing import Any
from uuid import uuid4

import pytest
from joserfc.jwk import ECKey
from sqlalchemy import func, select
from structlog.testing import capture_logs

from cardsvc.client import ServiceProblem, ServiceUnreachable
from cardsvc.wire.manifest import Manifest, Outcome
from cardsvc.wire.problems import Problem
from kiosk.departments.contract.keeping import KeptAnswer, SpentAssertion
from kiosk.departments.medical_insurance.models import Account, Ticket
from tests.fixtures.departments import Counter

CHECK_IN = "clinic-check-in"
FEVER = {"clinic": "hengqin-hospital", "complaint_group": "fever"}
INJURY = {**FEVER, "complaint_group": "injury"}

ON_ONE_DATABASE = pytest.mark.parametrize("databases", ["sqlite"], indirect=True)
"""For what happens before the database is asked."""


def _problem(code: str, status: int, **data: str) -> Problem:
    members = {"type": f"urn:citizen-card:problem:{code}", "title": code, "status": status, **data}
    return Problem.model_validate(members)


def tickets(clinic: Counter) -> int:
    with clinic.office.sessions() as session:
        return session.scalar(select(func.count()).select_from(Ticket)) or 0


def post(clinic: Counter, body: object, **headers: str) -> dict[str, Any]:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    headers = {"Idempotency-Key": str(uuid4()), "Content-Type": "application/json", **headers}
    response = clinic.http.post(f"/services/{CHECK_IN}", content=content, headers=headers)
    assert response.headers["content-type"] == "application/problem+json", response.text
    problem: dict[str, Any] = response.json()
    assert problem["status"] == response.status_code
    return problem


def assertion(clinic: Counter, **claims: Any) -> str:
    return clinic.service.assertion(clinic.department, CHECK_IN, **claims)


@ON_ONE_DATABASE
class TestReading:
    def test_the_manifest_is_open_to_all(self, clinic: Counter) -> None:
        response = clinic.http.get("/.well-known/citizen-services.json")

        assert response.headers["content-type"] == "application/json"
        assert Manifest.model_validate_json(response.content) == clinic.department.manifest

    def test_health(self, clinic: Counter) -> None:
        assert clinic.http.get("/healthz").json() == {"status": "ok"}

    @pytest.mark.parametrize(
        ("method", "path", "status"), [("GET", "/nothing", 404), ("GET", f"/services/{CHECK_IN}", 405)]
    )
    def test_what_is_not_there_is_a_problem_too(self, clinic: Counter, method: str, path: str, status: int) -> None:
        response = clinic.http.request(method, path)

        assert response.status_code == status
        assert response.json()["type"] == "about:blank"
        assert response.headers["content-type"] == "application/problem+json"


class TestRepeating:
    def test_the_same_again_gets_the_same_answer(self, clinic: Counter) -> None:
        key, proof = uuid4(), assertion(clinic)
        first = clinic.ask(CHECK_IN, FEVER, key=key, assertion=proof)
        clinic.clock.forward(seconds=30)
        second = clinic.ask(CHECK_IN, FEVER, key=key, assertion=proof)

        assert first.status_code == second.status_code == 200
        assert Outcome.model_validate_json(first.content) == Outcome.model_validate_json(second.content)
        assert tickets(clinic) == 1

    def test_a_new_assertion_for_the_same_request_gets_the_same_answer(self, clinic: Counter) -> None:
        key = uuid4()
        first = clinic.ask(CHECK_IN, FEVER, key=key)
        clinic.clock.forward(minutes=20)

        assert clinic.ask(CHECK_IN, FEVER, key=key).json() == first.json()
        assert tickets(clinic) == 1

    def test_the_order_of_the_members_does_not_matter(self, clinic: Counter) -> None:
        key = uuid4()
        first = clinic.ask(CHECK_IN, FEVER, key=key)

        assert clinic.ask(CHECK_IN, dict(reversed(FEVER.items())), key=key).json() == first.json()

    def test_a_key_in_quotes_is_the_same_key(self, clinic: Counter) -> None:
        key = uuid4()
        first = clinic.ask(CHECK_IN, FEVER, key=key)

        assert clinic.ask(CHECK_IN, FEVER, key=f'"{key}"').json() == first.json()

    def test_a_key_with_other_input_is_refused(self, clinic: Counter) -> None:
        key = uuid4()
        clinic.ask(CHECK_IN, FEVER, key=key)
        problem = clinic.refused(CHECK_IN, INJURY, key=key)

        assert (problem["type"], problem["status"]) == ("idempotency-key-reused", 422)
        assert tickets(clinic) == 1

    def test_a_key_with_another_service_is_refused(self, library: Counter) -> None:
        key, book = uuid4(), {"barcode": "30519000000011"}
        library.ask("library-loan", book, key=key)

        assert library.refused("library-return", book, key=key)["type"] == "idempotency-key-reused"

    def test_somebody_elses_key_gets_nothing_of_theirs(self, clinic: Counter) -> None:
        key = uuid4()
        first = clinic.ask(CHECK_IN, FEVER, key=key)
        second = clinic.ask(CHECK_IN, FEVER, key=key, sub="somebody else")

        assert first.json()["receipt"] != second.json()["receipt"]
        assert tickets(clinic) == 2

    @pytest.mark.parametrize("entered", [FEVER, INJURY])
    def test_an_assertion_serves_one_request(self, clinic: Counter, entered: dict[str, str]) -> None:
        proof = assertion(clinic)
        clinic.ask(CHECK_IN, FEVER, assertion=proof)
        response = clinic.ask(CHECK_IN, entered, assertion=proof)

        assert response.status_code == 401
        assert response.json()["type"].endswith("assertion-replayed")
        assert response.headers["www-authenticate"] == 'Bearer error="invalid_token"'
        assert tickets(clinic) == 1

    def test_a_refused_replay_leaves_nothing_behind(self, clinic: Counter) -> None:
        proof = assertion(clinic)
        clinic.ask(CHECK_IN, FEVER, assertion=proof)
        clinic.ask(CHECK_IN, INJURY, assertion=proof)

        with clinic.office.sessions() as session:
            assert session.scalar(select(func.count()).select_from(KeptAnswer)) == 1

    def test_input_that_was_refused_can_be_corrected_with_the_same_assertion(self, clinic: Counter) -> None:
        proof = assertion(clinic)
        clinic.ask(CHECK_IN, {**FEVER, "clinic": "nowhere"}, assertion=proof)

        assert clinic.ask(CHECK_IN, FEVER, assertion=proof).status_code == 200

    def test_answers_are_forgotten_in_the_end_but_not_before(self, clinic: Counter) -> None:
        key = uuid4()
        first = clinic.ask(CHECK_IN, FEVER, key=key)
        clinic.clock.forward(hours=23, minutes=59)
        clinic.office.forget()
        assert clinic.ask(CHECK_IN, FEVER, key=key).json() == first.json()
        clinic.clock.forward(minutes=2)
        clinic.office.forget()
        assert clinic.ask(CHECK_IN, FEVER, key=key).json() != first.json()

    def test_an_assertion_stays_spent_until_nobody_would_accept_it(self, clinic: Counter) -> None:
        proof = assertion(clinic)
        clinic.ask(CHECK_IN, FEVER, assertion=proof)
        clinic.clock.forward(minutes=4, seconds=59)
        clinic.office.forget()
        assert clinic.refused(CHECK_IN, FEVER, assertion=proof)["type"] == "assertion-replayed"
        clinic.clock.forward(minutes=6)
        clinic.office.forget()
        with clinic.office.sessions() as session:
            assert session.scalar(select(func.count()).select_from(SpentAssertion)) == 0


@ON_ONE_DATABASE
class TestAssertions:
    @pytest.mark.parametrize(
        ("changed", "reason"),
        [
            ({"aud": "urn:citizen-card:department:education"}, "wrong-audience"),
            ({"aud": ["urn:citizen-card:department:medical-insurance"]}, "malformed"),
            ({"iss": "https://other.test"}, "wrong-issuer"),
            ({"service": "balance"}, "wrong-service"),
            ({"sub": 7}, "malformed"),
            ({"acr": "gold"}, "malformed"),
        ],
    )
    def test_one_made_for_something_else_is_refused(
        self, clinic: Counter, changed: dict[str, Any], reason: str
    ) -> None:
        problem = clinic.refused(CHECK_IN, FEVER, **changed)

        assert (problem["type"], problem["status"]) == ("assertion-not-accepted", 401)
        assert problem["reason"] == reason
        assert tickets(clinic) == 0

    def test_an_expired_one_is_refused(self, clinic: Counter) -> None:
        proof = assertion(clinic)
        clinic.clock.forward(minutes=5)
        problem = clinic.refused(CHECK_IN, FEVER, assertion=proof)

        assert (problem["type"], problem["reason"]) == ("assertion-not-accepted", "expired")

    def test_one_of_a_signer_we_do_not_trust_is_refused(self, clinic: Counter) -> None:
        claims = _claims(assertion(clinic))
        forged = clinic.service.signed(claims, key=ECKey.generate_key("P-256"))
        problem = clinic.refused(CHECK_IN, FEVER, assertion=forged)

        assert problem["reason"] == "signature-invalid"
        assert set(problem["message"]) == {"en", "zh-Hans", "pt"}

    def test_another_token_of_the_card_service_is_no_assertion(self, clinic: Counter) -> None:
        access_token = clinic.service.signed(_claims(assertion(clinic)), typ="at+jwt")

        assert clinic.refused(CHECK_IN, FEVER, assertion=access_token)["reason"] == "malformed"

    @pytest.mark.parametrize("nonsense", ["", "x", "a.b.c", "é" * 20, "a" * 20_000])
    def test_nonsense_is_refused(self, clinic: Counter, nonsense: str) -> None:
        assert clinic.refused(CHECK_IN, FEVER, assertion=nonsense)["status"] == 401

    def test_a_higher_level_than_needed_is_fine(self, clinic: Counter) -> None:
        assert clinic.ask(CHECK_IN, FEVER, acr="pin").status_code == 200

    def test_attributes_that_nobody_asked_for_are_not_looked_at(self, clinic: Counter) -> None:
        assert clinic.ask(CHECK_IN, FEVER, attributes={"name": "李伟"}).status_code == 200


@ON_ONE_DATABASE
class TestAskingTheCardService:
    def test_it_is_asked_where_the_service_wants_that(self, clinic: Counter) -> None:
        proof = clinic.service.assertion(clinic.department, "balance", acr="pin")

        assert clinic.ask("balance", {}, assertion=proof).status_code == 200
        assert clinic.service.asked == [proof]

    def test_it_is_not_asked_elsewhere_nor_about_what_is_refused_here(self, clinic: Counter) -> None:
        clinic.service.answer = AssertionError("asked")

        assert clinic.ask(CHECK_IN, FEVER).status_code == 200
        assert clinic.ask("balance", {}, acr="tap").status_code == 401
        assert clinic.service.asked == []

    def test_a_card_that_was_revoked_a_moment_ago_is_refused(self, clinic: Counter) -> None:
        clinic.service.answer = ServiceProblem(_problem("assertion-refused", 422, fault="card-not-active"))
        problem = clinic.refused("balance", {}, acr="pin")

        assert (problem["type"], problem["status"]) == ("card-not-accepted", 401)
        assert "service counter" in problem["message"]["en"]
        with clinic.office.sessions() as session:
            assert session.scalars(select(Account.id)).all() == []

    def test_an_assertion_that_it_never_made_is_refused(self, clinic: Counter) -> None:
        clinic.service.answer = ServiceProblem(_problem("assertion-refused", 422, fault="not-issued"))

        assert clinic.refused("balance", {}, acr="pin")["type"] == "assertion-not-accepted"

    @pytest.mark.parametrize(
        "answer",
        [ServiceUnreachable("no connection"), ServiceProblem(_problem("invalid-client", 401))],
        ids=["unreachable", "does not know us"],
    )
    def test_without_its_word_the_service_is_closed(self, clinic: Counter, answer: Exception) -> None:
        clinic.service.answer = answer
        problem = clinic.refused("balance", {}, acr="pin")

        assert (problem["type"], problem["status"]) == ("verification-unavailable", 503)


@ON_ONE_DATABASE
class TestRequests:
    @pytest.mark.parametrize(
        "body",
        [b"", b"{", b"[]", b'"x"', b'{"assertion": 7}', b'{"input": {}}', b'{"assertion": "x", "input": []}', b"\xff",
         b'{"assertion": "x", "input": {}, "more": 1}', b"[" * 30_000],
    )  # fmt: skip
    def test_what_is_no_service_request_is_refused(self, clinic: Counter, body: bytes) -> None:
        problem = post(clinic, body)

        assert problem["status"] == 400
        assert problem["type"].endswith("malformed-request")

    def test_numbers_that_json_does_not_have_are_refused(self, clinic: Counter) -> None:
        body = json.dumps({"assertion": assertion(clinic), "input": {**FEVER, "clinic": float("nan")}}).encode()

        assert post(clinic, body)["status"] in {400, 422}

    def test_a_body_without_end_is_cut_off(self, clinic: Counter) -> None:
        problem = post(clinic, {"assertion": "x", "input": {"a": "a" * 100_000}})

        assert problem["status"] == 413
        assert problem["type"].endswith("request-too-large")

    def test_a_body_whose_length_nobody_told_is_cut_off_too(self, clinic: Counter) -> None:
        parts = (b" " * 10_000 for _ in range(100))
        response = clinic.http.post(f"/services/{CHECK_IN}", content=parts, headers={"Connection": "close"})

        assert response.status_code == 413

    def test_a_body_in_parts_is_put_together(self, clinic: Counter) -> None:
        body = json.dumps({"assertion": assertion(clinic), "input": FEVER}).encode()
        headers = {"Idempotency-Key": str(uuid4()), "Content-Type": "application/json"}
        parts = (body[place : place + 100] for place in range(0, len(body), 100))

        assert clinic.http.post(f"/services/{CHECK_IN}", content=parts, headers=headers).status_code == 200

    @pytest.mark.parametrize("key", [None, "", "short", "k" * 65, "with space in it", "pseudonym;drop-table"])
    def test_a_key_is_needed_and_must_be_one(self, clinic: Counter, key: str | None) -> None:
        headers = {} if key is None else {"Idempotency-Key": key}
        body = {"assertion": assertion(clinic), "input": FEVER}
        response = clinic.http.post(f"/services/{CHECK_IN}", json=body, headers=headers)

        assert response.status_code == 400
        assert response.json()["type"].endswith("idempotency-key-missing")
        assert tickets(clinic) == 0

    def test_an_unknown_service_is_refused(self, clinic: Counter) -> None:
        assert clinic.refused("surgery", {})["type"] == "unknown-service"

    def test_the_places_of_errors_are_named_and_nothing_is_quoted(self, clinic: Counter) -> None:
        problem = clinic.refused(CHECK_IN, {"clinic": "my secret clinic"})

        assert problem["errors"] == [{"pointer": "", "rule": "required"}, {"pointer": "/clinic", "rule": "enum"}]
        assert "secret" not in str(problem)


@ON_ONE_DATABASE
def test_a_failure_has_a_sentence_for_the_citizen(clinic: Counter, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kiosk.departments.medical_insurance.clinics._write_ticket", lambda *_: 1 / 0)
    with capture_logs() as logged:
        problem = clinic.refused(CHECK_IN, FEVER)

    assert (problem["type"], problem["status"]) == ("department-failed", 500)
    assert set(problem["message"]) == {"en", "zh-Hans", "pt"}
    assert [(each["event"], each["service"]) for each in logged] == [("service failed", CHECK_IN)]
    assert "division" not in str(problem)


def _claims(jws: str) -> dict[str, Any]:
    payload = jws.split(".")[1]
    claims: dict[str, Any] = json.loads(urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    return claims
