"""Which operations take an Idempotency-Key: every one that changes something, unless the table says why not."""

from __future__ import annotations

from typing import Any

import pytest
from fastapi import APIRouter
from fastapi.routing import RouteContext, iter_route_contexts

from cardsvc.api.once import WITHOUT_KEY, OnceRoute
from cardsvc.app import checked_routes, describe_api

CHANGING = [
    context
    for context in iter_route_contexts(checked_routes())
    if context.methods and context.methods & {"POST", "PATCH"}
]


def takes_key(context: RouteContext) -> bool:
    route = context.original_route
    return isinstance(route, OnceRoute) and route.takes_key


@pytest.mark.parametrize("context", CHANGING, ids=lambda context: str(context.operation_id))
def test_what_changes_something_takes_a_key_or_says_why_not(context: RouteContext) -> None:
    assert takes_key(context) != (context.operation_id in WITHOUT_KEY)


def test_the_table_names_no_operation_that_is_gone() -> None:
    assert set(WITHOUT_KEY) <= {context.operation_id for context in CHANGING}


def test_the_document_says_so() -> None:
    operations: list[dict[str, Any]] = [
        operation
        for methods in describe_api("https://cards.example")["paths"].values()
        for operation in methods.values()
    ]
    described = {
        operation["operationId"]
        for operation in operations
        if any(parameter["name"] == "Idempotency-Key" for parameter in operation.get("parameters", ()))
    }
    assert described == {context.operation_id for context in CHANGING if takes_key(context)}
    assert all({"400", "409", "422"} <= set(one["responses"]) for one in operations if one["operationId"] in described)


def test_work_that_is_not_done_in_one_thread_cannot_be_one_transaction() -> None:
    router = APIRouter(route_class=OnceRoute)

    async def work() -> None: ...

    with pytest.raises(TypeError, match="work cannot be one transaction"):
        router.post("/work", operation_id="work")(work)
