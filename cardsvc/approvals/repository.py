"""Finding approvals."""

from __future__ import annotations

from collections.abc import Collection
from typing import Final
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from cardsvc.approvals.errors import ApprovalNotFound
from cardsvc.approvals.models import Approval
from cardsvc.paging import Page, Wanted, page
from cardsvc.wire import approvals as wire
from cardsvc.wire.approvals import ApprovalKind, ApprovalState

OPEN: Final = frozenset({ApprovalState.REQUESTED, ApprovalState.APPROVED})
"""The states of an approval that something may still come of."""


def get_approval(session: Session, approval_id: UUID) -> Approval:
    """Raises ApprovalNotFound."""
    approval = session.get(Approval, approval_id)
    if approval is None:
        raise ApprovalNotFound
    return approval


def find_newest(session: Session, kind: ApprovalKind, subject_id: UUID) -> Approval | None:
    """What was asked for last, whatever came of it."""
    statement = (
        select(Approval)
        .where(Approval.kind == kind, Approval.subject_id == subject_id)
        .order_by(Approval.id.desc())
        .limit(1)
    )
    return session.scalar(statement)


def list_approvals(
    session: Session, states: Collection[ApprovalState], subject_id: UUID | None, wanted: Wanted
) -> Page[Approval]:
    """In these states, newest first; of one subject, if it is named. Raises CursorRefused."""
    statement = select(Approval).where(Approval.state.in_(states))
    if subject_id is not None:
        statement = statement.where(Approval.subject_id == subject_id)
    return page(session, statement, Approval.id, wanted, newest=True)


def describe(approval: Approval) -> wire.Approval:
    """As officers' tools see it."""
    return wire.Approval(**{name: getattr(approval, name) for name in wire.Approval.model_fields})
