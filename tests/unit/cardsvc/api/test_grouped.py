"""Grouped routes answer as FastAPI would have them answer, whatever is sent to them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from fastapi import APIRouter, FastAPI

from cardsvc.api import authentications, problems
from cardsvc.api.grouped import GroupedRoute
from cardsvc.api.requests import RequestFrame
from cardsvc.api.uploads import MAX_BODY
from cardsvc.app import create_app
from cardsvc.callers.models import CallerKind
from cardsvc.wire.levels import Level
from tests.fixtures.asgi import AsgiTransport
from tests.fixtures.proofs import BASE_URL, City

PATHS = ("/v1/authentications", "/v1/card-authentications")


@pytest.fixture
def ordinary(sqlite_city: City) -> Iterator[httpx.Client]:
    """The same functions in routes of FastAPI's own."""
    router = APIRouter()
    for route in authentications.grouped.routes:
        assert isinstance(route, GroupedRoute)
        router.add_api_route(
            route.path, route.endpoint, methods=["POST"], status_code=route.status_code, operation_id=route.operation_id
        )
    app = FastAPI(openapi_url=None)
    app.add_middleware(RequestFrame)
    problems.install(app)
    app.include_router(router)
    app.state = create_app(sqlite_city.services).state
    with AsgiTransport(app) as transport, httpx.Client(base_url=BASE_URL, transport=transport) as client:
        yield client


def told(response: httpx.Response) -> tuple[int, Any, dict[str, str]]:
    """All but what is another each time."""
    headers = {name: value for name, value in response.headers.items() if name not in {"request-id", "content-length"}}
    body = response.json()
    return response.status_code, {name: body[name] for name in body if name != "instance"}, headers


def right(city: City) -> dict[str, dict[str, Any]]:
    """A body for each path that has all it needs; its challenge is spent already."""
    kiosk, card = city.caller("kiosk-1"), city.card()
    (challenge,) = kiosk.challenges(Level.TAP)
    kiosk.authenticate(card.prove(challenge))
    proof = json.loads(card.prove(challenge).model_dump_json())
    return dict(zip(PATHS, (proof, {"proof": proof, "service": "clinic-check-in"}), strict=True))


CONTENTS: tuple[bytes, ...] = (
    b"", b"{", b"[]", b"null", b"nonsense", b"\xff\xfe", b'"text"', b"{}", b'{"level": 1e308}',
    b'{"proof": {}, "service": "x"}', b'{"proof": [], "service": "UPPER"}', b'{"surprise": "Bond, James"}',
)  # fmt: skip


@pytest.mark.parametrize("content", CONTENTS)
@pytest.mark.parametrize("path", PATHS)
def test_malformed_bodies(sqlite_city: City, ordinary: httpx.Client, path: str, content: bytes) -> None:
    caller = sqlite_city.caller("kiosk-1") if path == PATHS[0] else sqlite_city.department()
    headers = {"Authorization": f"Bearer {caller.access_token()}", "Content-Type": "application/json"}

    ours, theirs = (client.post(path, content=content, headers=headers) for client in (sqlite_city.http(), ordinary))

    assert ours.status_code == 422
    assert "James" not in ours.text
    if is_json(content):
        assert told(ours) == told(theirs)
    else:
        assert [fault["reason"] for fault in ours.json()["errors"]] == ["json_invalid"]


def is_json(content: bytes) -> bool:
    try:
        json.loads(content)
    except ValueError:
        return False
    return True


@pytest.mark.parametrize("changed", ["challenge_handle", "card_uuid", "level", "audience", "signature"])
def test_a_member_that_is_wrong_or_missing_is_named(sqlite_city: City, ordinary: httpx.Client, changed: str) -> None:
    proof = right(sqlite_city)[PATHS[0]]
    headers = {"Authorization": f"Bearer {sqlite_city.client('kiosk-1').access_token()}"}
    without = {name: value for name, value in proof.items() if name != changed}
    for body in (without, without | {changed: 17}, without | {changed: "!"}):
        ours, theirs = (client.post(PATHS[0], json=body, headers=headers) for client in (sqlite_city.http(), ordinary))
        if changed == "audience" and body.get(changed) == "!":
            assert ours.status_code == theirs.status_code == 409  # any text is an audience; the challenge is spent
        else:
            assert ours.json()["errors"][0]["pointer"] == f"/{changed}"
        assert told(ours) == told(theirs)


