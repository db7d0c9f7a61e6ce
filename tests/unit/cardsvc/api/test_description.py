"""The OpenAPI document says what the service does, and nothing else."""

from __future__ import annotations

from functools import cache
from typing import Any

from fastapi.routing import RouteContext, iter_route_contexts
from openapi_spec_validator import OpenAPIV31SpecValidator

from cardsvc.api.access import OPEN_PATHS, scopes_of
from cardsvc.api.description import OAUTH2, TAGS
from cardsvc.app import checked_routes, describe_api
from cardsvc.callers.scopes import MEANING
from cardsvc.wire.scopes import Scope
from tests.fixtures.proofs import BASE_URL, City


@cache
def document() -> dict[str, Any]:
    return describe_api(BASE_URL)


@cache
def operations() -> dict[str, dict[str, Any]]:
    """By id."""
    every = [operation for methods in document()["paths"].values() for operation in methods.values()]
    by_id = {operation["operationId"]: operation for operation in every}
    assert len(by_id) == len(every)
    return by_id


def routes() -> list[RouteContext]:
    return [route for route in iter_route_contexts(checked_routes()) if route.methods]


def test_the_document_is_as_openapi_3_1_says() -> None:
    OpenAPIV31SpecValidator(document()).validate()

    assert document()["openapi"].startswith("3.1.")


def test_the_validator_minds() -> None:
    wrong = document() | {"info": {"title": "no version"}}

    assert list(OpenAPIV31SpecValidator(wrong).iter_errors())


def test_every_route_is_in_the_document() -> None:
    assert {route.operation_id for route in routes()} == set(operations())
    assert len(operations()) > 100


def test_every_operation_is_described() -> None:
    for name, operation in operations().items():
        assert operation["summary"], name
        assert operation["description"], name
        assert name[0].islower()
        assert "_" not in name


def test_every_operation_says_which_scopes_let_one_in() -> None:
    for route in routes():
        said = operations()[str(route.operation_id)]["security"]
        assert said == [{OAUTH2: [scope]} for scope in sorted(scopes_of(route))], route.operation_id
        assert bool(said) is (route.path not in OPEN_PATHS), route.operation_id


def test_every_scope_is_explained() -> None:
    told = document()["components"]["securitySchemes"][OAUTH2]["flows"]["clientCredentials"]

    assert set(MEANING) == set(Scope), "say in MEANING of cardsvc/callers/scopes.py what the scope lets a caller do"
    assert told == {"tokenUrl": f"{BASE_URL}/oauth/token", "scopes": {scope.value: MEANING[scope] for scope in Scope}}


def test_every_tag_is_explained_and_used() -> None:
    used = {tag for operation in operations().values() for tag in operation["tags"]}

    assert used == set(TAGS), "TAGS of cardsvc/api/description.py has a sentence for each tag of a router"
    assert all(len(operation["tags"]) == 1 for operation in operations().values())


def test_every_guarded_operation_documents_its_problems() -> None:
    for path, methods in document()["paths"].items():
        for operation in methods.values():
            if path.startswith("/v1/") and path not in OPEN_PATHS:
                assert {"401", "403", "422"} <= set(operation["responses"]), operation["operationId"]
                for status in ("401", "403", "422"):
                    assert list(operation["responses"][status]["content"]) == ["application/problem+json"], path


def test_the_service_serves_its_document(sqlite_city: City) -> None:
    answer = sqlite_city.http().get("/openapi.json")

    assert answer.json() == document()
    assert answer.headers["Cache-Control"] == "public, max-age=3600"
