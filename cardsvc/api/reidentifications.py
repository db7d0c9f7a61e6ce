"""Whom a department knows by a name of its own: for two officers, and on record."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter
from sqlalchemy.orm import Session

from cardsvc.api.access import require
from cardsvc.api.dependencies import ServicesDep
from cardsvc.api.documentation import problems
from cardsvc.api.once import OnceRoute
from cardsvc.approvals.repository import describe
from cardsvc.callers.principal import Principal
from cardsvc.db import in_transaction, reading
from cardsvc.departments import reidentifying
from cardsvc.wire.approvals import Approval
from cardsvc.wire.reidentification import DepartmentPseudonym, Reidentification, ReidentificationRequest, Reidentified
from cardsvc.wire.scopes import Scope

router = APIRouter(prefix="/v1/reidentifications", tags=["people"], route_class=OnceRoute)

Investigator = Annotated[Principal, require(Scope.PEOPLE_REIDENTIFY)]
Decider = Annotated[Principal, require(Scope.PEOPLE_REIDENTIFY, Scope.APPROVALS_DECIDE)]


@router.post(
    "/requests",
    status_code=201,
    operation_id="requestReidentification",
    summary="Ask a colleague to agree to finding out who somebody is",
    responses=problems(401, 403, 404, 409, 422),
)
def request_reidentification(request: ReidentificationRequest, services: ServicesDep, actor: Investigator) -> Approval:
    """With the reason. The answer is the approval that a colleague is to decide on; it does not say who it is."""

    def work(session: Session) -> Approval:
        row = reidentifying.request(session, request, request.reason, actor=actor.client_id, now=services.clock())
        return describe(row)

    return in_transaction(services.sessions, work)


@router.get(
    "/requests/{subject_id}",
    operation_id="getReidentificationRequest",
    summary="See which name a colleague wants to find out about",
    responses=problems(401, 403, 404, 422),
)
def get_reidentification_request(subject_id: UUID, services: ServicesDep, _actor: Decider) -> DepartmentPseudonym:
    """By the subject of the approval, for whoever is to decide."""
    with reading(services.sessions) as session:
        return reidentifying.subject(session, subject_id)


@router.post(
    "",
    operation_id="reidentify",
    summary="Find out whom a department knows by a name, once a colleague has agreed",
    responses=problems(401, 403, 404, 409, 410, 422),
)
def reidentify(request: Reidentification, services: ServicesDep, actor: Investigator) -> Reidentified:
    """By the officer who asked, once. It is in the audit log and in the person's access history, with the purpose."""
    return in_transaction(
        services.sessions,
        lambda session: reidentifying.reidentify(session, request, actor=actor.client_id, now=services.clock()),
    )
