"""Who may use a route. Nothing is open unless it is named here.

A route asks for a scope by declaring ``actor: Annotated[Principal, require(Scope.VERIFY)]``. `check_routes` refuses to
start a service with a route that neither asks for one nor is in `OPEN_PATHS`, so forgetting is not possible.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from typing import Any, Final

from fastapi import Depends, FastAPI
from fastapi.dependencies.models import Dependant
from fastapi.routing import RouteContext, iter_route_contexts
from starlette.concurrency import run_in_threadpool
from starlette.requests import HTTPConnection

from cardsvc.api.certificates import shown_certificate
from cardsvc.api.limiting import charge
from cardsvc.callers.errors import AccessTokenRefused, NotAuthenticated
from cardsvc.callers.principal import Entry, Grant, Principal
from cardsvc.services import Services
from cardsvc.shared_work import SharedWork
from cardsvc.wire.scopes import Scope

OPEN_PATHS: Final = frozenset(
    {
        "/healthz",
        "/readyz",
        "/openapi.json",
        "/v1/audit/key",
        "/v1/audit/sealed-batches/{day}",  # whoever checks a released entry is nobody in particular
        "/v1/audit/checkpoint",  # witnesses need no account: it tells only how many records there are
        "/oauth/token",  # authenticates the client itself
        "/v1/kiosks/enrol",  # a kiosk that is not known yet shows its code
        "/.well-known/jwks.json",
        "/.well-known/security.txt",
        "/.well-known/oauth-authorization-server",
        "/crl/{issuer}.crl",  # who asks about a card must not be known for it
        "/ca/{issuer}.cer",
        "/status-lists/{list_id}",
        "/ocsp",
        "/ocsp/{encoded:path}",
    }
)


class Guard(ABC):
    """What a route asks of its caller: one of these scopes. A dependency that says who came."""

    def __init__(self, *scopes: Scope) -> None:
        if not scopes:
            raise ValueError("a route asks for at least one scope")
        self.scopes = frozenset(scopes)

    @abstractmethod
    async def __call__(self, connection: HTTPConnection) -> Principal | Entry:
        """Whoever may come as far as this. Raises NotAuthenticated, AccessTokenRefused, TooManyRequests."""

    def check(self, principal: Principal) -> None:
        """Raises ScopeMissing, KioskDisabled."""
        refusal = principal.refusal(self.scopes)
        if refusal is not None:
            raise refusal


class Require(Guard):
    """A dependency that lets callers in, and says who they are."""

    async def __call__(self, connection: HTTPConnection) -> Principal:
        """The caller. Raises NotAuthenticated, AccessTokenRefused, TooManyRequests, ScopeMissing, KioskDisabled."""
        principal = await _read_caller(connection)
        charge(connection, principal.client_id)
        self.check(principal)
        return principal


class Enter(Guard):
    """As `Require`, for what is answered in groups: whether the caller may come in is asked in the group's transaction.

    The token is looked at and the turn taken here; `cardsvc.callers.entering` does the rest.
    """

    async def __call__(self, connection: HTTPConnection) -> Entry:
        """A good token. Raises NotAuthenticated, AccessTokenRefused, TooManyRequests."""
        grant = await _read_grant(connection)
        charge(connection, grant.client_id)
        return Entry(grant, self.scopes)

    async def admit(self, connection: HTTPConnection, entry: Entry) -> None:
        """For a request that comes to no group. Raises AccessTokenRefused, ScopeMissing, KioskDisabled."""
        self.check(await _find_holder(connection, entry.grant))


async def find_caller(connection: HTTPConnection) -> Principal | None:
    """Who is calling, whatever they may do here; None when that is not proved. For what comes before a route."""
    try:
        return await _read_caller(connection)
    except (NotAuthenticated, AccessTokenRefused):
        return None


def require(*scopes: Scope) -> Any:
    """A dependency, to stand in ``Annotated[Principal, …]``: the caller needs one of the scopes."""
    return Depends(Require(*scopes))


def enter(*scopes: Scope) -> Any:
    """A dependency, to stand in ``Annotated[Entry, …]``: as `require`, for a `GroupedRoute`."""
    return Depends(Enter(*scopes))


def check_routes(app: FastAPI) -> None:
    """Raise LookupError if a route is neither protected nor known to be open."""
    unguarded = [route.path for route in iter_route_contexts(app.routes) if not _is_guarded(route)]
    if unguarded:
        raise LookupError(f"routes without a scope: {', '.join(map(str, unguarded))}")


def scopes_of(route: RouteContext) -> frozenset[Scope]:
    """The scopes, one of which the route asks for; none when it is open."""
    dependant = getattr(route, "dependant", None)
    if not isinstance(dependant, Dependant):
        return frozenset()
    return frozenset(scope for guard in guards_of(dependant) for scope in guard.scopes)


async def _read_caller(connection: HTTPConnection) -> Principal:
    return await _find_holder(connection, await _read_grant(connection))


async def _read_grant(connection: HTTPConnection) -> Grant:
    services: Services = connection.app.state.services
    if services.key_ring.is_stale:  # not here, where everybody would wait for the database
        await run_in_threadpool(services.key_ring.refresh)
    certificate = shown_certificate(connection)
    return services.access_tokens.read(_bearer(connection), now=services.clock(), certificate=certificate)


async def _find_holder(connection: HTTPConnection, grant: Grant) -> Principal:
    holders: SharedWork[Grant, Principal | None] = connection.app.state.holders
    principal = await holders.do(grant)
    if principal is None:
        raise AccessTokenRefused
    return principal


def _is_guarded(route: RouteContext) -> bool:
    return route.path in OPEN_PATHS or bool(scopes_of(route))


def guards_of(dependant: Dependant) -> Iterator[Guard]:
    """What a route asks of its caller."""
    for inner in dependant.dependencies:
        if isinstance(inner.call, Guard):
            yield inner.call
        yield from guards_of(inner)


def _bearer(connection: HTTPConnection) -> str:
    scheme, _, token = connection.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise NotAuthenticated
    return token.strip()