@pytest.mark.parametrize("media_type", ["text/plain", "application/x-www-form-urlencoded", ""])
def test_what_does_not_say_that_it_is_json_is_none(sqlite_city: City, ordinary: httpx.Client, media_type: str) -> None:
    body = json.dumps(right(sqlite_city)[PATHS[0]]).encode()
    token = sqlite_city.client("kiosk-1").access_token()
    headers = {"Authorization": f"Bearer {token}"} | ({"Content-Type": media_type} if media_type else {})

    ours, theirs = (client.post(PATHS[0], content=body, headers=headers) for client in (sqlite_city.http(), ordinary))

    assert ours.status_code == 422
    assert told(ours) == told(theirs)


@pytest.mark.parametrize("media_type", ["application/json; charset=utf-8", "Application/JSON"])
def test_json_by_other_spellings(sqlite_city: City, media_type: str) -> None:
    body = json.dumps(right(sqlite_city)[PATHS[0]]).encode()
    token = sqlite_city.client("kiosk-1").access_token()
    headers = {"Authorization": f"Bearer {token}", "Content-Type": media_type}

    assert sqlite_city.http().post(PATHS[0], content=body, headers=headers).status_code == 409


@pytest.mark.parametrize("path", PATHS)
def test_who_may_not_call_it_hears_nothing_about_the_body(sqlite_city: City, path: str) -> None:
    officer = sqlite_city.caller("ana", CallerKind.OFFICER)
    headers = {"Authorization": f"Bearer {officer.access_token()}"}

    for body in (b"{", json.dumps(right(sqlite_city)[path]).encode()):
        answers = [sqlite_city.http().post(path, content=body, headers=each) for each in ({}, headers)]
        assert [answer.status_code for answer in answers] == [401, 403]
    assert {entry.outcome for entry in sqlite_city.audit("request") if entry.actor == "ana"} == {"insufficient-scope"}


def test_a_body_that_comes_in_parts(sqlite_city: City) -> None:
    kiosk, card = sqlite_city.caller("kiosk-1"), sqlite_city.card()
    (challenge,) = kiosk.challenges(Level.TAP)
    body = card.prove(challenge).model_dump_json().encode()
    headers = {"Authorization": f"Bearer {kiosk.access_token()}", "Content-Type": "application/json"}

    parts = iter([body[:100], body[100:]])
    assert sqlite_city.http().post(PATHS[0], content=parts, headers=headers).status_code == 201


def test_a_body_that_is_too_large_is_cut_off(sqlite_city: City) -> None:
    kiosk = sqlite_city.caller("kiosk-1")
    headers = {"Authorization": f"Bearer {kiosk.access_token()}", "Content-Type": "application/json"}

    answer = sqlite_city.http().post(PATHS[0], content=iter([b" " * MAX_BODY, b" "]), headers=headers)

    assert (answer.status_code, answer.json()["type"]) == (413, "urn:citizen-card:problem:request-too-large")


def test_other_methods(sqlite_city: City) -> None:
    answer = sqlite_city.http().put(PATHS[0])
    assert (answer.status_code, answer.headers["Allow"]) == (405, "POST")


def test_a_right_request_is_answered_alike(sqlite_city: City, ordinary: httpx.Client) -> None:
    kiosk, card = sqlite_city.caller("kiosk-1"), sqlite_city.card()
    headers = {"Authorization": f"Bearer {kiosk.access_token()}", "Content-Type": "application/json"}

    answers = [
        client.post(PATHS[0], content=card.prove(challenge).model_dump_json(), headers=headers)
        for client, challenge in zip((sqlite_city.http(), ordinary), kiosk.challenges(Level.TAP, 2), strict=True)
    ]

    (status, body, headers_of_ours), (their_status, their_body, their_headers) = map(told, answers)
    assert (status, headers_of_ours) == (their_status, their_headers) == (201, their_headers)
    assert body.keys() == their_body.keys()
    assert {name: type(value) for name, value in body.items()} == {name: type(v) for name, v in their_body.items()}


@pytest.mark.parametrize("path", [*PATHS, "/v1/challenges"])
def test_whoever_hangs_up_in_the_middle_is_no_fault_of_ours(sqlite_city: City, path: str) -> None:
    async def hang_up() -> dict[str, str]:
        return {"type": "http.disconnect"}

    headers = {"Authorization": f"Bearer {sqlite_city.caller('kiosk-1').access_token()}"}
    request = httpx.Request("POST", BASE_URL + path)
    assert sqlite_city.transport.handle_unread(request, hang_up, headers) == 422
