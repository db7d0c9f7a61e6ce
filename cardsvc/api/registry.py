"""What the population registry tells, entered by officers."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter
from sqlalchemy.orm import Session

from cardsvc.api.access import require
from cardsvc.api.dependencies import ServicesDep
from cardsvc.api.documentation import problems
from cardsvc.api.once import OnceRoute
from cardsvc.api.pages import PagingDep
from cardsvc.callers.principal import Principal
from cardsvc.citizens.looking import look_at_registry
from cardsvc.db import in_transaction
from cardsvc.issuance.repository import describe as describe_application
from cardsvc.registry import service as registry
from cardsvc.registry.repository import describe
from cardsvc.wire.lifecycle import Application
from cardsvc.wire.registry import RegistryEvent, RegistryEventList, RegistryEventRequest
from cardsvc.wire.scopes import Scope

router = APIRouter(prefix="/v1", tags=["registry"], route_class=OnceRoute)

Reporter = Annotated[Principal, require(Scope.CARDS_HOLD)]
Revoker = Annotated[Principal, require(Scope.CARDS_REVOKE)]


@router.post(
    "/people/{citizen_id}/registry-events",
    status_code=201,
    operation_id="reportRegistryEvent",
    summary="Somebody died or moved away",
    responses=problems(401, 403, 404, 409, 422),
)
def report(citizen_id: UUID, request: RegistryEventRequest, services: ServicesDep, actor: Reporter) -> RegistryEvent:
    """Their cards are held at once; a colleague confirms or reverses it."""
    return in_transaction(
        services.sessions,
        lambda session: describe(registry.report(session, citizen_id, request, actor=actor, now=services.clock())),
    )


@router.get(
    "/people/{citizen_id}/registry-events",
    operation_id="listRegistryEvents",
    summary="What the registry told about somebody",
    responses=problems(401, 403, 422),
)
def read_all(citizen_id: UUID, services: ServicesDep, actor: Reporter, paging: PagingDep) -> RegistryEventList:
    """Newest first. The look is on record."""

    def work(session: Session) -> RegistryEventList:
        page = look_at_registry(session, citizen_id, paging.wanted, actor=actor, now=services.clock())
        return RegistryEventList(events=[describe(row) for row in page.rows], next=paging.link(page.next))

    return in_transaction(services.sessions, work)


@router.post(
    "/registry-events/{event_id}/confirm",
    operation_id="confirmRegistryEvent",
    summary="Revoke the cards of somebody who is gone",
    responses=problems(401, 403, 404, 409, 410, 422),
)
def confirm(event_id: UUID, services: ServicesDep, actor: Revoker) -> RegistryEvent:
    """Uses up an approval of kind ``death`` about the citizen."""
    return in_transaction(
        services.sessions,
        lambda session: describe(registry.confirm(session, event_id, actor=actor, now=services.clock())),
    )


@router.post(
    "/registry-events/{event_id}/reverse",
    operation_id="reverseRegistryEvent",
    summary="The registry was wrong",
    responses=problems(401, 403, 404, 409, 410, 422),
)
def reverse(
    event_id: UUID, services: ServicesDep, actor: Annotated[Principal, require(Scope.APPLICATIONS_WRITE)]
) -> Application:
    """Uses up an approval of kind ``death-reversal``; gives the draft of an application for a new card."""

    def work(session: Session) -> Application:
        row = registry.reverse(session, event_id, actor=actor, now=services.clock())
        return describe_application(session, services.keystore, row)

    return in_transaction(services.sessions, work)
