"""Asking for what takes two people, granting it, and using the grant. Every step is on record."""

from __future__ import annotations

from datetime import datetime
from typing import Any, cast
from uuid import UUID

from sqlalchemy import CursorResult, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from cardsvc.approvals.errors import (
    ApprovalExpired,
    ApprovalPending,
    ApprovalSpent,
    NotApproved,
    RecipientDecides,
    SamePerson,
)
from cardsvc.approvals.models import Approval
from cardsvc.approvals.repository import OPEN, find_newest, get_approval
from cardsvc.approvals.rules import RULES, Spender
from cardsvc.approvals.subjects import author_of, citizen_of, officer_of
from cardsvc.audit.service import OK, record
from cardsvc.callers.repository import is_citizen, may_be_one
from cardsvc.db import new_id
from cardsvc.wire.approvals import ApprovalKind, ApprovalState


def request(
    session: Session, kind: ApprovalKind, subject_id: UUID, *, actor: str, now: datetime, reason: str
) -> Approval:
    """Ask for something that takes two people. ``subject_id`` is what `ApprovalKind` says for the kind.

    Raises ApprovalPending, RecipientDecides, and what says that there is no such card or citizen.
    """
    citizen_id = citizen_of(session, kind, subject_id)
    require_not_recipient(session, actor, citizen_id)
    _require_not_gaining(session, actor, kind, subject_id)
    earlier = find_newest(session, kind, subject_id)
    if earlier is not None and earlier.state in OPEN:
        if now < earlier.expires_at:
            raise ApprovalPending(str(earlier.id))
        close(session, earlier, actor=actor, now=now)
    approval = Approval(
        id=new_id(),
        kind=kind,
        subject_id=subject_id,
        citizen_id=citizen_id,
        state=ApprovalState.REQUESTED,
        reason=reason,
        requested_by=actor,
        requested_at=now,
        expires_at=now + RULES[kind].waits,
    )
    try:
        with session.begin_nested():
            session.add(approval)
    except IntegrityError:
        raise ApprovalPending from None
    _record(session, "approval.request", approval, actor, now)
    return approval


def approve(session: Session, approval_id: UUID, *, actor: str, now: datetime) -> Approval:
    """Grant what a colleague asked for.

    Raises ApprovalNotFound, SamePerson, RecipientDecides, ApprovalExpired, ApprovalSpent.
    """
    return _decide(session, approval_id, ApprovalState.APPROVED, actor=actor, now=now)


def refuse(session: Session, approval_id: UUID, *, actor: str, now: datetime, reason: str) -> Approval:
    """Say no. Whoever asked may do so too: that takes the request back. Raises as `approve` does."""
    return _decide(session, approval_id, ApprovalState.REFUSED, actor=actor, now=now, refusal=reason)


def spend(session: Session, kind: ApprovalKind, subject_id: UUID, *, actor: str, now: datetime) -> Approval:
    """Use the grant, once, in the transaction that does what was granted.

    Who may use it is in `RULES`. Raises NotApproved, ApprovalExpired, ApprovalSpent, SamePerson, RecipientDecides.
    """
    approval = find_newest(session, kind, subject_id)
    if approval is None or approval.state is ApprovalState.REQUESTED:
        raise NotApproved(kind)
    if approval.state is ApprovalState.EXPIRED:
        raise ApprovalExpired
    if approval.state is not ApprovalState.APPROVED:
        raise ApprovalSpent(approval.state)
    if now >= approval.expires_at:
        raise ApprovalExpired
    _require_spender(session, approval, actor)
    require_not_recipient(session, actor, approval.citizen_id)
    _require_not_gaining(session, actor, kind, subject_id)
    _move(session, approval, ApprovalState.SPENT, spent_by=actor, spent_at=now)
    _record(session, "approval.spend", approval, actor, now)
    return approval


def close(session: Session, approval: Approval, *, actor: str, now: datetime) -> None:
    """Put an end to an open approval whose time is over, by the clock or otherwise."""
    _move(session, approval, ApprovalState.EXPIRED)
    _record(session, "approval.expire", approval, actor, now)


def lapse(session: Session, kind: ApprovalKind, subject_id: UUID, *, actor: str, now: datetime) -> None:
    """Put an end to what is open about this subject: things are not any more as they were when it was asked for."""
    newest = find_newest(session, kind, subject_id)
    if newest is not None:
        # Locked: whoever decides at this moment is waited for, and what they decided lapses with it.
        session.refresh(newest, with_for_update=True)
        if newest.state in OPEN:
            close(session, newest, actor=actor, now=now)


def require_not_recipient(session: Session, actor: str, citizen_id: UUID | None) -> None:
    """Raises RecipientDecides when this officer is that citizen."""
    if citizen_id is not None and is_citizen(session, actor, citizen_id):
        raise RecipientDecides


def _decide(
    session: Session, approval_id: UUID, state: ApprovalState, *, actor: str, now: datetime, refusal: str | None = None
) -> Approval:
    approval = get_approval(session, approval_id)
    if state is ApprovalState.APPROVED:
        _require_another(session, actor, approval.requested_by, author_of(session, approval.kind, approval.subject_id))
    require_not_recipient(session, actor, approval.citizen_id)
    _require_not_gaining(session, actor, approval.kind, approval.subject_id)
    if approval.state is ApprovalState.EXPIRED:
        raise ApprovalExpired
    if approval.state is not ApprovalState.REQUESTED:
        raise ApprovalSpent(approval.state)
    if now >= approval.expires_at:
        raise ApprovalExpired
    columns: dict[str, Any] = {"decided_by": actor, "decided_at": now, "refusal": refusal}
    if state is ApprovalState.APPROVED:
        columns["expires_at"] = now + RULES[approval.kind].lasts
    _move(session, approval, state, **columns)
    event = "approval.approve" if state is ApprovalState.APPROVED else "approval.refuse"
    _record(session, event, approval, actor, now)
    return approval


def _require_not_gaining(session: Session, actor: str, kind: ApprovalKind, subject_id: UUID) -> None:
    """Raises RecipientDecides when it is this officer who is to be given something."""
    if officer_of(session, kind, subject_id) == actor:
        raise RecipientDecides


def _require_another(session: Session, actor: str, *others: str | None) -> None:
    """Raises SamePerson when one of the others may be this officer, under whatever name, with a copy of their key."""
    if any(may_be_one(session, actor, other) for other in others):
        raise SamePerson


def _require_spender(session: Session, approval: Approval, actor: str) -> None:
    _require_another(session, actor, approval.decided_by)
    if RULES[approval.kind].spender is Spender.REQUESTER and actor != approval.requested_by:
        raise NotApproved(approval.kind)


def _move(session: Session, approval: Approval, state: ApprovalState, **columns: Any) -> None:
    """The state is part of the WHERE clause: of two who use one yes at once, one finds no row any more."""
    statement = update(Approval).where(Approval.id == approval.id, Approval.state == approval.state)
    changed = cast("CursorResult[Any]", session.execute(statement.values(state=state, **columns)))
    if changed.rowcount != 1:
        session.refresh(approval)
        raise ApprovalSpent(approval.state)
    session.refresh(approval)


def _record(session: Session, event: str, approval: Approval, actor: str, now: datetime) -> None:
    is_secret = RULES[approval.kind].tells_whom and approval.state is not ApprovalState.SPENT
    record(
        session,
        event=event,
        outcome=OK,
        actor=actor,
        now=now,
        citizen_id=None if is_secret else approval.citizen_id,
        approval=str(approval.id),
        kind=approval.kind.value,
        subject=str(approval.subject_id),
    )
