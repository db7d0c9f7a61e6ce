"""Departments and their policies, for administrators."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter

from cardsvc.api.access import require
from cardsvc.api.dependencies import ServicesDep
from cardsvc.api.documentation import problems
from cardsvc.api.once import OnceRoute
from cardsvc.api.pages import PagingDep
from cardsvc.callers.principal import Principal
from cardsvc.db import reading, transaction
from cardsvc.departments import drafting
from cardsvc.departments.repository import get_department, list_departments
from cardsvc.departments.service import add_department, rename_department
from cardsvc.wire import departments as wire
from cardsvc.wire.base import Code
from cardsvc.wire.scopes import Scope

router = APIRouter(prefix="/v1", tags=["departments"], route_class=OnceRoute)

Administrator = Annotated[Principal, require(Scope.DEPARTMENTS_WRITE)]

Decider = Annotated[Principal, require(Scope.DEPARTMENTS_WRITE, Scope.APPROVALS_DECIDE)]


@router.get(
    "/departments",
    operation_id="listDepartments",
    summary="See which departments take part",
    responses=problems(401, 403, 422),
)
def list_all(services: ServicesDep, _actor: Administrator, paging: PagingDep) -> wire.DepartmentList:
    """By code, those that were shut out too."""
    with reading(services.sessions) as session:
        page = list_departments(session, paging.wanted)
        shown = [drafting.describe(session, row) for row in page.rows]
        return wire.DepartmentList(departments=shown, next=paging.link(page.next))


@router.post(
    "/departments",
    status_code=201,
    operation_id="addDepartment",
    summary="Let a department take part",
    responses=problems(401, 403, 409, 422),
)
def add(request: wire.DepartmentRequest, services: ServicesDep, actor: Administrator) -> wire.Department:
    """It is told nothing until a policy is published. To shut it out, disable the caller of the same name."""
    with transaction(services.sessions) as session:
        row = add_department(session, **dict(request), actor=actor.client_id, now=services.clock())
        return drafting.describe(session, row)


@router.patch(
    "/departments/{code}",
    operation_id="renameDepartment",
    summary="Change what a department is called",
    responses=problems(401, 403, 404, 422),
)
def rename(code: Code, request: wire.DepartmentChange, services: ServicesDep, actor: Administrator) -> wire.Department:
    """Its code, and so its audience and its pseudonyms, stay."""
    with transaction(services.sessions) as session:
        row = rename_department(session, code, request.title, actor=actor.client_id, now=services.clock())
        return drafting.describe(session, row)


@router.get(
    "/departments/{code}/policies",
    operation_id="listPolicies",
    summary="See what a department may learn, and might until now",
    responses=problems(401, 403, 404, 422),
)
def list_policies(code: Code, services: ServicesDep, _actor: Administrator, paging: PagingDep) -> wire.PolicyHistory:
    """Every version; on the first page the drafts that are not published, too."""
    with reading(services.sessions) as session:
        department = get_department(session, code)
        page = drafting.policies_of(session, department, paging.wanted)
        drafts = [] if paging.wanted.cursor else drafting.open_drafts(session, department)
        return wire.PolicyHistory(
            policies=[drafting.describe_policy(row) for row in page.rows],
            drafts=[drafting.describe_draft(session, row) for row in drafts],
            next=paging.link(page.next),
        )


@router.post(
    "/departments/{code}/policies",
    status_code=201,
    operation_id="draftPolicy",
    summary="Draft what a department may learn",
    responses=problems(401, 403, 404, 409, 422),
)
def draft_policy(
    code: Code, request: wire.PolicyDraftRequest, services: ServicesDep, actor: Administrator
) -> wire.PolicyDraft:
    """A second officer approves it; then publish it."""
    terms = request.model_dump(mode="json", exclude={"reason"})
    with transaction(services.sessions) as session:
        draft = drafting.draft_policy(session, code, terms, request.reason, actor=actor.client_id, now=services.clock())
        return drafting.describe_draft(session, draft)


@router.get(
    "/policy-drafts/{draft_id}",
    operation_id="getPolicyDraft",
    summary="See what a colleague wants a department to learn",
    responses=problems(401, 403, 404, 422),
)
def get_policy_draft(draft_id: UUID, services: ServicesDep, _actor: Decider) -> wire.PolicyDraft:
    """For whoever is to approve it, too."""
    with reading(services.sessions) as session:
        return drafting.describe_draft(session, drafting.get_draft(session, draft_id))


@router.post(
    "/policy-drafts/{draft_id}/publish",
    operation_id="publishPolicy",
    summary="Put a policy in force that a colleague approved",
    responses=problems(401, 403, 404, 409, 410, 422),
)
def publish_policy(draft_id: UUID, services: ServicesDep, actor: Administrator) -> wire.Policy:
    """By anybody but the one who approved it. Assertions made from now on name this version."""
    with transaction(services.sessions) as session:
        return drafting.describe_policy(
            drafting.publish_draft(session, draft_id, actor=actor.client_id, now=services.clock())
        )
