"""Asking departments: the same key each time, and nothing strange believed."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

import httpx
import pytest

from cardsvc.wire.manifest import ServiceRequest
from cardsvc.wire.problems import PROBLEM_MEDIA_TYPE
from kiosk.department_client import (
    DepartmentClient,
    DepartmentConfused,
    DepartmentRefused,
    DepartmentUnreachable,
)
from tests.fixtures.offers import CLINIC, CLINIC_URL, outcome

KEY = UUID("c0000000-0000-4000-8000-000000000003")
REQUEST = ServiceRequest(assertion="aaa.bbb.ccc", input={"complaint": "fever"})
PROBLEM = {"type": "urn:citizen-card:problem:item-on-loan", "title": "On loan", "status": 409, "message": {"en": "x"}}

Handler = Callable[[httpx.Request], httpx.Response]


def ask(handler: Handler) -> object:
    return DepartmentClient(httpx.MockTransport(handler)).ask(CLINIC_URL, "check-in", REQUEST, KEY)


def json(body: str, status: int = 200) -> httpx.Response:
    return httpx.Response(status, headers={"Content-Type": "application/json"}, content=body)


def test_a_manifest_is_fetched_from_its_well_known_place() -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        assert str(request.url) == f"{CLINIC_URL}/.well-known/citizen-services.json"
        return json(CLINIC.model_dump_json())

    assert DepartmentClient(httpx.MockTransport(answer)).manifest(CLINIC_URL + "/") == CLINIC


def test_a_request_carries_assertion_input_and_key() -> None:
    seen: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return json(outcome().model_dump_json())

    assert ask(answer) == outcome()
    assert str(seen[0].url) == f"{CLINIC_URL}/services/check-in"
    assert seen[0].headers["Idempotency-Key"] == str(KEY)
    assert ServiceRequest.model_validate_json(seen[0].content) == REQUEST


def test_what_the_network_swallows_is_sent_again_with_the_same_key_and_body() -> None:
    seen: list[tuple[str, bytes]] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append((request.headers["Idempotency-Key"], request.content))
        if len(seen) < 3:
            raise httpx.ReadTimeout("lost", request=request)
        return json(outcome().model_dump_json())

    assert ask(answer) == outcome()
    assert len(seen) == 3
    assert len(set(seen)) == 1


def test_it_gives_up_after_three_times() -> None:
    attempts = []

    def lost(request: httpx.Request) -> httpx.Response:
        attempts.append(1)
        raise httpx.ConnectError("away", request=request)

    with pytest.raises(DepartmentUnreachable):
        ask(lost)
    assert len(attempts) == 3


def test_a_problem_is_carried_and_not_asked_again() -> None:
    with pytest.raises(DepartmentRefused) as refused:
        ask(lambda _: httpx.Response(409, headers={"Content-Type": PROBLEM_MEDIA_TYPE}, json=PROBLEM))
    assert refused.value.problem.code == "item-on-loan"


@pytest.mark.parametrize(
    "response",
    [
        httpx.Response(302, headers={"Location": "http://elsewhere.test"}),
        httpx.Response(200, text="<html>"),
        json("{}"),
        json("[]"),
        json('{"receipt": "somebody@example.org"}'),
        json(outcome().model_dump_json(), status=500),
        httpx.Response(500, headers={"Content-Type": PROBLEM_MEDIA_TYPE}, content=b"{"),
        json(" " * 600_000),
    ],
)
def test_nonsense_is_refused_without_quoting_it(response: httpx.Response) -> None:
    with pytest.raises(DepartmentConfused) as confused:
        ask(lambda _: response)
    assert "somebody" not in repr(confused.value)
    assert confused.value.__cause__ is None
