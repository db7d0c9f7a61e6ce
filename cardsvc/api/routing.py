"""Which routes a path leads to, asked when it was not the framework that found one."""

from __future__ import annotations

from collections.abc import Iterator

from fastapi.routing import RouteContext, iter_route_contexts
from starlette.routing import BaseRoute, compile_path
from starlette.types import Scope


def allowed_methods(scope: Scope) -> frozenset[str]:
    """All methods that this path takes (RFC 9110 §10.2.1)."""
    return frozenset(method for context in _routes_of(scope) for method in context.methods or ())


def route_of(scope: Scope) -> BaseRoute | None:
    """The route of a request that was refused before it came to one: its body is too large."""
    fitting = (context.original_route for context in _routes_of(scope) if scope["method"] in (context.methods or ()))
    return next(fitting, None)


def _routes_of(scope: Scope) -> Iterator[RouteContext]:
    for context in iter_route_contexts(scope["app"].routes):
        pattern, _, _ = compile_path(context.path or "")
        if pattern.fullmatch(scope["path"]):
            yield context
