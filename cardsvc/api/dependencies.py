"""What routes take: the service's parts, and who is calling."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends
from starlette.requests import HTTPConnection

from cardsvc.api.access import require
from cardsvc.callers.principal import Principal
from cardsvc.callers.scopes import Scope
from cardsvc.services import Services

__all__ = ["AuthenticatingCaller", "ChallengedCaller", "ServicesDep", "VerifyingCaller", "require"]


async def _services(connection: HTTPConnection) -> Services:
    # async, though it waits for nothing: a plain function would be sent to a thread and back
    services: Services = connection.app.state.services
    return services


ServicesDep = Annotated[Services, Depends(_services)]

ChallengedCaller = Annotated[Principal, require(Scope.AUTHENTICATE, Scope.CARDS_ACTIVATE)]
"""Whoever may have a card prove itself: to begin a visit, or to activate the card."""
AuthenticatingCaller = Annotated[Principal, require(Scope.AUTHENTICATE)]
VerifyingCaller = Annotated[Principal, require(Scope.VERIFY)]
