"""Incidents at departments, and whom to call there."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query
from sqlalchemy.orm import Session

from cardsvc.api.access import require
from cardsvc.api.dependencies import ServicesDep, VerifyingCaller
from cardsvc.api.documentation import problems
from cardsvc.api.once import OnceRoute
from cardsvc.api.pages import PagingDep
from cardsvc.callers.principal import Principal
from cardsvc.db import in_transaction, reading
from cardsvc.departments.repository import codes_seen_by, get_department
from cardsvc.incidents import service as incidents
from cardsvc.wire import incidents as wire
from cardsvc.wire.base import Code
from cardsvc.wire.scopes import Scope

router = APIRouter(prefix="/v1", tags=["incidents"], route_class=OnceRoute)

Concerned = Annotated[Principal, require(Scope.VERIFY, Scope.DEPARTMENTS_WRITE)]
Administrator = Annotated[Principal, require(Scope.DEPARTMENTS_WRITE)]


@router.get(
    "/departments/{code}/contact",
    operation_id="getContact",
    summary="See whom to call at a department",
    responses=problems(401, 403, 404, 422),
)
def get_contact(code: Code, services: ServicesDep, actor: Concerned) -> wire.DepartmentContact:
    """Administrators see any department's, a department its own."""
    with reading(services.sessions) as session:
        (own,) = codes_seen_by(session, actor, code)
        return incidents.describe_contact(get_department(session, own))


@router.put(
    "/departments/{code}/contact",
    operation_id="setContact",
    summary="Say whom to call at a department",
    responses=problems(401, 403, 404, 422),
)
def set_contact(code: Code, contact: wire.Contact, services: ServicesDep, actor: Concerned) -> wire.DepartmentContact:
    """Administrators for any department, a department for itself. The desk on duty, not a person."""

    def work(session: Session) -> wire.DepartmentContact:
        (own,) = codes_seen_by(session, actor, code)
        row = incidents.set_contact(session, own, contact, actor=actor.client_id, now=services.clock())
        return incidents.describe_contact(row)

    return in_transaction(services.sessions, work)


@router.post(
    "/incidents",
    status_code=201,
    operation_id="reportIncident",
    summary="Report that something went wrong",
    responses=problems(401, 403, 404, 422),
)
def report_incident(report: wire.IncidentReport, services: ServicesDep, actor: VerifyingCaller) -> wire.Incident:
    """By a department, about itself. Whoever may be affected finds it in their access history."""
    return in_transaction(
        services.sessions,
        lambda session: incidents.describe(incidents.report(session, report, actor=actor, now=services.clock())),
    )


@router.get(
    "/incidents",
    operation_id="listIncidents",
    summary="See what was reported",
    responses=problems(401, 403, 422),
)
def list_incidents(
    services: ServicesDep,
    actor: Concerned,
    paging: PagingDep,
    state: Annotated[wire.IncidentState | None, Query()] = None,
) -> wire.IncidentList:
    """Newest first. Administrators see the incidents of all departments, a department its own."""
    with reading(services.sessions) as session:
        page = incidents.list_incidents(session, codes_seen_by(session, actor), state, paging.wanted)
        shown = [incidents.describe(row) for row in page.rows]
        return wire.IncidentList(incidents=shown, next=paging.link(page.next))


@router.post(
    "/incidents/{incident_id}/close",
    operation_id="closeIncident",
    summary="Say what came of an incident",
    responses=problems(401, 403, 404, 409, 422),
)
def close_incident(
    incident_id: UUID, closure: wire.IncidentClosure, services: ServicesDep, actor: Administrator
) -> wire.Incident:
    """Once."""

    def work(session: Session) -> wire.Incident:
        row = incidents.close(session, incident_id, closure.resolution, actor=actor.client_id, now=services.clock())
        return incidents.describe(row)

    return in_transaction(services.sessions, work)
