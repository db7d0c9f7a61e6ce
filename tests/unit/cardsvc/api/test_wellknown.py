"""What anybody may know."""

from __future__ import annotations

import pytest
from joserfc.jwk import ECKey

from cardsvc.api.access import OPEN_PATHS
from cardsvc.app import describe_api
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
        assert set(jwk) == {"kty", "crv", "x", "y", "kid", "use", "alg"}
        assert jose.public_key(jwk).thumbprint() == kid
    assert response.headers["Cache-Control"] == "public, max-age=300"


def test_the_metadata_is_as_rfc_8414_says(sqlite_city: City) -> None:
    metadata = sqlite_city.http().get("/.well-known/oauth-authorization-server").json()

    assert (metadata["issuer"], metadata["token_endpoint"]) == (BASE_URL, f"{BASE_URL}/oauth/token")
    assert metadata["token_endpoint_auth_methods_supported"] == ["private_key_jwt"]
    assert metadata["token_endpoint_auth_signing_alg_values_supported"] == ["ES256"]


def test_every_operation_is_described() -> None:
    operations = [
        operation for path in describe_api()["paths"].values() for method, operation in path.items() if method != "head"
    ]

    names = [operation["operationId"] for operation in operations]
    assert len(set(names)) == len(names) > 15
    for operation in operations:
        assert operation["summary"], operation["operationId"]
        assert operation["operationId"][0].islower()
        assert "_" not in operation["operationId"]


def test_every_guarded_operation_documents_its_problems() -> None:
    for path, operations in describe_api()["paths"].items():
        for operation in operations.values():
            if path.startswith("/v1/") and path not in OPEN_PATHS:
                assert {"401", "403", "422"} <= set(operation["responses"]), operation["operationId"]
                for status in ("401", "403", "422"):
                    assert list(operation["responses"][status]["content"]) == ["application/problem+json"], path


@pytest.mark.parametrize("path", ["/docs", "/redoc", "/openapi.json"])
def test_there_are_no_documentation_pages(sqlite_city: City, path: str) -> None:
    assert sqlite_city.http().get(path).status_code == 404
