"""Kiosks, desks and departments as callers, for administrators; and everybody's own key and card."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter

from cardsvc.api.access import require
from cardsvc.api.dependencies import ServicesDep
from cardsvc.api.documentation import problems
from cardsvc.api.once import OnceRoute
from cardsvc.api.pages import PagingDep
from cardsvc.callers import directory, keys, officers, service
from cardsvc.callers.errors import CallerKindRefused
from cardsvc.callers.models import CallerKind
from cardsvc.callers.principal import Principal
from cardsvc.callers.scopes import OUT_OF_SERVICE
from cardsvc.db import reading, transaction
from cardsvc.wire import officers as wire
from cardsvc.wire.scopes import Scope

router = APIRouter(prefix="/v1", tags=["callers"], route_class=OnceRoute)

Administrator = Annotated[Principal, require(Scope.CALLERS_WRITE)]
Anybody = Annotated[Principal, require(*(frozenset(Scope) - OUT_OF_SERVICE))]


@router.get("/callers", operation_id="listCallers", summary="See who may call", responses=problems(401, 403, 422))
def list_callers(services: ServicesDep, _actor: Administrator, paging: PagingDep) -> wire.CallerList:
    """By client id, those who were put out too."""
    with reading(services.sessions) as session:
        page = directory.list_callers(session, paging.wanted)
        shown = [directory.describe(session, row) for row in page.rows]
        return wire.CallerList(callers=shown, next=paging.link(page.next))


@router.post(
    "/callers",
    status_code=201,
    operation_id="addCaller",
    summary="Let a kiosk or a desk in",
    responses=problems(401, 403, 404, 409, 422),
)
def add_caller(request: wire.CallerRequest, services: ServicesDep, actor: Administrator) -> wire.Caller:
    """Officers are let in at ``/v1/officers``; a department needs a policy."""
    if request.kind not in (CallerKind.KIOSK, CallerKind.DESK):
        raise CallerKindRefused(request.kind)
    with transaction(services.sessions) as session:
        row = service.register_caller(
            session,
            client_id=request.client_id,
            kind=request.kind,
            title=request.title,
            public_jwk=request.public_jwk,
            scopes=request.scopes,
            actor=actor.client_id,
            now=services.clock(),
        )
        if request.office is not None:
            directory.place(session, row, request.office)
        return directory.describe(session, row)


@router.patch(
    "/callers/{client_id}",
    operation_id="changeCaller",
    summary="Change what a caller is called, or where it stands",
    responses=problems(401, 403, 404, 409, 422),
)
def change_caller(
    client_id: wire.ClientId, request: wire.CallerChange, services: ServicesDep, actor: Administrator
) -> wire.Caller:
    """Members that are not given stay. Not for officers."""
    with transaction(services.sessions) as session:
        row = directory.change_caller(session, client_id, **dict(request), actor=actor.client_id, now=services.clock())
        return directory.describe(session, row)


@router.post(
    "/callers/{client_id}/disable",
    operation_id="disableCaller",
    summary="Shut a kiosk, a desk or a department out, at once",
    responses=problems(401, 403, 404, 422),
)
def disable_caller(client_id: wire.ClientId, services: ServicesDep, actor: Administrator) -> wire.Caller:
    """Its access tokens and visits end with this."""
    with transaction(services.sessions) as session:
        row = directory.get_device(session, client_id)
        service.disable_caller(session, row.client_id, actor=actor.client_id, now=services.clock())
        return directory.describe(session, row)


@router.post(
    "/callers/{client_id}/key",
    operation_id="replaceKey",
    summary="Give a kiosk, a desk or a department another key",
    responses=problems(401, 403, 404, 409, 422),
)
def replace_key(
    client_id: wire.ClientId, request: wire.KeyRequest, services: ServicesDep, actor: Administrator
) -> wire.Caller:
    """The former one is refused from now on. Officers change theirs themselves."""
    with transaction(services.sessions) as session:
        row = keys.replace_key(session, client_id, request.public_jwk, actor=actor.client_id, now=services.clock())
        return directory.describe(session, row)


@router.get(
    "/own-standing",
    operation_id="getOwnStanding",
    summary="See who one is here, and what one may do",
    responses=problems(401, 403, 422),
)
def read_own_standing(services: ServicesDep, actor: Anybody) -> wire.Standing:
    """So that a tool offers its officer what they may do, and nothing else. An officer at a desk is the officer."""
    with reading(services.sessions) as session:
        return directory.standing_of(session, actor)


@router.post(
    "/key",
    operation_id="changeOwnKey",
    summary="Change one's own key",
    responses=problems(401, 403, 409, 422),
)
def change_own_key(request: wire.KeyChangeRequest, services: ServicesDep, actor: Anybody) -> wire.Caller:
    """Signed with the present key, which is refused from then on unless it is to stay good for a while."""
    with transaction(services.sessions) as session:
        row = keys.change_own_key(
            session, actor.client_id, request, issuer=services.settings.issuer, now=services.clock()
        )
        return directory.describe(session, row)


@router.post(
    "/own-card",
    operation_id="confirmOwnCard",
    summary="Sign in with one's own card from now on",
    responses=problems(401, 403, 404, 409, 422),
)
def confirm_own_card(request: wire.OwnCardRequest, services: ServicesDep, actor: Anybody) -> wire.Officer:
    """For officers. Signed with the officer's key; after another key it is said again."""
    with transaction(services.sessions) as session:
        row = officers.confirm_card(
            session, actor.client_id, request, issuer=services.settings.issuer, now=services.clock()
        )
        return officers.describe(session, row)
