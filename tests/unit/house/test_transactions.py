"""Whatever a route writes is done again when the database asks for it: no route has a transaction that is not."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest
from fastapi.routing import iter_route_contexts

from cardsvc import api
from cardsvc.api.once import OnceRoute
from cardsvc.app import ROUTERS, checked_routes

CHANGING: Final = {"POST", "PUT", "PATCH", "DELETE"}
IN_TRANSACTION: Final = "reads, or writes in `in_transaction`, which is repeated"
ELSEWHERE: Final = {
    "createChallenges": "writes nothing: a challenge is sealed, not kept",
    "askStatus": "writes nothing: the responder signs what it reads",
    "authenticateCard": "those of one moment share a transaction, which is repeated",
    "authenticateCardAtOwnReader": "those of one moment share a transaction, which is repeated",
    "getToken": IN_TRANSACTION,
    "keepVisit": IN_TRANSACTION,
    "endVisit": IN_TRANSACTION,
    "submitSignature": IN_TRANSACTION,
    "submitOfflineTaps": IN_TRANSACTION,
    "acknowledgeRevocations": IN_TRANSACTION,
    "enrolKiosk": IN_TRANSACTION,
    "reportKiosk": IN_TRANSACTION,
    "verifyAssertion": IN_TRANSACTION,
    "askCardStandings": IN_TRANSACTION,
    "askQuestion": IN_TRANSACTION,
    "requestInvestigation": IN_TRANSACTION,
    "approveInvestigation": IN_TRANSACTION,
    "openInvestigatedPerson": IN_TRANSACTION,
    "readInvestigatedHistory": IN_TRANSACTION,
    "releaseInvestigation": IN_TRANSACTION,
}
"""The operations that change something, or may, and are no `OnceRoute`; and why that is well."""
MODULES: Final = sorted(Path(api.__file__).parent.glob("*.py"))


def test_what_changes_something_is_repeated_by_its_route_or_says_what_else_does() -> None:
    others = {
        context.operation_id
        for context in iter_route_contexts(checked_routes())
        if set(context.methods or ()) & CHANGING and not isinstance(context.original_route, OnceRoute)
    }
    assert others == set(ELSEWHERE)


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.stem)
def test_a_transaction_that_is_not_repeated_is_within_a_route_that_is(path: Path) -> None:
    repeated = {
        f"{route.operation_id}"
        for router in ROUTERS
        for route in router.routes
        if isinstance(route, OnceRoute) and set(route.methods or ()) & CHANGING
    }
    assert set(_with_transactions(ast.parse(path.read_text()))) <= repeated


def test_the_search_finds_them() -> None:
    """In a route, by its operation; in anything else, by the function."""
    source = """
@router.get("/a", operation_id="lookAround")
def look(): return [session for _ in () if transaction(sessions)]
def other():
    with transaction(sessions) as session: ...
def fine():
    in_transaction(sessions, work)
"""
    assert list(_with_transactions(ast.parse(source))) == ["lookAround", "other"]


def _with_transactions(module: ast.Module) -> Iterator[str]:
    for statement in module.body:
        if any(_opens_one(node) for node in ast.walk(statement)):
            yield _name(statement)


def _opens_one(node: ast.AST) -> bool:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "transaction"


def _name(statement: Any) -> str:
    """The operation of a route, or what else it is called."""
    told = [keyword for one in statement.decorator_list for keyword in one.keywords if keyword.arg == "operation_id"]
    return str(told[0].value.value if told else statement.name)
