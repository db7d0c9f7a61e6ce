"""Refused attempts leave a record, also those that never came as far as a route's own code."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import httpx
import pytest

from cardsvc.api.uploads import MAX_BODY
from cardsvc.audit.models import AuditRecord
from cardsvc.callers.models import CallerKind
from cardsvc.client import ServiceProblem
from cardsvc.wire.levels import Level
from readers.piv.identifiers import KeyReference
from tests.fixtures.proofs import WEI, City


def send(city: City, method: str, path: str, **content: Any) -> httpx.Response:
    token = city.client("ana").access_token()
    return city.http().request(method, path, headers={"Authorization": f"Bearer {token}"}, **content)


@pytest.fixture
def city(sqlite_city: City) -> City:
    sqlite_city.caller("ana", CallerKind.OFFICER)
    return sqlite_city


def only_record(city: City) -> AuditRecord:
    (record,) = city.audit("request")
    return record


def test_a_body_that_says_it_is_too_large(city: City) -> None:
    response = send(city, "POST", "/v1/applications", content=b"x" * (MAX_BODY + 1))
    assert response.status_code == 413
    record = only_record(city)
    assert (record.outcome, record.actor) == ("request-too-large", "ana")
    assert record.detail == {"operation": "createApplication"}


def test_a_photograph_of_fifty_megabytes(city: City) -> None:
    token = city.client("ana").access_token()
    headers = {"Authorization": f"Bearer {token}", "Content-Length": "50000000"}
    response = city.http().put(f"/v1/people/{uuid4()}/photo", headers=headers, content=b"")
    assert (response.status_code, only_record(city).outcome) == (413, "request-too-large")


def test_a_name_of_ten_thousand_characters(city: City) -> None:
    person = WEI.model_dump(mode="json") | {"name": "王" * 10_000}
    response = send(city, "POST", "/v1/applications", json={"person": person})
    assert (response.status_code, response.json()["type"]) == (422, "urn:citizen-card:problem:invalid-request")
    record = only_record(city)
    assert (record.outcome, record.detail) == ("invalid-request", {"operation": "createApplication"})


@pytest.mark.parametrize(("method", "path"), [("POST", "/v1/nowhere"), ("DELETE", "/v1/stock")])
def test_what_is_no_route_is_not_named_as_the_caller_wrote_it(city: City, method: str, path: str) -> None:
    assert send(city, method, path).status_code in {404, 405}
    assert "nowhere" not in str(only_record(city).detail)


def test_a_path_that_names_nothing_we_know(city: City) -> None:
    card, application = uuid4(), uuid4()
    send(city, "POST", f"/v1/cards/{card}/deliver")
    send(city, "POST", f"/v1/applications/{application}/submit")
    send(city, "POST", "/v1/cards/wang-xiao-ming/deliver")
    first, second, third = city.audit("request")
    assert first.detail == {"operation": "deliverCard", "card_uuid": str(card)}
    assert second.detail == {"operation": "submitApplication", "application_id": str(application)}
    assert third.detail == {"operation": "deliverCard"}
    assert {record.citizen_id for record in (first, second, third)} == {None}


def test_what_its_domain_wrote_down_is_not_written_twice(city: City) -> None:
    kiosk, card = city.caller("kiosk-1"), city.card()
    (challenge,) = kiosk.challenges(Level.TAP)
    signature = card.sign(KeyReference.CARD_AUTHENTICATION, bytes(32))
    with pytest.raises(ServiceProblem, match="signature-invalid"):
        kiosk.authenticate(card.prove(challenge, signature=signature))
    assert [record.outcome for record in city.audit("authentication")] == ["signature-invalid"]
    assert city.audit("request") == []


def test_a_stranger_and_a_reader_leave_nothing(city: City) -> None:
    assert city.http().post("/v1/applications", content=b"x" * (MAX_BODY + 1)).status_code == 413
    assert city.http().post("/v1/applications", content=b"{").status_code in {401, 422}
    assert send(city, "GET", f"/v1/cards/{uuid4()}").status_code == 404
    assert city.audit("request") == []
