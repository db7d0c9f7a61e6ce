"""What anybody may know."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

import pytest
from joserfc.jwk import ECKey

from cardsvc.api.examples.bodies import ANSWERS
from cardsvc.api.examples.words import ISSUER
from cardsvc.services import Services
from cardsvc.trust.key_ring import ROTATING
from cardsvc.wire import jose
from tests.fixtures.proofs import BASE_URL, City

METADATA: Final = "/.well-known/oauth-authorization-server"


def test_the_jwks_holds_the_public_keys_of_all_that_is_signed_as_jwt(sqlite_city: City) -> None:
    response = sqlite_city.http().get("/.well-known/jwks.json")

    published = {jwk["kid"]: jwk for jwk in response.json()["keys"]}
    keystore = sqlite_city.services.keystore
    expected = {ECKey.import_key(keystore.public_key(name)).thumbprint() for name in ROTATING}
    assert set(published) == expected
    for kid, jwk in published.items():
        assert set(jwk) == {"kty", "crv", "x", "y", "kid", "use", "alg", "token_types"}
        assert jose.public_key(jwk).thumbprint() == kid
    assert response.headers["Cache-Control"] == "public, max-age=300"


def test_the_metadata_is_as_rfc_8414_says(sqlite_city: City) -> None:
    metadata = sqlite_city.http().get(METADATA).json()

    assert {"issuer", "response_types_supported"} <= set(metadata)  # §2: the two that are REQUIRED without any grant
    assert (metadata["issuer"], metadata["token_endpoint"]) == (BASE_URL, f"{BASE_URL}/oauth/token")
    assert metadata["token_endpoint_auth_methods_supported"] == ["private_key_jwt"]
    assert metadata["token_endpoint_auth_signing_alg_values_supported"] == ["ES256"]


def test_what_the_metadata_points_to_is_there(sqlite_city: City) -> None:
    http = sqlite_city.http()
    metadata = http.get(METADATA).json()

    assert http.get(metadata["jwks_uri"]).json()["keys"]
    assert http.get(metadata["service_documentation"]).json()["openapi"].startswith("3.1")


def test_the_token_endpoint_knows_the_grants_of_the_metadata_and_no_others(sqlite_city: City) -> None:
    http = sqlite_city.http()
    metadata = http.get(METADATA).json()
    # RFC 7591 §2, RFC 8628 and RFC 8693.
    named = {"authorization_code", "implicit", "password", "client_credentials", "refresh_token"} | {
        f"urn:ietf:params:oauth:grant-type:{name}"
        for name in ("jwt-bearer", "saml2-bearer", "device_code", "token-exchange")
    }

    answers = {grant: http.post(metadata["token_endpoint"], data={"grant_type": grant}).json() for grant in named}

    known = {grant for grant, answer in answers.items() if answer["error"] != "unsupported_grant_type"}
    assert set(metadata["grant_types_supported"]) == known


def test_the_scopes_of_the_metadata_are_those_that_the_openapi_document_explains(sqlite_city: City) -> None:
    http = sqlite_city.http()
    schemes = http.get("/openapi.json").json()["components"]["securitySchemes"]

    explained = schemes["oauth2"]["flows"]["clientCredentials"]["scopes"]
    assert set(http.get(METADATA).json()["scopes_supported"]) == set(explained)


def test_the_example_of_the_metadata_is_what_is_served(sqlite_city: City) -> None:
    example = json.dumps(ANSWERS["getAuthorizationServer"]).replace(ISSUER, BASE_URL)

    assert sqlite_city.http().get(METADATA).json() == json.loads(example)


def named(make_city: Callable[[Services], City], services: Services, contact: str) -> City:
    settings = services.settings.model_copy(update={"incident_contact": contact})
    return make_city(replace(services, settings=settings))


def test_whom_to_tell_is_written_as_rfc_9116_says(
    make_city: Callable[[Services], City], sqlite_services: Services
) -> None:
    city = named(make_city, sqlite_services, "mailto:cards@city.example")
    answer = city.http().get("/.well-known/security.txt")

    assert answer.headers["Content-Type"] == "text/plain; charset=utf-8"
    fields = dict(line.split(": ", 1) for line in answer.text.splitlines())
    assert fields["Contact"] == "mailto:cards@city.example"
    assert fields["Canonical"] == f"{BASE_URL}/.well-known/security.txt"
    left = datetime.fromisoformat(fields["Expires"]) - city.clock()
    assert timedelta(days=30) < left < timedelta(days=365)
    metadata = city.http().get(METADATA).json()
    assert metadata["incident_contact"] == "mailto:cards@city.example"


def test_a_service_that_names_nobody_to_tell_says_so(sqlite_city: City) -> None:
    answer = sqlite_city.http().get("/.well-known/security.txt")

    assert (answer.status_code, answer.json()["type"]) == (404, "urn:citizen-card:problem:not-found")
    assert "incident_contact" not in sqlite_city.http().get(METADATA).json()


@pytest.mark.parametrize("path", ["/docs", "/redoc"])
def test_there_are_no_documentation_pages(sqlite_city: City, path: str) -> None:
    assert sqlite_city.http().get(path).status_code == 404
