"""Keys are fetched when they are needed, kept for a while, and not asked for more often than is polite."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from threading import Event
from typing import Any

import httpx
import pytest
from joserfc.jwk import ECKey

from cardsvc.client import FetchedJwks, ServiceUnreachable, StaticJwks
from tests.fixtures.services import StandingClock

FIRST, SECOND = ECKey.generate_key("P-256"), ECKey.generate_key("P-256")


def jwk(key: ECKey, **changed: Any) -> dict[str, Any]:
    return {**key.as_dict(private=False), "kid": key.thumbprint(), "use": "sig", "alg": "ES256"} | changed


@dataclass
class Publisher:
    """A service that publishes keys, and counts who asks."""

    keys: list[dict[str, Any]] = field(default_factory=lambda: [jwk(FIRST)])
    fails: Callable[[httpx.Request], httpx.Response] | None = None
    asked: int = 0

    def __call__(self, request: httpx.Request) -> httpx.Response:
        assert request.url.path == "/.well-known/jwks.json"
        self.asked += 1
        return self.fails(request) if self.fails else httpx.Response(200, json={"keys": self.keys})


def refuse(request: httpx.Request) -> httpx.Response:
    raise httpx.ConnectError("refused", request=request)


@pytest.fixture
def publisher() -> Publisher:
    return Publisher()


@pytest.fixture
def jwks(publisher: Publisher, clock: StandingClock) -> FetchedJwks:
    return FetchedJwks("https://cards.example/", clock=clock, transport=httpx.MockTransport(publisher))


def name(key: ECKey) -> str:
    return key.thumbprint()


def test_keys_are_fetched_once_and_kept(jwks: FetchedJwks, publisher: Publisher, clock: StandingClock) -> None:
    for _ in range(3):
        found = jwks.key(name(FIRST))
        assert found is not None
        assert found.thumbprint() == name(FIRST)
        clock.advance(seconds=60)

    assert publisher.asked == 1


def test_after_a_while_they_are_fetched_again(jwks: FetchedJwks, publisher: Publisher, clock: StandingClock) -> None:
    jwks.key(name(FIRST))
    publisher.keys = [jwk(SECOND)]
    clock.advance(minutes=5)

    assert jwks.key(name(FIRST)) is None
    assert publisher.asked == 2


def test_a_new_key_is_found_at_once(jwks: FetchedJwks, publisher: Publisher, clock: StandingClock) -> None:
    jwks.key(name(FIRST))
    publisher.keys.append(jwk(SECOND))
    clock.advance(seconds=10)

    assert jwks.key(name(SECOND)) is not None


def test_made_up_names_do_not_have_us_ask_all_day(jwks: FetchedJwks, publisher: Publisher) -> None:
    for number in range(100):
        assert jwks.key(f"made-up-{number}") is None

    assert publisher.asked == 1


@pytest.mark.parametrize(
    "failure",
    [
        refuse,
        lambda _: httpx.Response(500),
        lambda _: httpx.Response(200, content=b"<html>"),
        lambda _: httpx.Response(200, json={"keys": []}),
        lambda _: httpx.Response(200, json=[]),
        lambda _: httpx.Response(200, json={"keys": None}),
    ],
)
def test_while_the_service_is_away_known_keys_stay_good(
    jwks: FetchedJwks,
    publisher: Publisher,
    clock: StandingClock,
    failure: Callable[[httpx.Request], httpx.Response],
) -> None:
    jwks.key(name(FIRST))
    publisher.fails = failure
    clock.advance(hours=11)
    assert jwks.key(name(FIRST)) is not None

    clock.advance(hours=1)
    with pytest.raises(ServiceUnreachable):
        jwks.key(name(FIRST))
    publisher.fails = None
    clock.advance(seconds=10)
    assert jwks.key(name(FIRST)) is not None


def test_while_one_asks_the_others_go_on(jwks: FetchedJwks, publisher: Publisher, clock: StandingClock) -> None:
    """Else anybody with a made-up name could stop a department whenever the service is slow."""
    jwks.key(name(FIRST))
    clock.advance(seconds=10)
    asked, answered = Event(), Event()

    def hang(_: httpx.Request) -> httpx.Response:
        asked.set()
        assert answered.wait(30)
        clock.advance(seconds=10)
        return httpx.Response(500)

    publisher.fails = hang
    with ThreadPoolExecutor() as threads:
        made_up = threads.submit(jwks.key, "made-up")
        assert asked.wait(30)
        clock.advance(minutes=5)
        assert jwks.key(name(FIRST)) is not None
        answered.set()
        assert made_up.result() is None
    assert jwks.key("made-up") is None
    assert publisher.asked == 2, "the pause begins after the wait"


def test_without_ever_having_had_the_keys_nothing_can_be_said(jwks: FetchedJwks, publisher: Publisher) -> None:
    publisher.fails = refuse

    with pytest.raises(ServiceUnreachable):
        jwks.key(name(FIRST))


@pytest.mark.parametrize(
    "other",
    [
        jwk(SECOND, use="enc"),
        jwk(SECOND, crv="P-384"),
        {"kty": "RSA", "n": "AQAB", "e": "AQAB", "kid": name(SECOND)},
        jwk(SECOND, x="AAAA"),
        "not even an object",
    ],
)
def test_keys_that_are_not_for_us_are_left_aside(other: Any) -> None:
    keys = StaticJwks({"keys": [other, jwk(FIRST)]})

    assert keys.key(name(SECOND)) is None
    assert keys.key(name(FIRST)) is not None
