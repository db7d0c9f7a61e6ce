"""Locks: for the citizen at a kiosk, and for clerks whom citizens ask to lift one."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter

from cardsvc.api.access import require
from cardsvc.api.dependencies import AuthenticatingCaller, ServicesDep
from cardsvc.api.documentation import problems
from cardsvc.api.once import OnceRoute
from cardsvc.callers.principal import Principal
from cardsvc.db import in_transaction
from cardsvc.locks import service
from cardsvc.wire import locks as wire
from cardsvc.wire.people import Occasion
from cardsvc.wire.scopes import Scope

router = APIRouter(prefix="/v1", tags=["people"], route_class=OnceRoute)

Clerk = Annotated[Principal, require(Scope.PEOPLE_WRITE)]


@router.post(
    "/locks/list",
    operation_id="listOwnLocks",
    summary="Show a citizen what their card is locked for",
    responses=problems(401, 403, 404, 410, 422),
)
def list_own(request: wire.LocksRequest, services: ServicesDep, actor: AuthenticatingCaller) -> wire.CardLocks:
    """At a kiosk, in a visit at level ``pin``."""
    return in_transaction(
        services.sessions,
        lambda session: service.own_locks(
            session, request, actor=actor, now=services.clock(), times=services.visit_times
        ),
    )


@router.post(
    "/locks/set",
    operation_id="setOwnLock",
    summary="Lock one's card for a department or a level",
    responses=problems(401, 403, 404, 410, 422),
)
def set_own(request: wire.LockRequest, services: ServicesDep, actor: AuthenticatingCaller) -> wire.CardLocks:
    """At a kiosk, in a visit at level ``pin``. Whoever locks that very level is unlocked at the desk alone."""
    return in_transaction(
        services.sessions,
        lambda session: service.lock(session, request, actor=actor, now=services.clock(), times=services.visit_times),
    )


@router.post(
    "/locks/lift",
    operation_id="liftOwnLock",
    summary="Unlock one's card",
    responses=problems(401, 403, 404, 410, 422),
)
def lift_own(request: wire.LockRequest, services: ServicesDep, actor: AuthenticatingCaller) -> wire.CardLocks:
    """At a kiosk, in a visit at level ``pin``. What is not locked is no error."""
    return in_transaction(
        services.sessions,
        lambda session: service.unlock(session, request, actor=actor, now=services.clock(), times=services.visit_times),
    )


@router.post(
    "/people/{citizen_id}/locks/open",
    operation_id="openLocks",
    summary="See what a person's card is locked for",
    responses=problems(401, 403, 404, 422),
)
def open_locks(citizen_id: UUID, request: Occasion, services: ServicesDep, actor: Clerk) -> wire.CardLocks:
    """The look and its purpose are on record, for the citizen to read."""
    return in_transaction(
        services.sessions,
        lambda session: service.locks_of_person(session, citizen_id, request, actor=actor, now=services.clock()),
    )


@router.post(
    "/people/{citizen_id}/locks/lift",
    operation_id="liftLock",
    summary="Unlock a person's card, because they ask for it at the desk",
    responses=problems(401, 403, 404, 422),
)
def lift(citizen_id: UUID, request: wire.LockLiftRequest, services: ServicesDep, actor: Clerk) -> wire.CardLocks:
    """The person shows the document that they are enrolled with; its number goes with the request."""
    return in_transaction(
        services.sessions,
        lambda session: service.lift_for(
            session, services.keystore, citizen_id, request, actor=actor, now=services.clock()
        ),
    )
