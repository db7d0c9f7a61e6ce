"""What anybody may know."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from joserfc.jwk import ECKey

from cardsvc.services import Services
from cardsvc.trust.key_ring import ROTATING
from cardsvc.wire import jose
from tests.fixtures.proofs import BASE_URL, City


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
    metadata = sqlite_city.http().get("/.well-known/oauth-authorization-server").json()

    assert (metadata["issuer"], metadata["token_endpoint"]) == (BASE_URL, f"{BASE_URL}/oauth/token")
    assert metadata["token_endpoint_auth_methods_supported"] == ["private_key_jwt"]
    assert metadata["token_endpoint_auth_signing_alg_values_supported"] == ["ES256"]


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
    metadata = city.http().get("/.well-known/oauth-authorization-server").json()
    assert metadata["incident_contact"] == "mailto:cards@city.example"


def test_a_service_that_names_nobody_to_tell_says_so(sqlite_city: City) -> None:
    answer = sqlite_city.http().get("/.well-known/security.txt")

    assert (answer.status_code, answer.json()["type"]) == (404, "urn:citizen-card:problem:not-found")
    assert "incident_contact" not in sqlite_city.http().get("/.well-known/oauth-authorization-server").json()


@pytest.mark.parametrize("path", ["/docs", "/redoc"])
def test_there_are_no_documentation_pages(sqlite_city: City, path: str) -> None:
    assert sqlite_city.http().get(path).status_code == 404
