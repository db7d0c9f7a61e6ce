"""Changing what a department may learn: drafted by one officer, approved by another, and only then in force."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from cardsvc.approvals import service as approvals
from cardsvc.approvals.repository import describe as describe_approval
from cardsvc.approvals.repository import find_newest
from cardsvc.audit.service import OK, record
from cardsvc.callers.errors import CallerDisabled
from cardsvc.db import new_id
from cardsvc.departments.errors import PolicyChangedMeanwhile, PolicyDraftNotFound
from cardsvc.departments.models import Department, Policy, PolicyDraft
from cardsvc.departments.policy import parse_policy, write_policy
from cardsvc.departments.repository import lock_department, policy_in_force
from cardsvc.departments.service import publish_policy, version_of
from cardsvc.paging import Page, Wanted, page
from cardsvc.wire import departments as wire
from cardsvc.wire.approvals import ApprovalKind


def draft_policy(
    session: Session, code: str, terms: Mapping[str, Any], reason: str, *, actor: str, now: datetime
) -> PolicyDraft:
    """Ask a colleague to agree to the next version of a policy.

    Raises DepartmentNotFound, CallerDisabled, PolicyInvalid.
    """
    department = lock_department(session, code)
    if department.caller.disabled_at is not None:
        raise CallerDisabled
    draft = PolicyDraft(
        id=new_id(),
        department_id=department.id,
        terms=write_policy(parse_policy(terms)),
        changes_version=version_of(policy_in_force(session, department)),
        drafted_by=actor,
        drafted_at=now,
    )
    session.add(draft)
    session.flush()
    approvals.request(session, ApprovalKind.POLICY_PUBLICATION, draft.id, actor=actor, now=now, reason=reason)
    record(
        session,
        event="policy.draft",
        outcome=OK,
        actor=actor,
        now=now,
        department=code,
        draft=str(draft.id),
        changes_version=draft.changes_version,
    )
    return draft


def publish_draft(session: Session, draft_id: UUID, *, actor: str, now: datetime) -> Policy:
    """Put a draft in force that a colleague agreed to.

    Raises PolicyDraftNotFound, PolicyChangedMeanwhile, PolicyInvalid, CallerDisabled, and what `approvals.spend`
    raises.
    """
    draft = get_draft(session, draft_id)
    department = lock_department(session, session.get_one(Department, draft.department_id).code)
    if department.caller.disabled_at is not None:
        raise CallerDisabled
    approvals.spend(session, ApprovalKind.POLICY_PUBLICATION, draft.id, actor=actor, now=now)
    in_force = version_of(policy_in_force(session, department))
    if in_force != draft.changes_version:
        raise PolicyChangedMeanwhile(draft.changes_version, in_force)
    policy = publish_policy(session, department, draft.terms, actor=actor, now=now)
    draft.published_version = policy.version
    return policy


def get_draft(session: Session, draft_id: UUID) -> PolicyDraft:
    """Raises PolicyDraftNotFound."""
    draft = session.get(PolicyDraft, draft_id)
    if draft is None:
        raise PolicyDraftNotFound
    return draft


def policies_of(session: Session, department: Department, wanted: Wanted) -> Page[Policy]:
    """Every version there was, newest first. Raises CursorRefused."""
    statement = select(Policy).where(Policy.department_id == department.id)
    return page(session, statement, Policy.version, wanted, newest=True)


def open_drafts(session: Session, department: Department) -> list[PolicyDraft]:
    """What is not published, newest first."""
    statement = (
        select(PolicyDraft)
        .where(PolicyDraft.department_id == department.id, PolicyDraft.published_version.is_(None))
        .order_by(PolicyDraft.drafted_at.desc(), PolicyDraft.id)
    )
    return list(session.scalars(statement))


def describe(session: Session, department: Department) -> wire.Department:
    """As administrators see it."""
    return wire.Department(
        code=department.code,
        title=department.title,
        created_at=department.created_at,
        disabled_at=department.caller.disabled_at,
        policy_version=version_of(policy_in_force(session, department)),
    )


def describe_policy(policy: Policy) -> wire.Policy:
    """A version as it was published."""
    return wire.Policy(
        **policy.terms,
        version=policy.version,
        published_by=policy.created_by,
        published_at=policy.created_at,
    )


def describe_draft(session: Session, draft: PolicyDraft) -> wire.PolicyDraft:
    """A draft with the newest approval."""
    approval = find_newest(session, ApprovalKind.POLICY_PUBLICATION, draft.id)
    return wire.PolicyDraft(
        **draft.terms,
        id=draft.id,
        department=session.get_one(Department, draft.department_id).code,
        changes_version=draft.changes_version,
        drafted_by=draft.drafted_by,
        drafted_at=draft.drafted_at,
        published_version=draft.published_version,
        approval=None if approval is None else describe_approval(approval),
    )
