"""Delivering events to one department: one after the other, those of a person in order, until nothing is due.

Whoever delivers has claimed the subscription for a little longer than one attempt may take, and renews that with each:
two processes never send to the same department at once, and when one dies, another goes on soon. What came of an
attempt is committed with the claim of the next event. An event that was sent, and whose process died before that, is
sent again under the same id.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Final
from uuid import UUID, uuid4

from sqlalchemy import ColumnElement, Select, exists, select, update
from sqlalchemy.orm import InstrumentedAttribute, Session, aliased, joinedload

from cardsvc.callers.models import Caller
from cardsvc.clock import Clock
from cardsvc.db import SessionFactory, in_transaction, new_id, reading
from cardsvc.departments.models import Department
from cardsvc.trust.keystore import Keystore
from cardsvc.webhooks.messages import pack
from cardsvc.webhooks.models import DepartmentEvent, WebhookAttempt, WebhookSubscription
from cardsvc.webhooks.schedule import HEALTHY, Health, after_failure, pause_after
from cardsvc.webhooks.secret import signing_secrets
from cardsvc.webhooks.sending import Outcome, Parcel, Sender
from cardsvc.wire.webhooks import DeliveryState, SubscriptionState

CLAIM_BEYOND: Final = timedelta(seconds=5)
"""So much longer than an attempt may take a claim lasts."""


HEADS: Final = 200
"""So many are looked for at once: the look takes long when much waits."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What the city decided about receivers."""

    attempt: timedelta
    """So long one attempt may take."""
    patience: timedelta
    """A receiver that accepts nothing for so long is suspended."""


@dataclass(frozen=True, slots=True)
class _Errand:
    """An event that is to be sent now, and the claim under which it is."""

    subscription_id: UUID
    claim: UUID
    event_id: UUID
    replays: int
    later: Sequence[UUID]
    """What was found to be due after it, of other people."""
    parcel: Parcel


@dataclass(frozen=True, slots=True)
class Courier:
    """Delivers. Safe to share between threads."""

    sessions: SessionFactory
    keystore: Keystore
    sender: Sender
    clock: Clock
    chance: Callable[[], float]
    """From 0 to 1, for the jitter."""
    limits: Limits

    def due(self) -> list[UUID]:
        """Subscriptions to which something is to be sent now, as far as nobody is at it."""
        with reading(self.sessions) as session:
            return list(session.scalars(_subscriptions_due(self.clock())))

    def deliver(self, subscription_id: UUID, stopping: Callable[[], bool] = lambda: False) -> int:
        """Send what is due, unless it is to stop meanwhile; how many attempts that took."""
        attempts = 0
        errand = in_transaction(self.sessions, partial(self._begin, subscription_id, uuid4()))
        while errand is not None:
            outcome, attempts = self.sender.send(errand.parcel), attempts + 1
            errand = in_transaction(self.sessions, partial(self._go_on, errand, outcome, stopping))
        return attempts

    def _begin(self, subscription_id: UUID, claim: UUID, session: Session) -> _Errand | None:
        return self._claim(session, _lock(session, subscription_id), claim, (), self.clock())

    def _go_on(
        self, errand: _Errand, outcome: Outcome, stopping: Callable[[], bool], session: Session
    ) -> _Errand | None:
        now, subscription = self.clock(), _lock(session, errand.subscription_id)
        self._note(session, subscription, errand, outcome, now)
        if stopping():
            _release(subscription, errand.claim)
            return None
        return self._claim(session, subscription, errand.claim, errand.later, now)

    def _claim(
        self, session: Session, subscription: WebhookSubscription, claim: UUID, later: Sequence[UUID], now: datetime
    ) -> _Errand | None:
        """What is due next, claimed; nothing when somebody else is at it."""
        if subscription.claimed_by not in (None, claim) and not _is_over(subscription.claimed_until, now):
            return None
        event, later = _next(session, subscription, later, now) if _may_try(subscription, now) else (None, ())
        if event is None:
            _release(subscription, claim)
            return None
        subscription.claimed_by, subscription.claimed_until = claim, now + self.limits.attempt + CLAIM_BEYOND
        secrets = signing_secrets(self.keystore, subscription, now)
        parcel = pack(event, subscription.url, secrets, now)
        return _Errand(subscription.id, claim, event.id, event.replays, later, parcel)

    def _note(
        self, session: Session, subscription: WebhookSubscription, errand: _Errand, outcome: Outcome, now: datetime
    ) -> None:
        health = _health(subscription)
        event = session.get(DepartmentEvent, errand.event_id, with_for_update=True)
        if event is not None:
            session.add(_attempt(event, outcome, now))
        if errand.parcel.url != subscription.url:  # events go elsewhere now: what the place before says is over
            return
        if event is not None:
            self._move_on(event, errand, outcome, now)
        if not outcome.accepted:
            health = after_failure(health, outcome.status, now, self.chance(), self.limits.patience)
        elif health.state is not SubscriptionState.DISABLED:
            if health.was_away(now):
                _wake(session, subscription, now)
            health = HEALTHY
        _set_health(subscription, health)

    def _move_on(self, event: DepartmentEvent, errand: _Errand, outcome: Outcome, now: datetime) -> None:
        if outcome.accepted:
            event.acknowledged_at = event.acknowledged_at or now
        if event.replays != errand.replays:  # asked for again meanwhile: it comes once more, in its turn
            return
        event.attempts += 1
        if outcome.accepted:
            event.delivery, event.next_at, event.delivered_at = DeliveryState.DELIVERED, None, now
        else:
            event.next_at = now + pause_after(event.attempts, self.chance())


