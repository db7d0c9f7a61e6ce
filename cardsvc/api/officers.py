"""Officers, their roles and offices, for administrators."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter

from cardsvc.api.access import require
from cardsvc.api.dependencies import ServicesDep
from cardsvc.api.documentation import problems
from cardsvc.api.once import OnceRoute
from cardsvc.api.pages import PagingDep
from cardsvc.callers import officers
from cardsvc.callers.principal import Principal
from cardsvc.db import reading, transaction
from cardsvc.offices import service as offices
from cardsvc.wire import officers as wire
from cardsvc.wire.base import Code
from cardsvc.wire.scopes import Scope

router = APIRouter(prefix="/v1", tags=["officers"], route_class=OnceRoute)

Administrator = Annotated[Principal, require(Scope.OFFICERS_WRITE)]


@router.get(
    "/officers", operation_id="listOfficers", summary="See who the officers are", responses=problems(401, 403, 422)
)
def list_officers(services: ServicesDep, _actor: Administrator, paging: PagingDep) -> wire.OfficerList:
    """By client id, those who were put out too."""
    with reading(services.sessions) as session:
        page = officers.list_officers(session, paging.wanted)
        shown = [officers.describe(session, row) for row in page.rows]
        return wire.OfficerList(officers=shown, next=paging.link(page.next))


@router.post(
    "/officers",
    status_code=201,
    operation_id="addOfficer",
    summary="Let an officer in, without any role",
    responses=problems(401, 403, 404, 409, 422),
)
def add_officer(request: wire.OfficerRequest, services: ServicesDep, actor: Administrator) -> wire.Officer:
    """What they may do comes with roles, and those take a second person."""
    with transaction(services.sessions) as session:
        row = officers.add_officer(session, **dict(request), actor=actor.client_id, now=services.clock())
        return officers.describe(session, row)


@router.patch(
    "/officers/{client_id}",
    operation_id="changeOfficer",
    summary="Change an officer's title, office or citizen",
    responses=problems(401, 403, 404, 409, 422),
)
def change_officer(
    client_id: wire.ClientId, request: wire.OfficerChange, services: ServicesDep, actor: Administrator
) -> wire.Officer:
    """Members that are not given stay."""
    with transaction(services.sessions) as session:
        row = officers.change_officer(session, client_id, **dict(request), actor=actor.client_id, now=services.clock())
        return officers.describe(session, row)


@router.post(
    "/officers/{client_id}/disable",
    operation_id="disableOfficer",
    summary="Put an officer out, at once",
    responses=problems(401, 403, 404, 409, 422),
)
def disable_officer(client_id: wire.ClientId, services: ServicesDep, actor: Administrator) -> wire.Officer:
    """Their access tokens and what they are writing end with this."""
    with transaction(services.sessions) as session:
        row = officers.disable_officer(session, client_id, actor=actor.client_id, now=services.clock())
        return officers.describe(session, row)


@router.post(
    "/officers/{client_id}/roles",
    status_code=201,
    operation_id="requestRole",
    summary="Ask a colleague for a role for an officer",
    responses=problems(401, 403, 404, 409, 422),
)
def request_role(
    client_id: wire.ClientId, request: wire.RoleRequest, services: ServicesDep, actor: Administrator
) -> wire.RoleGrant:
    """A second officer approves it; then let it take effect."""
    with transaction(services.sessions) as session:
        grant = officers.request_role(
            session, client_id, request.role, request.reason, actor=actor.client_id, now=services.clock()
        )
        return officers.describe_grant(session, grant)


@router.post(
    "/role-grants/{grant_id}/take-effect",
    operation_id="grantRole",
    summary="Give an officer the role that a colleague approved",
    responses=problems(401, 403, 404, 409, 410, 422),
)
def grant_role(grant_id: UUID, services: ServicesDep, actor: Administrator) -> wire.Officer:
    """By the one who asked for it."""
    with transaction(services.sessions) as session:
        row = officers.grant_role(session, grant_id, actor=actor.client_id, now=services.clock())
        return officers.describe(session, row)


@router.post(
    "/officers/{client_id}/roles/{role}/withdraw",
    operation_id="withdrawRole",
    summary="Take a role away from an officer, at once",
    responses=problems(401, 403, 404, 409, 422),
)
def withdraw_role(
    client_id: wire.ClientId, role: wire.Role, services: ServicesDep, actor: Administrator
) -> wire.Officer:
    """This needs one person alone: it must not wait."""
    with transaction(services.sessions) as session:
        row = officers.withdraw_role(session, client_id, role, actor=actor.client_id, now=services.clock())
        return officers.describe(session, row)


@router.get(
    "/offices", operation_id="listOffices", summary="See which offices there are", responses=problems(401, 403, 422)
)
def list_offices(services: ServicesDep, _actor: Administrator, paging: PagingDep) -> wire.OfficeList:
    """By code, closed ones too."""
    with reading(services.sessions) as session:
        page = offices.list_offices(session, paging.wanted)
        return wire.OfficeList(offices=[offices.describe(row) for row in page.rows], next=paging.link(page.next))


@router.post(
    "/offices",
    status_code=201,
    operation_id="openOffice",
    summary="Open an office",
    responses=problems(401, 403, 409, 422),
)
def open_office(request: wire.OfficeRequest, services: ServicesDep, actor: Administrator) -> wire.Office:
    """Its code is never used again."""
    with transaction(services.sessions) as session:
        row = offices.open_office(session, request.code, request.title, actor=actor.client_id, now=services.clock())
        return offices.describe(row)


@router.patch(
    "/offices/{code}",
    operation_id="changeOffice",
    summary="Give an office another title",
    responses=problems(401, 403, 404, 422),
)
def change_office(code: Code, request: wire.OfficeChange, services: ServicesDep, actor: Administrator) -> wire.Office:
    """Its code stays."""
    with transaction(services.sessions) as session:
        row = offices.rename_office(session, code, request.title, actor=actor.client_id, now=services.clock())
        return offices.describe(row)


@router.post(
    "/offices/{code}/close",
    operation_id="closeOffice",
    summary="Close an office where nobody works",
    responses=problems(401, 403, 404, 409, 422),
)
def close_office(code: Code, services: ServicesDep, actor: Administrator) -> wire.Office:
    """Move its officers, desks and kiosks first."""
    with transaction(services.sessions) as session:
        return offices.describe(offices.close_office(session, code, actor=actor.client_id, now=services.clock()))
