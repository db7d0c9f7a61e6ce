"""No route answers without the right token: every route of the application, with every kind of wrong one."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Annotated, Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1
from fastapi import APIRouter, FastAPI
from joserfc.jwk import ECKey
from jwt.algorithms import ECAlgorithm

from cardsvc.api.access import check_routes, require
from cardsvc.callers.models import CallerKind
from cardsvc.callers.principal import Principal
from cardsvc.callers.repository import find_by_client_id
from cardsvc.callers.service import disable_caller
from cardsvc.db import transaction
from cardsvc.trust.keystore import KeyName
from cardsvc.wire import jose
from cardsvc.wire.base import encode_base64url
from cardsvc.wire.levels import Level
from cardsvc.wire.scopes import Scope
from tests.fixtures.access import EVERYTHING, GUARDED, call, name_of, showing, token_for
from tests.fixtures.access_table import OPEN, ROWS
from tests.fixtures.proofs import BASE_URL, City


def forged(city: City, key: ECKey, typ: str, **changed: Any) -> str:
    now = int(city.clock().timestamp())
    claims = {"iss": BASE_URL, "aud": BASE_URL, "sub": "someone", "iat": now, "exp": now + 60, "jti": "1" * 16}
    own_key = {"client_key": city.keys["someone"].thumbprint()}
    return jose.sign(claims | {"scope": " ".join(Scope)} | own_key | changed, key, typ=typ)


def relabelled(city: City, **changed: Any) -> str:
    """Truly signed by the key of access tokens, with another header."""
    key = access_key(city)
    _, claims, _ = forged(city, key, "at+jwt").split(".")
    header = {"alg": "ES256", "kid": key.thumbprint(), "typ": "at+jwt"} | changed
    signed = f"{encode_base64url(json.dumps(header).encode())}.{claims}"
    private = city.services.keystore.signer(KeyName.ACCESS_TOKEN)
    signature = ECAlgorithm(ECAlgorithm.SHA256, SECP256R1).sign(signed.encode(), private)
    return f"{signed}.{encode_base64url(signature)}"


def assertion(city: City) -> str:
    """What a department gets: truly ours, and not to call this service with."""
    city.department()
    kiosk, card = city.caller("kiosk-1"), city.card()
    (challenge,) = kiosk.challenges(Level.TAP)
    visit = kiosk.authenticate(card.prove(challenge)).visit_token
    return kiosk.exchange(visit, "medical-insurance", "clinic-check-in", ["district"])


def assertion_key(city: City) -> ECKey:
    return ECKey.import_key(city.services.keystore.signer(KeyName.ASSERTION))


def access_key(city: City) -> ECKey:
    return ECKey.import_key(city.services.keystore.signer(KeyName.ACCESS_TOKEN))


SHOWN = "A4DtL2JmUMhAsvJj5tKyn64SqzmuXbMrJa0n761y5v0"
"""The example of RFC 8705 §3.1."""
WRONG: dict[str, Callable[[City], str | None]] = {
    "no token": lambda _: None,
    "garbage": lambda _: "garbage",
    "empty": lambda _: "",
    "unsigned": lambda _: "eyJhbGciOiJub25lIiwidHlwIjoiYXQrand0In0.eyJzdWIiOiJzb21lb25lIn0.",
    "expired": lambda city: token_for(city, "someone", EVERYTHING, now=city.clock() - timedelta(minutes=5)),
    "good for longer than we let one be": lambda city: forged(city, access_key(city), "at+jwt", exp=2**40),
    "another issuer's name": lambda city: token_for(city, "someone", EVERYTHING, issuer="https://other.example"),
    "another audience": lambda city: forged(city, access_key(city), "at+jwt", aud="https://other.example"),
    "an audience with a slash": lambda city: forged(city, access_key(city), "at+jwt", aud=f"{BASE_URL}/"),
    "several audiences": lambda city: forged(city, access_key(city), "at+jwt", aud=[BASE_URL, "https://other.example"]),
    "a list of one audience": lambda city: forged(city, access_key(city), "at+jwt", aud=[BASE_URL]),
    "a critical extension": lambda city: relabelled(city, crit=["exp"], exp=1),
    "an unknown critical extension": lambda city: relabelled(city, crit=["urn:example"], **{"urn:example": True}),
    "another key": lambda city: forged(city, city.keys["someone"], "at+jwt"),
    "the key of assertions": lambda city: forged(city, assertion_key(city), "at+jwt"),
    "another type": lambda city: forged(city, access_key(city), "citizen-assertion+jwt"),
    "no type": lambda city: forged(city, access_key(city), "JWT"),
    "bound to a certificate": lambda city: token_for(city, "someone", certificate=SHOWN),
    "bound to a key in another way": lambda city: forged(city, access_key(city), "at+jwt", cnf={"jkt": SHOWN}),
    "bound to nothing": lambda city: forged(city, access_key(city), "at+jwt", cnf={}),
    "bound in no known way": lambda city: forged(city, access_key(city), "at+jwt", cnf=SHOWN),
    "an assertion for a department": assertion,
    "a client assertion": lambda city: city.client("someone")._credentials._assertion(),
}


@pytest.fixture(params=list(CallerKind))
def someone(request: pytest.FixtureRequest, sqlite_city: City) -> City:
    """A city with one caller, of each kind."""
    sqlite_city.caller("someone", request.param)
    return sqlite_city


def test_there_are_routes_to_test() -> None:
    names = {name_of(route) for route in GUARDED}

    assert {"POST /v1/authentications", "POST /v1/verifications", "WS /v1/cards/{card_uuid}/relay"} <= names


@pytest.mark.parametrize("wrong", WRONG)
def test_without_a_good_token_no_route_answers(sqlite_city: City, wrong: str) -> None:
    sqlite_city.caller("someone", CallerKind.OFFICER)
    token = WRONG[wrong](sqlite_city)

    expected = (401, "not-authenticated" if wrong in {"no token", "empty"} else "invalid-token")
    assert {name_of(route): call(sqlite_city, route, token) for route in GUARDED} == {
        name_of(route): expected for route in GUARDED
    }


@pytest.mark.parametrize("make", [lambda city: forged(city, access_key(city), "at+jwt"), relabelled])
def test_what_the_wrong_tokens_are_made_from_is_right(sqlite_city: City, make: Callable[[City], str]) -> None:
    sqlite_city.caller("someone", CallerKind.OFFICER)

    headers = {"Authorization": f"Bearer {make(sqlite_city)}"}
    assert sqlite_city.http().get("/v1/officers", headers=headers).status_code == 200


BOUND: dict[str, Callable[[City], str]] = {
    "to another certificate": lambda city: token_for(city, "someone", certificate=f"B{SHOWN[1:]}"),
    "to this one and a key": lambda city: forged(
        city, access_key(city), "at+jwt", cnf={"x5t#S256": SHOWN, "jkt": SHOWN}
    ),
    "to a list of this one": lambda city: forged(city, access_key(city), "at+jwt", cnf={"x5t#S256": [SHOWN]}),
}


@pytest.mark.parametrize("bound", BOUND)
def test_a_token_that_is_bound_to_something_else_than_what_is_shown(sqlite_city: City, bound: str) -> None:
    sqlite_city.caller("someone", CallerKind.OFFICER)
    with showing(sqlite_city, SHOWN) as city:
        assert {call(city, route, BOUND[bound](city)) for route in GUARDED} == {(401, "invalid-token")}


def test_a_bound_token_opens_with_its_certificate_what_any_other_opens(someone: City) -> None:
    bound, free = (token_for(someone, "someone", certificate=certificate) for certificate in (SHOWN, None))
    with showing(someone, SHOWN) as city:
        shut = {
            token: {route.path for route in GUARDED if call(city, route, token)[0] == 403} for token in (bound, free)
        }
        assert shut[bound] == shut[free] != {route.path for route in GUARDED}
        assert 401 not in {call(city, route, bound)[0] for route in GUARDED}


def test_a_disabled_caller_is_shut_out_at_once(someone: City) -> None:
    token = token_for(someone, "someone", EVERYTHING)
    with transaction(someone.services.sessions) as session:
        disable_caller(session, "someone", actor="ceremony", now=someone.clock())

    assert {call(someone, route, token) for route in GUARDED} == {(401, "invalid-token")}


def test_a_token_is_over_with_the_key_that_it_was_asked_for_with(someone: City) -> None:
    token = token_for(someone, "someone")
    with transaction(someone.services.sessions) as session:
        caller = find_by_client_id(session, "someone")
        assert caller is not None
        key = ECKey.generate_key("P-256")
        caller.public_jwk, caller.thumbprint = dict(key.as_dict(private=False)), key.thumbprint()

    assert {call(someone, route, token) for route in GUARDED} == {(401, "invalid-token")}


def test_a_row_in_the_database_cannot_give_a_kind_more_than_it_may_hold(sqlite_city: City) -> None:
    sqlite_city.caller("kiosk-1", CallerKind.KIOSK)
    with transaction(sqlite_city.services.sessions) as session:
        caller = find_by_client_id(session, "kiosk-1")
        assert caller is not None
        caller.scopes = sorted(Scope)
    token = token_for(sqlite_city, "kiosk-1", EVERYTHING)

    refused = {name_of(route) for route in GUARDED if call(sqlite_city, route, token) == (403, "insufficient-scope")}

    assert refused == {name for name, row in ROWS.items() if row != OPEN and "kiosk" not in row.others.split()}


def test_an_application_with_a_forgotten_route_does_not_start() -> None:
    router = APIRouter()

    @router.get("/v1/forgotten")
    def forgotten() -> None: ...

    app = FastAPI(openapi_url=None)
    app.include_router(router)

    with pytest.raises(LookupError, match="/v1/forgotten"):
        check_routes(app)


def test_the_documentation_pages_of_the_framework_count_as_forgotten_routes() -> None:
    with pytest.raises(LookupError, match="/docs"):
        check_routes(FastAPI())


def test_a_guarded_route_may_start() -> None:
    app = FastAPI(openapi_url=None)

    @app.get("/v1/guarded")
    def guarded(actor: Annotated[Principal, require(Scope.VERIFY)]) -> None: ...

    check_routes(app)


def test_a_route_cannot_ask_for_no_scope_at_all() -> None:
    with pytest.raises(ValueError, match="at least one scope"):
        require()
