"""What routes take: the service's parts, and who is calling."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends
from starlette.requests import HTTPConnection

from cardsvc.api.access import enter, require
from cardsvc.authentication.turnstile import Knock, Outcome
from cardsvc.callers.principal import Entry, Principal
from cardsvc.services import Services
from cardsvc.shared_work import SharedWork
from cardsvc.wire.scopes import Scope

__all__ = [
    "AuthenticatingCaller",
    "AuthenticatingEntry",
    "ChallengedCaller",
    "OwnReaderEntry",
    "ServicesDep",
    "TurnstileDep",
    "VerifyingCaller",
    "require",
]


async def _services(connection: HTTPConnection) -> Services:
    # async, though it waits for nothing: a plain function would be sent to a thread and back
    services: Services = connection.app.state.services
    return services


async def _turnstile(connection: HTTPConnection) -> SharedWork[Knock, Outcome]:
    turnstile: SharedWork[Knock, Outcome] = connection.app.state.turnstile
    return turnstile


ServicesDep = Annotated[Services, Depends(_services)]
TurnstileDep = Annotated[SharedWork[Knock, Outcome], Depends(_turnstile)]
"""Authentications that come at the same time share a commit."""

ChallengedCaller = Annotated[
    Principal, require(Scope.AUTHENTICATE, Scope.AUTHENTICATE_OWN_READER, Scope.CARDS_ACTIVATE)
]
"""Whoever may have a card prove itself: to begin a visit, to tell a department with a reader, to activate the card."""
AuthenticatingCaller = Annotated[Principal, require(Scope.AUTHENTICATE)]
AuthenticatingEntry = Annotated[Entry, enter(Scope.AUTHENTICATE)]
OwnReaderEntry = Annotated[Entry, enter(Scope.AUTHENTICATE_OWN_READER)]
VerifyingCaller = Annotated[Principal, require(Scope.VERIFY)]
