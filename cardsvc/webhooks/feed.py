"""Reading what was written: the feed of a department, and how its deliveries are."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Final
from uuid import UUID

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from cardsvc.departments.models import Department
from cardsvc.webhooks import messages
from cardsvc.webhooks.errors import EventUnknown
from cardsvc.webhooks.models import DepartmentEvent, WebhookAttempt
from cardsvc.wire import webhooks as wire

SHOWN: Final = 10
"""So many attempts are shown of each delivery, the newest ones."""


def read_events(session: Session, department: Department, after: UUID | None, limit: int) -> wire.EventPage:
    """What came after an event; from the oldest that is kept, unless one is named. Raises EventUnknown."""
    rows, more = _page(session, _numbered(department), department, after, limit)
    return wire.EventPage(events=[messages.describe(row) for row in rows], next=rows[-1].id if more else None)


def read_deliveries(
    session: Session,
    department: Department,
    after: UUID | None,
    limit: int,
    state: wire.DeliveryState | None = None,
) -> wire.DeliveryPage:
    """What is to be sent or was, in the order of events. Raises EventUnknown."""
    statement = _numbered(department).where(DepartmentEvent.delivery.is_not(None))
    if state is not None:
        statement = statement.where(DepartmentEvent.delivery == state)
    rows, more = _page(session, statement, department, after, limit)
    attempts = _attempts(session, rows)
    return wire.DeliveryPage(
        deliveries=[_delivery(row, department, attempts[row.id]) for row in rows],
        next=rows[-1].id if more else None,
    )


def get_event(session: Session, department: Department, event_id: UUID) -> DepartmentEvent:
    """An event of this department that has its number. Raises EventUnknown."""
    event = session.get(DepartmentEvent, event_id)
    if event is None or event.department_id != department.id or event.number is None:
        raise EventUnknown
    return event


def _numbered(department: Department) -> Select[DepartmentEvent]:
    return select(DepartmentEvent).where(
        DepartmentEvent.department_id == department.id, DepartmentEvent.number.is_not(None)
    )


def _page(
    session: Session, statement: Select[DepartmentEvent], department: Department, after: UUID | None, limit: int
) -> tuple[Sequence[DepartmentEvent], bool]:
    """So many rows, and whether there are more."""
    if after is not None:
        statement = statement.where(DepartmentEvent.number > get_event(session, department, after).number)
    rows = session.scalars(statement.order_by(DepartmentEvent.number).limit(limit + 1)).all()
    return rows[:limit], len(rows) > limit


def _attempts(session: Session, events: Sequence[DepartmentEvent]) -> dict[UUID, list[WebhookAttempt]]:
    """The newest of each event, newest first."""
    rank = func.row_number().over(partition_by=WebhookAttempt.event_id, order_by=WebhookAttempt.id.desc())
    ranked = (
        select(WebhookAttempt.id, rank.label("rank"))
        .where(WebhookAttempt.event_id.in_([event.id for event in events]))
        .subquery()
    )
    newest = (
        select(WebhookAttempt)
        .join(ranked, ranked.c.id == WebhookAttempt.id)
        .where(ranked.c.rank <= SHOWN)
        .order_by(WebhookAttempt.id.desc())
    )
    found: dict[UUID, list[WebhookAttempt]] = defaultdict(list)
    for attempt in session.scalars(newest):
        found[attempt.event_id].append(attempt)
    return found


def _delivery(event: DepartmentEvent, department: Department, attempts: Sequence[WebhookAttempt]) -> wire.Delivery:
    if event.number is None or event.delivery is None:
        raise ValueError("an event that is not to be delivered")
    return wire.Delivery(
        event_id=event.id,
        number=event.number,
        type=event.type,
        department=department.code,
        occurred_at=messages.told_time(event),
        state=event.delivery,
        attempts=event.attempts,
        next_at=event.next_at,
        delivered_at=event.delivered_at,
        acknowledged_at=event.acknowledged_at,
        latest=[
            wire.DeliveryAttempt(at=one.at, status=one.status, failure=one.failure, milliseconds=one.milliseconds)
            for one in attempts
        ],
    )
