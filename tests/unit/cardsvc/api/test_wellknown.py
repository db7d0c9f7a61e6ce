"""What anybody may know."""

from __future__ import annotations

import pytest
from joserfc.jwk import ECKey

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


@pytest.mark.parametrize("path", ["/docs", "/redoc"])
def test_there_are_no_documentation_pages(sqlite_city: City, path: str) -> None:
    assert sqlite_city.http().get(path).status_code == 404
