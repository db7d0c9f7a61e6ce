"""A day of an office, counted in the audit log: what its officers did, and what waits for them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta, timezone
from typing import Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from cardsvc.approvals.models import Approval
from cardsvc.audit.models import AuditRecord
from cardsvc.audit.service import OK
from cardsvc.callers.models import Caller
from cardsvc.callers.principal import Principal
from cardsvc.departments.errors import RangeRefused
from cardsvc.issuance.models import Application
from cardsvc.issuance.repository import OPEN
from cardsvc.offices.service import code_of
from cardsvc.stock.balance import balance
from cardsvc.wire import days as wire
from cardsvc.wire.approvals import ApprovalState

_DAY: Final = timedelta(days=1)
_FIGURES: Final[Mapping[str, str]] = {
    "application.create": "applications_taken",
    "application.approve": "applications_approved",
    "application.reject": "applications_rejected",
    "application.cancel": "applications_cancelled",
    "card.personalise": "cards_issued",
    "card.deliver": "cards_handed_over",
    "stock.spoil": "cards_spoilt",
    "card.give-up": "cards_spoilt",
    "card.unblock": "cards_unblocked",
    "card.hold": "cards_held",
    "card.revoke": "cards_revoked",
    "card.report": "losses_reported",
}
"""Which event of the log counts for what."""


def day_of(session: Session, day: date, offset: timedelta, *, actor: Principal, now: datetime) -> wire.OfficeDay:
    """The day that begins at midnight with this offset from UTC. Raises RangeRefused for one to come, or long past."""
    if abs(day - now.date()) > (wire.MOST_DAYS_BACK + 1) * _DAY:  # what is near the ends of time has no midnight
        raise RangeRefused(wire.MOST_DAYS_BACK)
    begins = datetime.combine(day, time(), timezone(offset)).astimezone(UTC)
    if not now - wire.MOST_DAYS_BACK * _DAY <= begins <= now:
        raise RangeRefused(wire.MOST_DAYS_BACK)
    ends = begins + _DAY
    caller = session.get_one(Caller, actor.caller_id)
    office, officers = code_of(session, caller.office_id), _officers(session, caller)
    return wire.OfficeDay(
        day=day,
        begins=begins,
        ends=ends,
        office=office,
        officers=_deeds(session, officers, begins, ends),
        stock=balance(session, office, begins, ends),
        waiting=_waiting(session, officers),
        approvals_waiting=_approvals(session, officers, now),
    )


def _officers(session: Session, caller: Caller) -> Sequence[str]:
    if caller.office_id is None:
        return [caller.client_id]
    colleagues = select(Caller.client_id).where(Caller.office_id == caller.office_id, Caller.kind == caller.kind)
    return session.scalars(colleagues.order_by(Caller.client_id)).all()


def _deeds(session: Session, officers: Sequence[str], begins: datetime, ends: datetime) -> list[wire.OfficerDay]:
    statement = (
        select(AuditRecord.actor, AuditRecord.event, func.count())
        .where(AuditRecord.at >= begins, AuditRecord.at < ends, AuditRecord.outcome == OK)
        .where(AuditRecord.event.in_(_FIGURES), AuditRecord.actor.in_(officers))
        .group_by(AuditRecord.actor, AuditRecord.event)
    )
    counted: Counter[tuple[str, str]] = Counter()
    for officer, event, count in session.execute(statement):
        counted[officer, _FIGURES[event]] += count
    return [
        wire.OfficerDay(officer=officer, **{figure: counted[officer, figure] for figure in set(_FIGURES.values())})
        for officer in officers
    ]


def _waiting(session: Session, officers: Sequence[str]) -> list[wire.WaitingApplications]:
    seen_to_by = func.coalesce(Application.responsible, Application.requested_by)
    statement = (
        select(Application.state, func.count())
        .where(Application.state.in_(OPEN), seen_to_by.in_(officers))
        .group_by(Application.state)
        .order_by(Application.state)
    )
    return [wire.WaitingApplications(state=state, count=count) for state, count in session.execute(statement)]


def _approvals(session: Session, officers: Sequence[str], now: datetime) -> int:
    statement = select(func.count()).where(
        Approval.state == ApprovalState.REQUESTED, Approval.requested_by.in_(officers), Approval.expires_at > now
    )
    return session.scalar(statement) or 0
