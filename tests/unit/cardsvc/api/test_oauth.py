"""The token endpoint: who is believed, and how refusals look (RFC 6749 §5.2, RFC 7523, RFC 9068)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import httpx
import pytest
from joserfc.jwk import ECKey
from sqlalchemy import func, select

from cardsvc.callers.models import CallerKind, UsedClientAssertion
from cardsvc.callers.scopes import SCOPES_OF_KIND
from cardsvc.callers.service import disable_caller
from cardsvc.client import FetchedJwks, ServiceProblem
from cardsvc.db import reading, transaction
from cardsvc.wire import jose
from cardsvc.wire.authentication import CLIENT_ASSERTION_TYPE, GRANT_TOKEN_EXCHANGE, TOKEN_TYPE_VISIT
from cardsvc.wire.base import encode_base64url
from tests.fixtures.proofs import BASE_URL, City

Change = Callable[[dict[str, Any], float], None]


@pytest.fixture
def kiosk_city(sqlite_city: City) -> City:
    sqlite_city.caller("kiosk-1")
    return sqlite_city


def claims(city: City, **changed: Any) -> dict[str, Any]:
    now = int(city.clock().timestamp())
    every = {
        "iss": "kiosk-1",
        "sub": "kiosk-1",
        "aud": BASE_URL,
        "iat": now,
        "exp": now + 60,
        "jti": "0123456789abcdef",
    } | changed
    return {name: value for name, value in every.items() if value is not None}


def form(city: City, key: ECKey | None = None, typ: str = "JWT", **changed: Any) -> dict[str, str]:
    return {
        "grant_type": "client_credentials",
        "client_assertion_type": CLIENT_ASSERTION_TYPE,
        "client_assertion": jose.sign(claims(city, **changed), key or city.keys["kiosk-1"], typ=typ),
    }


def ask(city: City, parameters: Any) -> httpx.Response:
    return city.http().post("/oauth/token", data=parameters)


def error(response: httpx.Response) -> tuple[int, str]:
    assert response.headers["Content-Type"] == "application/json"
    assert response.headers["Cache-Control"] == "no-store"
    assert "access_token" not in response.json()
    return response.status_code, response.json()["error"]


def test_a_caller_gets_a_token_of_five_minutes_with_all_its_scopes(kiosk_city: City) -> None:
    response = ask(kiosk_city, form(kiosk_city))

    assert response.status_code == 200
    answer = response.json()
    assert (answer["token_type"], answer["expires_in"], answer["scope"]) == (
        "Bearer",
        300,
        "authenticate fleet:report revocations:read",
    )
    assert "issued_token_type" not in answer
    assert response.headers["Cache-Control"] == "no-store"


def test_the_token_is_as_rfc_9068_says_and_signed_with_a_published_key(kiosk_city: City) -> None:
    token = jose.parse(ask(kiosk_city, form(kiosk_city)).json()["access_token"])

    assert token.key_id is not None
    key = FetchedJwks(BASE_URL, clock=kiosk_city.clock, transport=kiosk_city.transport).key(token.key_id)
    assert key is not None
    said = token.verify(key, typ="at+jwt")
    now = int(kiosk_city.clock().timestamp())
    assert {name: said[name] for name in ("iss", "aud", "sub", "client_id", "iat", "exp", "scope")} == {
        "iss": BASE_URL,
        "aud": BASE_URL,
        "sub": "kiosk-1",
        "client_id": "kiosk-1",
        "iat": now,
        "exp": now + 300,
        "scope": "authenticate fleet:report revocations:read",
    }


@pytest.mark.parametrize("audience", [BASE_URL, f"{BASE_URL}/oauth/token"])
def test_the_assertion_may_name_the_issuer_or_the_endpoint(kiosk_city: City, audience: str) -> None:
    assert ask(kiosk_city, form(kiosk_city, aud=audience)).status_code == 200


def test_an_assertion_works_once(kiosk_city: City) -> None:
    again = form(kiosk_city)

    assert ask(kiosk_city, again).status_code == 200
    assert error(ask(kiosk_city, again)) == (401, "invalid_client")


def test_another_caller_may_use_the_same_jti(kiosk_city: City) -> None:
    kiosk_city.caller("kiosk-2")
    other = form(kiosk_city, kiosk_city.keys["kiosk-2"], iss="kiosk-2", sub="kiosk-2")

    assert ask(kiosk_city, form(kiosk_city)).status_code == 200
    assert ask(kiosk_city, other).status_code == 200


def test_used_assertions_are_forgotten_when_they_could_not_be_used_anyway(kiosk_city: City) -> None:
    ask(kiosk_city, form(kiosk_city))
    kiosk_city.clock.advance(minutes=10)
    ask(kiosk_city, form(kiosk_city, jti="another-jti-here"))

    with reading(kiosk_city.services.sessions) as session:
        assert session.scalar(select(func.count()).select_from(UsedClientAssertion)) == 1


NOW = 1772443800  # tests.fixtures.services.NOW in seconds
REFUSED: dict[str, dict[str, Any]] = {
    "unknown client": {"iss": "nobody", "sub": "nobody"},
    "no issuer": {"iss": None},
    "issuer is no text": {"iss": ["kiosk-1"]},
    "issuer with a zero byte": {"iss": "kiosk-1\0"},
    "a very long issuer": {"iss": "k" * 65},
    "another subject": {"sub": "kiosk-2"},
    "no subject": {"sub": None},
    "another audience": {"aud": "https://other.example"},
    "audience with a slash": {"aud": f"{BASE_URL}/"},
    "several audiences": {"aud": [BASE_URL, "https://other.example"]},
    "a list of audiences": {"aud": [BASE_URL]},
    "no audience": {"aud": None},
    "expired": {"iat": NOW - 60, "exp": NOW},
    "good for too long": {"exp": NOW + 331},
    "no end": {"exp": None},
    "end is a text": {"exp": str(NOW + 60)},
    "end is true": {"exp": True},
    "no beginning": {"iat": None},
    "from the future": {"iat": NOW + 31},
    "from long ago": {"iat": NOW - 331},
    "not yet": {"nbf": NOW + 31},
    "not yet, in words": {"nbf": "tomorrow"},
    "no jti": {"jti": None},
    "a short jti": {"jti": "1234567"},
    "a long jti": {"jti": "x" * 129},
    "a jti that is a number": {"jti": 12345678},
    "a jti with a zero byte": {"jti": "12345678\0"},
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_wrong_assertion_is_refused(kiosk_city: City, case: str) -> None:
    assert int(kiosk_city.clock().timestamp()) == NOW

    assert error(ask(kiosk_city, form(kiosk_city, **REFUSED[case]))) == (401, "invalid_client")


@pytest.mark.parametrize("changed", [{"exp": NOW + 330}, {"iat": NOW + 30}, {"iat": NOW - 330}, {"nbf": NOW + 30}])
def test_clocks_may_differ_a_little(kiosk_city: City, changed: dict[str, Any]) -> None:
    assert ask(kiosk_city, form(kiosk_city, **changed)).status_code == 200


def test_an_assertion_by_another_key_is_refused(kiosk_city: City) -> None:
    other = ECKey.generate_key("P-256")

    assert error(ask(kiosk_city, form(kiosk_city, other))) == (401, "invalid_client")


def test_an_assertion_of_another_type_is_refused(kiosk_city: City) -> None:
    assert error(ask(kiosk_city, form(kiosk_city, typ="at+jwt"))) == (401, "invalid_client")


def test_an_access_token_is_no_assertion(kiosk_city: City) -> None:
    token = kiosk_city.client("kiosk-1").access_token()

    assert error(ask(kiosk_city, form(kiosk_city) | {"client_assertion": token})) == (401, "invalid_client")


LONE_SURROGATE = ".".join(("eyJhbGciOiJFUzI1NiJ9", encode_base64url(rb'{"iss": "\ud800"}'), "AAAA"))


@pytest.mark.parametrize("assertion", ["garbage", "a.b.c", "eyJhbGciOiJub25lIn0.e30.", LONE_SURROGATE])
def test_garbage_is_refused(kiosk_city: City, assertion: str) -> None:
    assert error(ask(kiosk_city, form(kiosk_city) | {"client_assertion": assertion})) == (401, "invalid_client")


def test_a_disabled_caller_gets_nothing(kiosk_city: City) -> None:
    with transaction(kiosk_city.services.sessions) as session:
        disable_caller(session, "kiosk-1", actor="ceremony", now=kiosk_city.clock())

    assert error(ask(kiosk_city, form(kiosk_city))) == (401, "invalid_client")


def test_another_client_id_beside_the_assertion_is_refused(kiosk_city: City) -> None:
    assert error(ask(kiosk_city, form(kiosk_city) | {"client_id": "kiosk-2"})) == (401, "invalid_client")


def test_all_refusals_of_a_client_look_the_same(kiosk_city: City) -> None:
    answers = {ask(kiosk_city, form(kiosk_city, **changed)).text for changed in REFUSED.values()}

    assert len(answers) == 1


def test_fewer_scopes_may_be_asked_for(sqlite_city: City) -> None:
    sqlite_city.caller("kiosk-1", CallerKind.OFFICER)

    answer = ask(sqlite_city, form(sqlite_city) | {"scope": "cards:read audit:read"}).json()

    assert answer["scope"] == "audit:read cards:read"


@pytest.mark.parametrize("scope", ["verify", "authenticate verify", "nonsense"])
def test_more_scopes_may_not(kiosk_city: City, scope: str) -> None:
    assert error(ask(kiosk_city, form(kiosk_city) | {"scope": scope})) == (400, "invalid_scope")


def test_a_refused_scope_uses_the_assertion_up(kiosk_city: City) -> None:
    greedy = form(kiosk_city) | {"scope": "verify"}
    ask(kiosk_city, greedy)

    assert error(ask(kiosk_city, greedy)) == (401, "invalid_client")


@pytest.mark.parametrize("missing", ["grant_type", "client_assertion_type", "client_assertion"])
def test_a_missing_parameter_is_named(kiosk_city: City, missing: str) -> None:
    parameters = form(kiosk_city)
    del parameters[missing]

    response = ask(kiosk_city, parameters)

    assert error(response) == (400, "invalid_request")
    assert response.json()["parameter"] == missing


def test_a_parameter_must_not_come_twice(kiosk_city: City) -> None:
    twice = form(kiosk_city) | {"scope": ["authenticate", "authenticate"]}

    assert error(ask(kiosk_city, twice)) == (400, "invalid_request")


def test_the_parameters_come_as_a_form(kiosk_city: City) -> None:
    response = kiosk_city.http().post("/oauth/token", json=form(kiosk_city))

    assert error(response) == (400, "invalid_request")


def test_unknown_parameters_are_ignored(kiosk_city: City) -> None:
    assert ask(kiosk_city, form(kiosk_city) | {"colour": "blue"}).status_code == 200


def test_other_grants_are_not_known(kiosk_city: City) -> None:
    assert error(ask(kiosk_city, form(kiosk_city) | {"grant_type": "password"})) == (400, "unsupported_grant_type")


def test_other_ways_to_authenticate_are_not_known(kiosk_city: City) -> None:
    other = {"client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:saml2-bearer"}

    assert error(ask(kiosk_city, form(kiosk_city) | other)) == (400, "invalid_request")


EXCHANGE = {
    "grant_type": GRANT_TOKEN_EXCHANGE,
    "subject_token": "made-up",
    "subject_token_type": TOKEN_TYPE_VISIT,
    "audience": "urn:citizen-card:department:education",
    "service": "loan",
}


@pytest.mark.parametrize(
    "changed",
    [
        {"subject_token": ""},
        {"subject_token_type": "urn:ietf:params:oauth:token-type:access_token"},
        {"audience": ""},
        {"audience": "urn:citizen-card:department:education\0"},
        {"service": ""},
        {"service": "Not A Code"},
        {"attributes": "name; DROP TABLE"},
        {"attributes": " ".join(f"a{number}" for number in range(33))},
        {"requested_token_type": "urn:ietf:params:oauth:token-type:saml2"},
        {"actor_token": "x"},
        {"resource": "https://other.example"},
    ],
    ids=str,
)
def test_a_malformed_exchange_is_refused(kiosk_city: City, changed: dict[str, str]) -> None:
    response = ask(kiosk_city, form(kiosk_city) | EXCHANGE | changed)

    assert error(response) == (400, "invalid_request")
    assert kiosk_city.audit("assertion.issue") == []


def test_an_unknown_visit_is_an_invalid_grant(kiosk_city: City) -> None:
    response = ask(kiosk_city, form(kiosk_city) | EXCHANGE)

    assert error(response) == (400, "invalid_grant")
    assert response.json()["problem"] == "visit-unknown"


@pytest.mark.parametrize("kind", list(CallerKind))
def test_every_kind_gets_what_its_kind_may_hold(sqlite_city: City, kind: CallerKind) -> None:
    sqlite_city.caller("kiosk-1", kind)

    scope = ask(sqlite_city, form(sqlite_city)).json()["scope"]

    assert scope.split() == sorted(SCOPES_OF_KIND[kind])


def test_an_access_token_ends_after_its_time(kiosk_city: City) -> None:
    token = kiosk_city.client("kiosk-1").access_token()
    headers = {"Authorization": f"Bearer {token}"}
    body = {"level": "tap"}
    kiosk_city.clock.now += timedelta(seconds=299)
    assert kiosk_city.http().post("/v1/challenges", headers=headers, json=body).status_code == 200

    kiosk_city.clock.now += timedelta(seconds=1)

    assert kiosk_city.http().post("/v1/challenges", headers=headers, json=body).status_code == 401


def test_the_client_hears_of_refusals_as_problems(kiosk_city: City) -> None:
    with pytest.raises(ServiceProblem) as refused:
        kiosk_city.client("kiosk-1", ECKey.generate_key("P-256")).access_token()

    assert (refused.value.problem.code, refused.value.problem.status) == ("client-refused", 401)
