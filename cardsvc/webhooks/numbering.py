"""Giving events and revocations their places, each in its feed, without gaps and each once.

Transactions write theirs without a number, and end in another order than they begin. A number is given to what is
committed, by one process at a time: whoever has read up to a number has missed nothing before it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import exists, func, or_, select, text
from sqlalchemy.orm import Session, aliased

from cardsvc.db import SessionFactory, looking_up, table_of, transaction
from cardsvc.reach.models import Revocation
from cardsvc.webhooks.models import DepartmentEvent, WebhookSubscription
from cardsvc.wire.webhooks import DeliveryState, SubscriptionState

LARGEST_BATCH: Final = 200
"""So many in a transaction: in SQLite nobody else writes meanwhile."""
_LOCK: Final = text("SELECT pg_try_advisory_xact_lock(659121973325631018)")
"""The number is SHA-256("citizen-card/outbox")[:8] without its first bit: nobody else's lock."""
_events, _revocations = table_of(DepartmentEvent), table_of(Revocation)
_ANY: Final = select(or_(exists().where(_events.c.number.is_(None)), exists().where(_revocations.c.number.is_(None))))


def number_all(sessions: SessionFactory, now: datetime) -> int:
    """Give everything that waits its number, and what is to be delivered its first turn; how many there were."""
    done = 0
    while _anything_waits(sessions):
        with transaction(sessions) as session:
            count = _number_revocations(session) + _number_events(session, now) if _alone(session) else 0
        if not count:  # another process is at it
            break
        done += count
    return done


def in_order(events: Sequence[DepartmentEvent]) -> list[DepartmentEvent]:
    """By time; those of one person by the person's own count, whatever two servers' clocks say."""
    by_person: dict[tuple[UUID, str], list[DepartmentEvent]] = defaultdict(list)
    for event in events:
        by_person[_person(event)].append(event)
    turns = {
        person: iter(sorted(theirs, key=lambda event: (event.turn, _moment(event))))
        for person, theirs in by_person.items()
    }
    return [next(turns[_person(event)]) for event in sorted(events, key=_moment)]


def _number_revocations(session: Session) -> int:
    statement = select(Revocation).where(Revocation.number.is_(None)).order_by(Revocation.id).limit(LARGEST_BATCH)
    waiting = session.scalars(statement).all()
    first = (session.scalar(select(func.max(Revocation.number))) or 0) + 1
    for number, revocation in enumerate(waiting, start=first):
        revocation.number = number
    return len(waiting)


def _number_events(session: Session, now: datetime) -> int:
    waiting = _next_batch(session)
    numbers = {department: _numbers(session, department) for department in {event.department_id for event in waiting}}
    subscribed = set(
        session.scalars(
            select(WebhookSubscription.department_id).where(WebhookSubscription.state != SubscriptionState.DISABLED)
        )
    )
    for event in in_order(waiting):
        event.number = next(numbers[event.department_id])
        if event.department_id in subscribed:
            event.delivery, event.next_at = DeliveryState.WAITING, now
    return len(waiting)


def _next_batch(session: Session) -> list[DepartmentEvent]:
    """So many, and what the same people have to wait for: a server's clock may have put it far behind them."""
    statement = select(DepartmentEvent).where(DepartmentEvent.number.is_(None))
    oldest = statement.order_by(DepartmentEvent.occurred_at, DepartmentEvent.id).limit(LARGEST_BATCH)
    batch = session.scalars(oldest).all()
    later = aliased(DepartmentEvent)
    waited_for = exists().where(
        later.id.in_([event.id for event in batch]),
        later.department_id == DepartmentEvent.department_id,
        later.pseudonym == DepartmentEvent.pseudonym,
        later.turn > DepartmentEvent.turn,
    )
    return list({event.id: event for event in (*batch, *session.scalars(statement.where(waited_for)))}.values())


def _numbers(session: Session, department_id: UUID) -> Iterator[int]:
    """From the next one on. The newest event of a department is never deleted, so none comes twice."""
    last = session.scalar(
        select(func.max(DepartmentEvent.number)).where(DepartmentEvent.department_id == department_id)
    )
    number = last or 0
    while True:
        number += 1
        yield number


def _moment(event: DepartmentEvent) -> tuple[datetime, UUID]:
    return event.occurred_at, event.id


def _person(event: DepartmentEvent) -> tuple[UUID, str]:
    return event.department_id, event.pseudonym


def _anything_waits(sessions: SessionFactory) -> bool:
    with looking_up(sessions) as connection:
        return bool(connection.scalar(_ANY))


def _alone(session: Session) -> bool:
    """Whether nobody else gives numbers, until the end of the transaction. In SQLite whoever writes is alone."""
    connection = session.connection()
    return connection.dialect.name != "postgresql" or bool(connection.scalar(_LOCK))
