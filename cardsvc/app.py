"""The service as an ASGI application."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from functools import cache, cached_property, partial
from typing import Any, Final

from fastapi import APIRouter, FastAPI
from starlette.middleware.exceptions import ExceptionMiddleware
from starlette.routing import BaseRoute
from starlette.types import ASGIApp, Receive, Scope, Send

from cardsvc.api import (
    applications,
    approvals,
    audit,
    authentications,
    callers,
    cards,
    citizens,
    coverage,
    days,
    departments,
    fleet,
    fleet_plans,
    incidents,
    investigations,
    locks,
    losses,
    oauth,
    officers,
    offline,
    own_cards,
    personalisations,
    pictures,
    problems,
    reach,
    registry,
    reidentifications,
    signing,
    status,
    stock,
    unblocking,
    usage,
    verifications,
    webhooks,
    wellknown,
)
from cardsvc.api.access import check_routes
from cardsvc.api.description import describe
from cardsvc.api.grouped import GroupedRoute
from cardsvc.api.requests import RequestFrame
from cardsvc.audit.sequencer import Sequencer
from cardsvc.audit.supervision import sequencing
from cardsvc.services import Services
from cardsvc.shared_work import SharedWork
from cardsvc.timekeeping import INTERVAL, every
from cardsvc.webhooks.postman import delivering

Lifespan = Callable[[FastAPI], AbstractAsyncContextManager[None]]

ROUTERS: Final[tuple[APIRouter, ...]] = (
    authentications.grouped,
    authentications.router,
    signing.router,
    signing.single,
    verifications.router,
    oauth.router,
    wellknown.router,
    status.router,
    applications.router,
    cards.router,
    stock.router,
    losses.router,
    registry.router,
    reidentifications.router,
    personalisations.router,
    unblocking.router,
    approvals.router,
    audit.router,
    citizens.router,
    locks.router,
    own_cards.router,
    investigations.router,
    officers.router,
    departments.router,
    usage.router,
    days.router,
    incidents.router,
    callers.router,
    pictures.router,
    webhooks.router,
    reach.router,
    offline.router,
    coverage.router,
    fleet.for_kiosks,
    fleet.router,
    fleet_plans.router,
)
"""The busiest first: routes are tried in this order."""


def create_app(services: Services) -> FastAPI:
    """The application over these services. Raises LookupError if a route says neither who may use it nor that all may.

    There are no documentation pages: `/openapi.json` is the document, which readers of one's own choice show.
    """
    app = _build_app(_background(services))
    app.state.services = services
    app.state.holders = SharedWork(services.access_tokens.find_holders)
    app.state.buckets = services.buckets
    app.state.turnstile = SharedWork(services.turnstile.admit)
    app.state.description = partial(_written_description, services.settings.issuer)
    return app


def describe_api(issuer: str) -> dict[str, Any]:
    """The OpenAPI document of the service of this name. Needs neither keys nor a database."""
    return describe(checked_routes(), issuer)


@cache
def _written_description(issuer: str) -> bytes:
    return json.dumps(describe_api(issuer), ensure_ascii=False).encode()


def _background(services: Services) -> Lifespan:
    """What the service does besides answering."""

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        sequencer = Sequencer(services.sessions, services.audit_signer, services.clock)
        with (
            sequencing(sequencer, services.sessions, services.clock),
            every(INTERVAL, services.timekeeper.run),
            delivering(services.postman),
        ):
            yield

    return lifespan


class _Application(FastAPI):
    """FastAPI, with a short way to the routes that are answered in groups: around what serves other routes."""

    @cached_property
    def _short_way(self) -> ASGIApp:
        return RequestFrame(self._serve_grouped)

    async def _serve_grouped(self, scope: Scope, receive: Receive, send: Send) -> None:
        """To the route that has been found; what it raises is made an answer as for any route."""
        try:
            await scope["route"].handle(scope, receive, send)
        except Exception as error:  # noqa: BLE001 (raised again, where the handlers are)
            await ExceptionMiddleware(_raising(error), handlers=self.exception_handlers)(scope, receive, send)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        route = grouped_routes().get((scope.get("method"), scope.get("path")))
        if route is None:
            await super().__call__(scope, receive, send)
        else:
            scope["app"], scope["route"] = self, route
            await self._short_way(scope, receive, send)


def _raising(error: Exception) -> ASGIApp:
    async def app(_scope: Scope, _receive: Receive, _send: Send) -> None:
        raise error

    return app


@cache
def grouped_routes() -> Mapping[tuple[object, object], GroupedRoute]:
    """By method and path."""
    routes = [route for router in ROUTERS for route in router.routes if isinstance(route, GroupedRoute)]
    return {(method, route.path): route for route in routes for method in route.methods or ()}


def _build_app(lifespan: Lifespan) -> FastAPI:
    app = _Application(openapi_url=None, lifespan=lifespan)
    app.add_middleware(RequestFrame)
    problems.install(app)
    app.router.routes.extend(checked_routes())
    return app


@cache
def checked_routes() -> tuple[BaseRoute, ...]:
    """All routes, put together and checked once in a process: FastAPI takes longer for it than for most requests."""
    app = FastAPI(openapi_url=None)
    for router in ROUTERS:
        app.include_router(router)
    check_routes(app)
    return tuple(app.router.routes)
