"""Approvals, for officers."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query
from sqlalchemy.orm import Session

from cardsvc.api.access import require
from cardsvc.api.dependencies import ServicesDep
from cardsvc.api.documentation import problems
from cardsvc.api.once import OnceRoute
from cardsvc.api.pages import PagingDep
from cardsvc.approvals import service as approvals
from cardsvc.approvals.repository import OPEN, describe, get_approval, list_approvals
from cardsvc.approvals.rules import RULES
from cardsvc.callers.errors import ScopeMissing
from cardsvc.callers.principal import Principal
from cardsvc.db import in_transaction, reading
from cardsvc.wire.approvals import Approval, ApprovalList, ApprovalRefusal, ApprovalRequest, ApprovalState
from cardsvc.wire.scopes import Scope

router = APIRouter(prefix="/v1/approvals", tags=["approvals"], route_class=OnceRoute)

Requester = Annotated[Principal, require(Scope.APPROVALS_REQUEST)]
Decider = Annotated[Principal, require(Scope.APPROVALS_DECIDE)]
Either = Annotated[Principal, require(Scope.APPROVALS_REQUEST, Scope.APPROVALS_DECIDE)]


@router.post(
    "",
    status_code=201,
    operation_id="requestApproval",
    summary="Ask a colleague for what takes two",
    responses=problems(401, 403, 404, 409, 422),
)
def request_approval(request: ApprovalRequest, services: ServicesDep, actor: Requester) -> Approval:
    """Ask for something that takes two people. The officer must be allowed the act itself, too."""
    needed = RULES[request.kind].scope
    if needed not in actor.scopes:
        raise ScopeMissing([needed])

    def work(session: Session) -> Approval:
        row = approvals.request(
            session,
            request.kind,
            request.subject_id,
            actor=actor.client_id,
            now=services.clock(),
            reason=request.reason,
        )
        return describe(row)

    return in_transaction(services.sessions, work)


@router.get("", operation_id="listApprovals", summary="What waits for approval", responses=problems(401, 403, 422))
def read_all(
    services: ServicesDep,
    _actor: Either,
    paging: PagingDep,
    state: Annotated[list[ApprovalState] | None, Query(description="Requested and approved ones by default.")] = None,
    subject_id: Annotated[UUID | None, Query(description="Only those about this subject.")] = None,
) -> ApprovalList:
    """Newest first."""
    with reading(services.sessions) as session:
        page = list_approvals(session, state or OPEN, subject_id, paging.wanted)
        return ApprovalList(approvals=[describe(row) for row in page.rows], next=paging.link(page.next))


@router.post(
    "/{approval_id}/approve",
    operation_id="approveRequest",
    summary="Grant what a colleague asked for",
    responses=problems(401, 403, 404, 409, 410, 422),
)
def approve(approval_id: UUID, services: ServicesDep, actor: Decider) -> Approval:
    """Grant it; it can be used from now on, for a time."""
    return in_transaction(
        services.sessions,
        lambda session: describe(approvals.approve(session, approval_id, actor=actor.client_id, now=services.clock())),
    )


@router.post(
    "/{approval_id}/refuse",
    operation_id="refuseRequest",
    summary="Refuse what a colleague asked for, or take it back",
    responses=problems(401, 403, 404, 409, 410, 422),
)
def refuse(approval_id: UUID, request: ApprovalRefusal, services: ServicesDep, actor: Either) -> Approval:
    """Say no, for a reason."""

    def work(session: Session) -> Approval:
        own = get_approval(session, approval_id).requested_by == actor.client_id
        if not own and Scope.APPROVALS_DECIDE not in actor.scopes:
            raise ScopeMissing([Scope.APPROVALS_DECIDE])
        row = approvals.refuse(session, approval_id, actor=actor.client_id, now=services.clock(), reason=request.reason)
        return describe(row)

    return in_transaction(services.sessions, work)
