"""The service as an ASGI application."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from functools import cache, partial
from typing import Any, Final

from fastapi import APIRouter, FastAPI
from starlette.routing import BaseRoute

from cardsvc.api import (
    applications,
    approvals,
    audit,
    authentications,
    callers,
    cards,
    citizens,
    departments,
    incidents,
    investigations,
    locks,
    losses,
    oauth,
    officers,
    personalisations,
    pictures,
    problems,
    reach,
    registry,
    reidentifications,
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
    investigations.router,
    officers.router,
    departments.router,
    usage.router,
    incidents.router,
    callers.router,
    pictures.router,
    webhooks.router,
    reach.router,
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


def _build_app(lifespan: Lifespan) -> FastAPI:
    app = FastAPI(openapi_url=None, lifespan=lifespan)
    app.add_middleware(RequestFrame)
    problems.install(app)
    app.router.routes.extend(checked_routes())
    return app


@cache
def checked_routes() -> tuple[BaseRoute, ...]:
    """All routes, put together and checked once in a process: FastAPI takes longer for it than for most requests."""
    app = FastAPI(openapi_url=None)
    for router in ROUTERS:
        if router.route_class is GroupedRoute:
            app.router.routes.extend(router.routes)  # themselves: in an included router FastAPI looks for each twice
        else:
            app.include_router(router)
    check_routes(app)
    return tuple(app.router.routes)
