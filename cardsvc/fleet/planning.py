"""What all kiosks offer and how they behave: drafted by one officer, approved by another, and only then in force.

It says where assertions are sent, so nobody changes it alone.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from cardsvc.approvals import service as approvals
from cardsvc.approvals.repository import describe as describe_approval
from cardsvc.approvals.repository import find_newest
from cardsvc.audit.service import OK, record
from cardsvc.db import new_id
from cardsvc.fleet.errors import FleetPlanChangedMeanwhile, FleetPlanNotFound
from cardsvc.fleet.models import FleetPlan
from cardsvc.wire import fleet as wire
from cardsvc.wire.approvals import ApprovalKind


def draft_plan(session: Session, terms: wire.FleetPlanTerms, reason: str, *, actor: str, now: datetime) -> FleetPlan:
    """Ask a colleague to agree to the next version."""
    draft = FleetPlan(
        id=new_id(),
        terms={name: terms.model_dump(mode="json")[name] for name in wire.FleetPlanTerms.model_fields},
        changes_version=version_in_force(session),
        drafted_by=actor,
        drafted_at=now,
    )
    session.add(draft)
    session.flush()
    approvals.request(session, ApprovalKind.FLEET_PLAN, draft.id, actor=actor, now=now, reason=reason)
    _record(session, "fleet-plan.draft", draft, actor, now, changes_version=draft.changes_version)
    return draft


def publish_plan(session: Session, draft_id: UUID, *, actor: str, now: datetime) -> FleetPlan:
    """Put a draft in force that a colleague agreed to.

    Raises FleetPlanNotFound, FleetPlanChangedMeanwhile, and what `approvals.spend` raises.
    """
    draft = get_draft(session, draft_id)
    approvals.spend(session, ApprovalKind.FLEET_PLAN, draft.id, actor=actor, now=now)
    in_force = version_in_force(session)
    if in_force != draft.changes_version:
        raise FleetPlanChangedMeanwhile(draft.changes_version, in_force)
    try:
        with session.begin_nested():
            draft.version, draft.published_by, draft.published_at = in_force + 1, actor, now
    except IntegrityError:  # a colleague was faster
        raise FleetPlanChangedMeanwhile(draft.changes_version, in_force + 1) from None
    _record(session, "fleet-plan.publish", draft, actor, now, version=in_force + 1)
    return draft


def version_in_force(session: Session) -> int:
    """The newest version; 0 when none was published."""
    return session.scalar(select(func.max(FleetPlan.version))) or 0


def plan_in_force(session: Session) -> FleetPlan:
    """Raises FleetPlanNotFound."""
    newest = select(FleetPlan).where(FleetPlan.version.is_not(None)).order_by(FleetPlan.version.desc()).limit(1)
    plan = session.scalar(newest)
    if plan is None:
        raise FleetPlanNotFound
    return plan


def get_draft(session: Session, draft_id: UUID) -> FleetPlan:
    """A draft, published or not. Raises FleetPlanNotFound."""
    draft = session.get(FleetPlan, draft_id)
    if draft is None:
        raise FleetPlanNotFound
    return draft


def describe(plan: FleetPlan) -> wire.FleetPlan:
    """A version as it was published."""
    return wire.FleetPlan(
        **plan.terms, version=plan.version, published_by=plan.published_by, published_at=plan.published_at
    )


def describe_draft(session: Session, draft: FleetPlan) -> wire.FleetPlanDraft:
    """A draft with the newest approval."""
    approval = find_newest(session, ApprovalKind.FLEET_PLAN, draft.id)
    return wire.FleetPlanDraft(
        **draft.terms,
        id=draft.id,
        changes_version=draft.changes_version,
        drafted_by=draft.drafted_by,
        drafted_at=draft.drafted_at,
        published_version=draft.version,
        approval=None if approval is None else describe_approval(approval),
    )


def _record(session: Session, event: str, draft: FleetPlan, actor: str, now: datetime, **detail: Any) -> None:
    record(session, event=event, outcome=OK, actor=actor, now=now, draft=str(draft.id), **detail)
