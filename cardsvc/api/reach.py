"""Which cards are to be turned away, who knows it, and since when everybody does."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query

from cardsvc.api.access import require
from cardsvc.api.dependencies import ServicesDep
from cardsvc.api.documentation import problems
from cardsvc.api.pages import After, FeedDep
from cardsvc.callers.principal import Principal
from cardsvc.db import in_transaction, reading
from cardsvc.departments.repository import calling_department
from cardsvc.reach import acknowledging, reporting
from cardsvc.wire import reach as wire
from cardsvc.wire.officers import CallerKind
from cardsvc.wire.scopes import Scope

router = APIRouter(prefix="/v1", tags=["revocations"])


@router.get(
    "/revocations",
    operation_id="listRevocations",
    summary="Hear which cards are to be turned away",
    responses=problems(401, 403, 404, 422),
)
def list_revocations(
    services: ServicesDep,
    _actor: Annotated[Principal, require(Scope.REVOCATIONS_READ)],
    feed_page: FeedDep,
    after: After = None,
    limit: Annotated[int, Query(ge=1, le=wire.MOST_REVOCATIONS)] = 100,
) -> wire.RevocationPage:
    """For kiosks, which must know it when they are offline: in order, without gaps, for 90 days."""
    with reading(services.sessions) as session:
        page = acknowledging.read_revocations(session, services.authority.addresses, after, limit)
    return feed_page.link(page, after=page.next)


@router.post(
    "/revocations/acknowledgements",
    operation_id="acknowledgeRevocations",
    summary="Say which revocations are taken note of",
    responses=problems(401, 403, 404, 422),
)
def acknowledge(
    request: wire.AcknowledgementRequest,
    services: ServicesDep,
    actor: Annotated[Principal, require(Scope.REVOCATIONS_READ, Scope.EVENTS_READ)],
) -> wire.Acknowledgement:
    """A kiosk names a revocation, a department an event of its own; all before it are acknowledged with it.

    May be repeated. A department that answers a webhook with 2xx acknowledges that one event by it.
    """
    now = services.clock()
    return in_transaction(
        services.sessions,
        lambda session: (
            acknowledging.acknowledge_events(session, calling_department(session, actor), request, now=now)
            if actor.kind is CallerKind.DEPARTMENT
            else acknowledging.acknowledge_revocations(session, request, actor=actor, now=now)
        ),
    )


@router.get(
    "/revocation-reach",
    operation_id="getRevocationReach",
    summary="For how long cards could still have been accepted after they were revoked, and who does not know yet",
    responses=problems(401, 403, 422),
)
def get_reach(
    services: ServicesDep,
    _actor: Annotated[Principal, require(Scope.AUDIT_READ, Scope.CALLERS_WRITE)],
    days: Annotated[int, Query(ge=1, le=reporting.MOST_DAYS, description="Looked back.")] = reporting.DAYS,
) -> wire.RevocationReach:
    """From each revocation to its last acknowledgement by a kiosk or a subscribed department, or to now without it."""
    with reading(services.sessions) as session:
        return reporting.report(session, days, services.clock())
