"""The service as an ASGI application."""

from __future__ import annotations

from importlib.metadata import version
from typing import Any, Final

from fastapi import APIRouter, FastAPI

from cardsvc.api import (
    applications,
    approvals,
    authentications,
    cards,
    citizens,
    oauth,
    personalisations,
    pictures,
    problems,
    verifications,
    wellknown,
)
from cardsvc.api.access import check_routes
from cardsvc.api.requests import RequestFrame
from cardsvc.services import Services
from cardsvc.shared_work import SharedWork

ROUTERS: Final[tuple[APIRouter, ...]] = (
    authentications.router,
    verifications.router,
    oauth.router,
    wellknown.router,
    applications.router,
    cards.router,
    personalisations.router,
    approvals.router,
    citizens.router,
    pictures.router,
)
"""The busiest first: routes are tried in this order."""


def create_app(services: Services) -> FastAPI:
    """The application over these services. Raises LookupError if a route says neither who may use it nor that all may.

    There are no documentation pages: `cardsvc openapi` prints the document, and a public server needs no more routes.
    """
    app = _build_app()
    app.state.services = services
    app.state.holders = SharedWork(services.access_tokens.find_holders)
    app.state.turnstile = SharedWork(services.turnstile.admit)
    return app


def describe_api() -> dict[str, Any]:
    """The OpenAPI document. Needs neither keys nor a database."""
    return _build_app().openapi()


def _build_app() -> FastAPI:
    app = FastAPI(
        title="Citizen card service",
        version=version("citizen-card"),
        summary="Issues citizen cards, authenticates them, and tells departments who is there.",
        openapi_url=None,
    )
    app.add_middleware(RequestFrame)
    problems.install(app)
    for router in ROUTERS:
        app.include_router(router)
    check_routes(app)
    return app