def _subscriptions_due(now: datetime) -> Select[UUID]:
    waiting = exists().where(
        DepartmentEvent.department_id == WebhookSubscription.department_id,
        DepartmentEvent.delivery == DeliveryState.WAITING,
        DepartmentEvent.next_at <= now,
    )
    return (
        select(WebhookSubscription.id)
        .join(Department, Department.id == WebhookSubscription.department_id)
        .join(Caller, Caller.id == Department.caller_id)
        .where(
            Caller.disabled_at.is_(None),
            WebhookSubscription.state != SubscriptionState.DISABLED,
            _past(WebhookSubscription.hold_until, now),
            _past(WebhookSubscription.claimed_until, now),
            waiting,
        )
    )


def _next(
    session: Session, subscription: WebhookSubscription, later: Sequence[UUID], now: datetime
) -> tuple[DepartmentEvent | None, Sequence[UUID]]:
    """The first of those found before that is still due, or of those that are found now; and what comes after it."""
    event, rest = _first_due(session, later, now)
    return (event, rest) if event is not None else _first_due(session, _look(session, subscription, now), now)


def _first_due(session: Session, found: Sequence[UUID], now: datetime) -> tuple[DepartmentEvent | None, Sequence[UUID]]:
    """Looked at again: meanwhile it may have been asked for from an earlier event on."""
    for place, event_id in enumerate(found, start=1):
        event = session.scalar(select(DepartmentEvent).where(DepartmentEvent.id == event_id, *_due(now)))
        if event is not None:
            return event, found[place:]
    return None, ()


def _look(session: Session, subscription: WebhookSubscription, now: datetime) -> Sequence[UUID]:
    """What is due, the longest waiting first."""
    statement = (
        select(DepartmentEvent.id)
        .where(DepartmentEvent.department_id == subscription.department_id, *_due(now))
        .order_by(DepartmentEvent.next_at, DepartmentEvent.number)
        .limit(HEADS)
    )
    return session.scalars(statement).all()


def _due(now: datetime) -> tuple[ColumnElement[bool], ...]:
    """Its time has come, and no earlier event of the person waits."""
    earlier = aliased(DepartmentEvent)
    waits_for_another = exists().where(
        earlier.department_id == DepartmentEvent.department_id,
        earlier.pseudonym == DepartmentEvent.pseudonym,
        earlier.delivery == DeliveryState.WAITING,
        earlier.number < DepartmentEvent.number,
    )
    return DepartmentEvent.delivery == DeliveryState.WAITING, DepartmentEvent.next_at <= now, ~waits_for_another


def _may_try(subscription: WebhookSubscription, now: datetime) -> bool:
    return subscription.department.caller.disabled_at is None and _health(subscription).may_try(now)


def _health(row: WebhookSubscription) -> Health:
    return Health(row.state, row.failures, row.failing_since, row.hold_until)


def _set_health(row: WebhookSubscription, health: Health) -> None:
    row.state, row.failures = health.state, health.failures
    row.failing_since, row.hold_until = health.failing_since, health.hold_until


def _wake(session: Session, subscription: WebhookSubscription, now: datetime) -> None:
    """The receiver is back: nothing waits for its own time any more."""
    session.flush()
    session.execute(
        update(DepartmentEvent)
        .where(
            DepartmentEvent.department_id == subscription.department_id,
            DepartmentEvent.delivery == DeliveryState.WAITING,
            DepartmentEvent.next_at > now,
        )
        .values(next_at=now)
        .execution_options(synchronize_session=False)
    )


def _attempt(event: DepartmentEvent, outcome: Outcome, now: datetime) -> WebhookAttempt:
    return WebhookAttempt(
        id=new_id(),
        event_id=event.id,
        at=now,
        status=outcome.status,
        failure=outcome.failure,
        milliseconds=outcome.milliseconds,
    )


def _lock(session: Session, subscription_id: UUID) -> WebhookSubscription:
    whose = joinedload(WebhookSubscription.department, innerjoin=True).joinedload(Department.caller, innerjoin=True)
    statement = select(WebhookSubscription).where(WebhookSubscription.id == subscription_id).options(whose)
    return session.scalars(statement.with_for_update(of=WebhookSubscription)).one()


def _release(subscription: WebhookSubscription, claim: UUID) -> None:
    if subscription.claimed_by == claim:
        subscription.claimed_by = subscription.claimed_until = None


def _is_over(until: datetime | None, now: datetime) -> bool:
    return until is None or until <= now


def _past(column: InstrumentedAttribute[datetime | None], now: datetime) -> ColumnElement[bool]:
    return column.is_(None) | (column <= now)
