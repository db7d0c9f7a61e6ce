"""Subscriptions: a department's own business, and an administrator's where it does not go well. All is on record."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import and_, func, select, update
from sqlalchemy.orm import Session

from cardsvc.audit.service import OK, record
from cardsvc.db import new_id
from cardsvc.departments.models import Department
from cardsvc.departments.repository import lock_department
from cardsvc.paging import Page, Wanted, page
from cardsvc.trust.keystore import Keystore
from cardsvc.webhooks import secret as secrets
from cardsvc.webhooks.addresses import AddressRules
from cardsvc.webhooks.errors import NotSubscribed
from cardsvc.webhooks.feed import get_event
from cardsvc.webhooks.models import DepartmentEvent, WebhookSubscription
from cardsvc.wire import webhooks as wire
from cardsvc.wire.webhooks import DeliveryState, SubscriptionState


def subscribe(
    session: Session,
    keystore: Keystore,
    rules: AddressRules,
    code: str,
    url: str,
    *,
    actor: str,
    now: datetime,
) -> wire.SubscriptionSecret:
    """Have events sent from now on, or elsewhere from now on; the secret is a new one in either case.

    A subscription that was disabled goes on as if it had not been: nothing since its beginning is left out.

    Raises DepartmentNotFound, WebhookUrlRefused.
    """
    rules.check(url)
    department = lock_department(session, code)
    row = _find(session, department, to_change=True)
    if row is None:
        row = WebhookSubscription(
            id=new_id(), department=department, created_at=now, claimed_by=None, claimed_until=None, sealed_secret=b""
        )
        session.add(row)
    row.url = url
    told = secrets.renew(keystore, row, timedelta(0), now)
    _recover(session, row, now)
    _record(session, "webhook.subscribe", department, actor, now)
    return wire.SubscriptionSecret(subscription=describe(session, row), secret=told)


def rotate_secret(
    session: Session, keystore: Keystore, code: str, overlap: timedelta, *, actor: str, now: datetime
) -> wire.SubscriptionSecret:
    """Another secret; during the overlap the one before signs, too. Raises DepartmentNotFound, NotSubscribed."""
    department = lock_department(session, code)
    row = get_subscription(session, department, to_change=True)
    told = secrets.renew(keystore, row, overlap, now)
    _record(session, "webhook.rotate-secret", department, actor, now, overlap_seconds=int(overlap.total_seconds()))
    return wire.SubscriptionSecret(subscription=describe(session, row), secret=told)


def disable(session: Session, code: str, *, actor: str, now: datetime) -> WebhookSubscription:
    """Send nothing any more; the feed goes on, and what waits stays. Raises DepartmentNotFound, NotSubscribed."""
    department = lock_department(session, code)
    row = get_subscription(session, department, to_change=True)
    row.state, row.ended_at = SubscriptionState.DISABLED, row.ended_at or now
    _record(session, "webhook.disable", department, actor, now)
    return row


def resume(session: Session, code: str, *, actor: str, now: datetime) -> WebhookSubscription:
    """The receiver is back: everything that waits is sent at once, and what happened while nothing was to be sent.

    Raises DepartmentNotFound, NotSubscribed.
    """
    department = lock_department(session, code)
    row = get_subscription(session, department, to_change=True)
    _recover(session, row, now)
    _record(session, "webhook.resume", department, actor, now)
    return row


def replay(session: Session, code: str, request: wire.ReplayRequest, *, actor: str, now: datetime) -> int:
    """Send an event and all later ones again, or for the first time; how many that are.

    Raises DepartmentNotFound, NotSubscribed, EventUnknown.
    """
    department = lock_department(session, code)
    if get_subscription(session, department).state is SubscriptionState.DISABLED:
        raise NotSubscribed
    first = get_event(session, department, request.since)
    later = [DepartmentEvent.department_id == department.id, DepartmentEvent.number >= first.number]
    count = session.scalar(select(func.count()).select_from(DepartmentEvent).where(*later)) or 0
    session.execute(
        update(DepartmentEvent)
        .where(*later)
        .values(delivery=DeliveryState.WAITING, attempts=0, next_at=now, replays=DepartmentEvent.replays + 1)
        .execution_options(synchronize_session=False)
    )
    _record(session, "webhook.replay", department, actor, now, since=str(first.id), count=count)
    return count


def get_subscription(session: Session, department: Department, *, to_change: bool = False) -> WebhookSubscription:
    """``to_change`` makes others wait, whoever delivers included. Raises NotSubscribed."""
    row = _find(session, department, to_change=to_change)
    if row is None:
        raise NotSubscribed
    return row


def list_subscriptions(session: Session, wanted: Wanted) -> Page[WebhookSubscription]:
    """In the order in which departments joined. Raises CursorRefused."""
    return page(session, select(WebhookSubscription), WebhookSubscription.department_id, wanted)


def describe(session: Session, row: WebhookSubscription) -> wire.Subscription:
    """As the department and administrators see it."""
    waiting = select(func.count()).where(
        DepartmentEvent.department_id == row.department_id, DepartmentEvent.delivery == DeliveryState.WAITING
    )
    return wire.Subscription(
        department=row.department.code,
        url=row.url,
        state=row.state,
        created_at=row.created_at,
        secret_made_at=row.secret_made_at,
        previous_secret_until=row.previous_until,
        failures=row.failures,
        failing_since=row.failing_since,
        waiting=session.scalar(waiting) or 0,
    )


def _find(session: Session, department: Department, *, to_change: bool) -> WebhookSubscription | None:
    statement = select(WebhookSubscription).where(WebhookSubscription.department_id == department.id)
    return session.scalars(statement.with_for_update() if to_change else statement).one_or_none()


def _recover(session: Session, row: WebhookSubscription, now: datetime) -> None:
    """As if nothing had ever gone wrong: what waits, and what was numbered while it was disabled, is due."""
    due = DepartmentEvent.delivery == DeliveryState.WAITING
    if row.state is SubscriptionState.DISABLED:
        due |= and_(
            DepartmentEvent.delivery.is_(None),
            DepartmentEvent.number.is_not(None),
            DepartmentEvent.occurred_at >= row.created_at,
        )
    row.state, row.failures, row.failing_since, row.hold_until = SubscriptionState.ACTIVE, 0, None, None
    row.ended_at = None
    session.flush()
    session.execute(
        update(DepartmentEvent)
        .where(DepartmentEvent.department_id == row.department_id, due)
        .values(delivery=DeliveryState.WAITING, next_at=now)
        .execution_options(synchronize_session=False)
    )


def _record(session: Session, event: str, department: Department, actor: str, now: datetime, **detail: Any) -> None:
    record(session, event=event, outcome=OK, actor=actor, now=now, department=department.code, **detail)
