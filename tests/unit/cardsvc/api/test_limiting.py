"""Rate limits over HTTP: what every answer says of them, and who pays for whom."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import httpx
import pytest
from joserfc.jwk import ECKey
from starlette.requests import HTTPConnection

from cardsvc.api.addresses import address_of
from cardsvc.callers.models import CallerKind
from cardsvc.client import ServiceClient, ServiceProblem
from cardsvc.services import Services
from cardsvc.wire.levels import Level
from tests.fixtures.proofs import BASE_URL, City

LIMITED = "authentication=3/60 read=2/60 write=2/60 bulk=1/60 token=2/60 stranger=2/60"


@dataclass
class Stopwatch:
    now: float = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def watch() -> Stopwatch:
    return Stopwatch()


@pytest.fixture
def strict_city(sqlite_services: Services, make_city: Callable[[Services], City], watch: Stopwatch) -> City:
    settings = sqlite_services.settings.model_copy(update={"rate_limits": LIMITED})
    return make_city(replace(sqlite_services, settings=settings, seconds=watch))


def call(
    city: City, client: ServiceClient, method: str, path: str, *, media_type: str | None = None, **content: Any
) -> httpx.Response:
    headers = {"Authorization": f"Bearer {client.access_token()}"}
    if media_type is not None:
        headers["Content-Type"] = media_type
    return city.http().request(method, path, headers=headers, **content)


def challenge(city: City, client: ServiceClient) -> httpx.Response:
    return call(city, client, "POST", "/v1/challenges", json={"level": "tap"})


def test_every_answer_says_how_many_turns_are_left(strict_city: City) -> None:
    kiosk = strict_city.caller("kiosk-1")

    answers = [challenge(strict_city, kiosk) for _ in range(3)]

    assert [answer.status_code for answer in answers] == [200, 200, 200]
    # draft-ietf-httpapi-ratelimit-headers-10 §3 and §4
    assert {answer.headers["RateLimit-Policy"] for answer in answers} == {'"authentication";q=3;w=60'}
    assert [answer.headers["RateLimit"] for answer in answers] == [
        '"authentication";r=2;t=20',
        '"authentication";r=1;t=40',
        '"authentication";r=0;t=60',
    ]


def test_whoever_asks_too_often_is_told_when_to_ask_again(strict_city: City, watch: Stopwatch) -> None:
    kiosk = strict_city.caller("kiosk-1")
    for _ in range(3):
        challenge(strict_city, kiosk)

    refused = challenge(strict_city, kiosk)

    assert (refused.status_code, refused.headers["Retry-After"]) == (429, "20")
    assert refused.headers["RateLimit"] == '"authentication";r=0;t=60'
    said = refused.json()
    assert (said["type"], said["retry_after"]) == ("urn:citizen-card:problem:too-many-requests", 20)
    assert said["violated-policies"] == ["authentication"]
    watch.now += 20
    assert challenge(strict_city, kiosk).status_code == 200


def test_a_refusal_by_the_limit_leaves_no_record(strict_city: City) -> None:
    kiosk = strict_city.caller("kiosk-1")
    answers = [call(strict_city, kiosk, "POST", "/v1/key") for _ in range(4)]
    assert [answer.status_code for answer in answers] == [422, 422, 429, 429]
    assert [entry.outcome for entry in strict_city.audit("request")] == ["invalid-request"] * 2


def test_callers_do_not_pay_for_each_other(strict_city: City) -> None:
    one, other = strict_city.caller("kiosk-1"), strict_city.caller("kiosk-2")
    statuses = [challenge(strict_city, one).status_code for _ in range(4)]
    assert (statuses, challenge(strict_city, other).status_code) == ([200, 200, 200, 429], 200)


def test_kinds_of_traffic_do_not_pay_for_each_other(strict_city: City) -> None:
    officer = strict_city.caller("ana", CallerKind.OFFICER)
    statuses = [call(strict_city, officer, "GET", "/v1/officers").status_code for _ in range(3)]
    assert statuses == [200, 200, 429]
    assert call(strict_city, officer, "GET", "/v1/nowhere").status_code == 404
    search = call(strict_city, officer, "POST", "/v1/people/search", json={"purpose": "application", "name": "x"})
    assert search.headers["RateLimit-Policy"] == '"bulk";q=1;w=60'
    assert call(strict_city, officer, "POST", "/v1/offices").headers["RateLimit-Policy"] == '"write";q=2;w=60'


def test_a_relay_is_refused_too(strict_city: City) -> None:
    headers = {"Authorization": f"Bearer {strict_city.caller('desk-1', CallerKind.DESK).access_token()}"}
    path = "/v1/cards/018f0000-0000-7000-8000-000000000000/relay"
    statuses = [strict_city.transport.open_websocket(path, headers).status_code for _ in range(3)]
    assert statuses == [101, 101, 429]


def test_what_is_open_is_not_counted(strict_city: City) -> None:
    answers = [strict_city.http().get("/.well-known/jwks.json") for _ in range(10)]
    assert {(answer.status_code, "RateLimit" in answer.headers) for answer in answers} == {(200, False)}


def token(city: City, client: ServiceClient, address: str | None = None) -> httpx.Response:
    form = {
        "grant_type": "client_credentials",
        "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
        "client_assertion": client._credentials._assertion(),
    }
    headers = {} if address is None else {"X-Forwarded-For": address}
    return city.http().post("/oauth/token", data=form, headers=headers)


def test_strangers_are_limited_by_address(strict_city: City, watch: Stopwatch) -> None:
    strict_city.caller("kiosk-1")
    stranger = strict_city.client("kiosk-1", ECKey.generate_key("P-256"))

    assert [token(strict_city, stranger).status_code for _ in range(3)] == [401, 401, 429]

    refused = token(strict_city, stranger)
    assert (refused.headers["Retry-After"], refused.headers["RateLimit-Policy"]) == ("30", '"stranger";q=2;w=60')
    assert (refused.json()["error"], refused.json()["problem"]) == ("temporarily_unavailable", "too-many-requests")
    watch.now += 30
    assert token(strict_city, stranger).status_code == 401


def test_what_is_no_token_request_counts_for_the_address_too(strict_city: City) -> None:
    assert [strict_city.http().post("/oauth/token", json={}).status_code for _ in range(3)] == [400, 400, 429]


def test_known_clients_behind_one_address_do_not_pay_for_each_other(strict_city: City) -> None:
    clients = [strict_city.caller(f"kiosk-{number}") for number in range(5)]
    answers = [token(strict_city, client) for client in clients]
    assert [answer.status_code for answer in answers] == [200] * 5
    assert {answer.headers["RateLimit"] for answer in answers} == {'"token";r=1;t=30'}


def test_a_client_that_asks_for_too_many_tokens_may_send_the_same_request_again(
    strict_city: City, watch: Stopwatch
) -> None:
    kiosk = strict_city.caller("kiosk-1")
    assert [token(strict_city, kiosk).status_code for _ in range(2)] == [200, 200]
    form = {
        "grant_type": "client_credentials",
        "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
        "client_assertion": kiosk._credentials._assertion(),
    }
    assert strict_city.http().post("/oauth/token", data=form).status_code == 429
    watch.now += 30
    assert strict_city.http().post("/oauth/token", data=form).status_code == 200


def test_our_client_waits_as_it_is_told(strict_city: City, watch: Stopwatch) -> None:
    strict_city.caller("kiosk-1")
    slept: list[float] = []

    def sleep(seconds: float) -> None:
        slept.append(seconds)
        watch.now += seconds

    key = strict_city.keys["kiosk-1"]
    options: dict[str, Any] = {"clock": strict_city.clock, "transport": strict_city.transport, "sleep": sleep}
    kiosk = ServiceClient(BASE_URL, "kiosk-1", key, patience=60, **options)
    assert [len(kiosk.challenges(Level.TAP)) for _ in range(5)] == [1] * 5
    assert slept == [20, 20]

    hasty = ServiceClient(BASE_URL, "kiosk-1", key, patience=10, **options)
    with pytest.raises(ServiceProblem) as caught:
        hasty.challenges(Level.TAP)
    assert (caught.value.problem.code, caught.value.problem.data["retry_after"]) == ("too-many-requests", 20)
    assert slept == [20, 20]


class _App:
    def __init__(self, services: Services) -> None:
        self.state = type("State", (), {"services": services})()


@pytest.mark.parametrize(
    ("proxies", "peer", "forwarded", "expected"),
    [
        ("", "192.0.2.7", [], "192.0.2.7"),
        ("", "192.0.2.7", ["198.51.100.1"], "192.0.2.7"),  # anybody can write that
        ("192.0.2.7", "192.0.2.7", ["198.51.100.1"], "198.51.100.1"),
        ("192.0.2.7", "192.0.2.7", ["203.0.113.9, 198.51.100.1"], "198.51.100.1"),  # the first is the client's own word
        ("192.0.2.0/24", "192.0.2.7", ["203.0.113.9, 192.0.2.8"], "203.0.113.9"),
        ("192.0.2.0/24", "192.0.2.7", ["203.0.113.9", "192.0.2.8"], "203.0.113.9"),  # two lines are one list
        ("192.0.2.7", "192.0.2.7", ["nonsense"], "unknown"),
        ("192.0.2.7", "192.0.2.7", [], "192.0.2.7"),
        ("", "2001:db8:1:2:3:4:5:6", [], "2001:db8:1:2::/64"),
        ("192.0.2.7", "::ffff:192.0.2.7", ["::ffff:198.51.100.1"], "198.51.100.1"),
        ("", "", [], "unknown"),
    ],
)
def test_where_a_request_comes_from(
    sqlite_services: Services, proxies: str, peer: str, forwarded: list[str], expected: str
) -> None:
    settings = type(sqlite_services.settings)(
        **{**sqlite_services.settings.model_dump(exclude={"trusted_proxies"}), "trusted_proxies": proxies}
    )
    scope = {
        "type": "http",
        "client": (peer, 1) if peer else None,
        "headers": [(b"x-forwarded-for", line.encode()) for line in forwarded],
        "app": _App(replace(sqlite_services, settings=settings)),
    }
    assert address_of(HTTPConnection(scope)) == expected


def test_the_policy_is_a_structured_field(strict_city: City) -> None:
    answer = challenge(strict_city, strict_city.caller("kiosk-1"))
    assert re.fullmatch(r'"[a-z]+";q=[0-9]+;w=[0-9]+', answer.headers["RateLimit-Policy"])


@pytest.mark.parametrize(
    ("method", "path", "content"),
    [
        ("POST", "/v1/nowhere", b""),
        ("DELETE", "/v1/challenges", b""),
        ("POST", "/v1/challenges", b"{"),
        ("POST", "/v1/challenges", b" " * 70_000),
        ("POST", "/v1/authentications", b" " * 70_000),
    ],
)
def test_what_is_refused_before_it_comes_to_a_route_fills_no_audit_log(
    strict_city: City, method: str, path: str, content: bytes
) -> None:
    kiosk = strict_city.caller("kiosk-1")
    for _ in range(6):
        answer = call(strict_city, kiosk, method, path, content=content, media_type="application/json")
        assert answer.status_code in {404, 405, 413, 422}
    assert 1 <= len(strict_city.audit("request")) <= 3
