"""Rate limits at the API: which kind of traffic a request is, and what its answer says about the caller's turns.

The header fields are those of draft-ietf-httpapi-ratelimit-headers-10, a 429 is RFC 6585 §4.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import structlog
from starlette.requests import HTTPConnection
from starlette.types import Scope

from cardsvc.api.addresses import address_of
from cardsvc.limits import Buckets, Standing, TooManyRequests, Traffic

_log = structlog.get_logger("cardsvc.limits")

_READING: Final = frozenset({"GET", "HEAD"})
TRAFFIC: Final[Mapping[str, Traffic]] = {
    "/v1/challenges": Traffic.AUTHENTICATION,
    "/v1/authentications": Traffic.AUTHENTICATION,
    "/v1/card-authentications": Traffic.AUTHENTICATION,
    "/v1/visits/keep": Traffic.AUTHENTICATION,
    "/v1/visits/end": Traffic.AUTHENTICATION,
    "/v1/signature-requests": Traffic.AUTHENTICATION,
    "/v1/signatures": Traffic.AUTHENTICATION,
    "/v1/verifications": Traffic.AUTHENTICATION,
    "/v1/offline-package": Traffic.BULK,
    "/v1/card-standings": Traffic.BULK,
    "/v1/questions": Traffic.BULK,
    "/v1/people/search": Traffic.BULK,
    "/v1/people/duplicates": Traffic.BULK,
}
"""By the path of the route. Any other is `READ` or `WRITE`, by its method; the token endpoint counts for itself."""

_STANDING: Final = "cardsvc.standing"
_KNOWN: Final = "cardsvc.known"


def charge(connection: HTTPConnection, client_id: str, traffic: Traffic | None = None) -> None:
    """Take one of a caller's turns for this request. Raises TooManyRequests."""
    _take(connection, client_id, traffic or traffic_of(connection.scope))


def charge_stranger(connection: HTTPConnection) -> None:
    """Take a turn of the address, until whoever asks has shown who they are. Raises TooManyRequests."""
    _take(connection, address_of(connection), Traffic.STRANGER)


def charge_known(connection: HTTPConnection, client_id: str, traffic: Traffic) -> None:
    """It was no stranger: many callers may share an address, and none pays for the others. Raises TooManyRequests.

    A turn is taken once for each request, also when its transaction is done again.
    """
    if not connection.scope.get(_KNOWN, False):
        connection.scope[_KNOWN] = True
        _buckets(connection).give_back(address_of(connection), Traffic.STRANGER)
        charge(connection, client_id, traffic)


def was_charged(connection: HTTPConnection) -> bool:
    """Whether a turn was taken for this request."""
    return _STANDING in connection.scope


def traffic_of(scope: Scope) -> Traffic:
    """What kind of traffic a request is that has found its route."""
    named = TRAFFIC.get(getattr(scope.get("route"), "path", ""))
    return named or (Traffic.READ if scope.get("method") in _READING else Traffic.WRITE)


def standing_headers(scope: Scope) -> list[tuple[bytes, bytes]]:
    """What the answer says of the caller's bucket, where there is one."""
    standing: Standing | None = scope.get(_STANDING)
    if standing is None:
        return []
    policy = f'"{standing.traffic}";q={standing.limit.quota};w={standing.limit.seconds}'
    left = f'"{standing.traffic}";r={standing.left};t={standing.full_in}'
    return [(b"ratelimit-policy", policy.encode()), (b"ratelimit", left.encode())]


def _take(connection: HTTPConnection, who: str, traffic: Traffic) -> None:
    try:
        connection.scope[_STANDING] = _buckets(connection).take(who, traffic)
    except TooManyRequests as refusal:
        connection.scope[_STANDING] = refusal.standing
        _log.warning("too-many-requests", who=who, traffic=refusal.standing.traffic.value)
        raise


def _buckets(connection: HTTPConnection) -> Buckets:
    buckets: Buckets = connection.app.state.buckets
    return buckets
