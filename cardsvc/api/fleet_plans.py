"""What all kiosks offer and how they behave."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter

from cardsvc.api.access import require
from cardsvc.api.dependencies import ServicesDep
from cardsvc.api.documentation import problems
from cardsvc.api.once import OnceRoute
from cardsvc.callers.principal import Principal
from cardsvc.db import reading, transaction
from cardsvc.fleet import planning
from cardsvc.wire import fleet as wire
from cardsvc.wire.scopes import Scope

router = APIRouter(prefix="/v1/fleet-plan", tags=["kiosks"], route_class=OnceRoute)

Administrator = Annotated[Principal, require(Scope.CALLERS_WRITE)]
Decider = Annotated[Principal, require(Scope.CALLERS_WRITE, Scope.APPROVALS_DECIDE)]
Follower = Annotated[Principal, require(Scope.CALLERS_WRITE, Scope.AUTHENTICATE)]


@router.get(
    "",
    operation_id="getFleetPlan",
    summary="See what kiosks offer and how they behave",
    responses=problems(401, 403, 404, 422),
)
def get_plan(services: ServicesDep, _actor: Follower) -> wire.FleetPlan:
    """The version in force. Kiosks fetch it when a heartbeat names another version than theirs."""
    with reading(services.sessions) as session:
        return planning.describe(planning.plan_in_force(session))


@router.post(
    "/drafts",
    status_code=201,
    operation_id="draftFleetPlan",
    summary="Draft what kiosks are to offer and how to behave",
    responses=problems(401, 403, 422),
)
def draft_plan(request: wire.FleetPlanDraftRequest, services: ServicesDep, actor: Administrator) -> wire.FleetPlanDraft:
    """A second officer approves it; then publish it. It names departments and where they are, in order."""
    now = services.clock()
    with transaction(services.sessions) as session:
        draft = planning.draft_plan(session, request, request.reason, actor=actor.client_id, now=now)
        return planning.describe_draft(session, draft)


@router.get(
    "/drafts/{draft_id}",
    operation_id="getFleetPlanDraft",
    summary="See what a colleague wants kiosks to offer",
    responses=problems(401, 403, 404, 422),
)
def get_draft(draft_id: UUID, services: ServicesDep, _actor: Decider) -> wire.FleetPlanDraft:
    """For whoever is to approve it, too."""
    with reading(services.sessions) as session:
        return planning.describe_draft(session, planning.get_draft(session, draft_id))


@router.post(
    "/drafts/{draft_id}/publish",
    operation_id="publishFleetPlan",
    summary="Put a plan in force that a colleague approved",
    responses=problems(401, 403, 404, 409, 410, 422),
)
def publish_plan(draft_id: UUID, services: ServicesDep, actor: Administrator) -> wire.FleetPlan:
    """By anybody but the one who approved it. Kiosks follow it within seconds; visits that are open go on."""
    with transaction(services.sessions) as session:
        return planning.describe(planning.publish_plan(session, draft_id, actor=actor.client_id, now=services.clock()))
