"""Kiosks as machines: enrolled by a code, heard from, taken out of service and put back."""

from __future__ import annotations

import secrets
from typing import Annotated

import structlog
from fastapi import APIRouter
from starlette.requests import Request

from cardsvc.api.access import require
from cardsvc.api.dependencies import ServicesDep
from cardsvc.api.documentation import problems
from cardsvc.api.limiting import charge_stranger
from cardsvc.api.once import OnceRoute
from cardsvc.api.pages import PagingDep
from cardsvc.callers.principal import Principal
from cardsvc.db import in_transaction, reading, transaction
from cardsvc.errors import ServiceError
from cardsvc.fleet import enrolling, reporting, standing
from cardsvc.wire import fleet as wire
from cardsvc.wire.officers import ClientId
from cardsvc.wire.scopes import Scope

router = APIRouter(prefix="/v1/kiosks", tags=["kiosks"], route_class=OnceRoute)
for_kiosks = APIRouter(prefix="/v1/kiosks", tags=["kiosks"])
"""For kiosks themselves."""

_log = structlog.get_logger("cardsvc.fleet")

Administrator = Annotated[Principal, require(Scope.CALLERS_WRITE)]
ReportingKiosk = Annotated[Principal, require(Scope.FLEET_REPORT)]


@router.post(
    "",
    status_code=201,
    operation_id="addKiosk",
    summary="Have a place for a kiosk",
    responses=problems(401, 403, 404, 409, 422),
)
def add_kiosk(request: wire.KioskRequest, services: ServicesDep, actor: Administrator) -> wire.EnrolmentCode:
    """The code of the answer lets the kiosk in, once, within a day; it makes its own key."""
    raw = secrets.token_bytes(wire.CODE_BYTES)
    with transaction(services.sessions) as session:
        return enrolling.add_kiosk(session, request, raw, actor=actor.client_id, now=services.clock())


@router.post(
    "/{client_id}/code",
    status_code=201,
    operation_id="renewEnrolmentCode",
    summary="Have another code made for a kiosk",
    responses=problems(401, 403, 404, 409, 422),
)
def renew_code(client_id: ClientId, services: ServicesDep, actor: Administrator) -> wire.EnrolmentCode:
    """For one that was not enrolled in time, or has lost its key: that one is refused once there is another.

    A code that was made before is not good any more.
    """
    raw = secrets.token_bytes(wire.CODE_BYTES)
    with transaction(services.sessions) as session:
        return enrolling.renew_code(session, client_id, raw, actor=actor.client_id, now=services.clock())


@router.get("", operation_id="listKiosks", summary="See how the kiosks are", responses=problems(401, 403, 422))
def list_kiosks(services: ServicesDep, _actor: Administrator, paging: PagingDep) -> wire.KioskList:
    """By client id: those that are awaited, that were heard from, that are silent, disabled or shut out."""
    with reading(services.sessions) as session:
        page = reporting.list_kiosks(session, paging.wanted)
        shown = reporting.describe_all(session, page.rows, services.clock())
        return wire.KioskList(kiosks=shown, next=paging.link(page.next))


@router.post(
    "/{client_id}/disable",
    operation_id="disableKiosk",
    summary="Take a kiosk out of service, until it is enabled",
    responses=problems(401, 403, 404, 409, 422),
)
def disable_kiosk(
    client_id: ClientId, request: wire.KioskDisabling, services: ServicesDep, actor: Administrator
) -> wire.Kiosk:
    """From now on it is refused everything but its report (``kiosk-disabled``), by which it hears of this."""
    now = services.clock()
    with transaction(services.sessions) as session:
        kiosk = standing.disable(session, client_id, request.reason, actor=actor.client_id, now=now)
        return reporting.describe_all(session, [kiosk], now)[0]


@router.post(
    "/{client_id}/enable",
    operation_id="enableKiosk",
    summary="Put a kiosk into service again",
    responses=problems(401, 403, 404, 409, 422),
)
def enable_kiosk(client_id: ClientId, services: ServicesDep, actor: Administrator) -> wire.Kiosk:
    """It hears of it by its next report, and serves again without anybody there."""
    now = services.clock()
    with transaction(services.sessions) as session:
        kiosk = standing.enable(session, client_id, actor=actor.client_id, now=now)
        return reporting.describe_all(session, [kiosk], now)[0]


@for_kiosks.post(
    "/heartbeat",
    operation_id="reportKiosk",
    summary="Say how the kiosk is, and hear what there is to know",
    responses=problems(401, 403, 422),
)
def take_report(request: wire.Heartbeat, services: ServicesDep, actor: ReportingKiosk) -> wire.Pulse:
    """For kiosks, every few seconds. It is all that one may do that is out of service."""
    return in_transaction(
        services.sessions,
        lambda session: reporting.take_report(session, request, actor=actor, now=services.clock()),
    )


@for_kiosks.post(
    "/enrol",
    operation_id="enrolKiosk",
    summary="Become a kiosk, with a code",
    responses=problems(404, 409, 410, 422, 429),
)
def enrol(request: wire.EnrolmentRequest, http: Request, services: ServicesDep) -> wire.Enrolment:
    """The kiosk shows the code that an officer was given, and a key of its own, which signed for that code.

    The same request may come again, should the answer get lost. Whoever brings the code with another key is refused.
    """
    charge_stranger(http)
    issuer, now = services.settings.issuer, services.clock()
    try:
        return in_transaction(
            services.sessions, lambda session: enrolling.enrol(session, request, issuer=issuer, now=now)
        )
    except ServiceError as refusal:
        _log.warning("enrolment-refused", reason=refusal.code)
        raise
