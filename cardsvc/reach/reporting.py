"""What the database knows about the reach of revocations, put together for `measuring.py`."""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from cardsvc.callers.models import Caller
from cardsvc.departments.models import Department
from cardsvc.reach.measuring import Party, Settled, measure
from cardsvc.reach.models import Revocation, RevocationAcknowledgement
from cardsvc.webhooks.models import DepartmentEvent, WebhookSubscription
from cardsvc.wire import reach as wire
from cardsvc.wire.officers import CallerKind

DAYS: Final = 30
"""Looked back, unless told otherwise."""
MOST_DAYS: Final = 90
"""As long as acknowledgements are kept."""


@dataclass(frozen=True, slots=True)
class _Revoked:
    """A revocation, and when it was taken back."""

    id: UUID
    number: int | None
    at: datetime
    taken_back_at: datetime | None


def report(session: Session, days: int, now: datetime) -> wire.RevocationReach:
    """The reach of the revocations of so many days until now."""
    since = now - timedelta(days=days)
    revoked = _revoked(session, since)
    parties = [*_kiosks(session, revoked), *_departments(session, revoked)]
    return measure({one.id: one.at for one in revoked}, parties, since=since, now=now)


def _revoked(session: Session, since: datetime) -> list[_Revoked]:
    """In order. What ends a hold is the next thing that happens to the card, if it is restored by it."""
    rows = session.scalars(select(Revocation).where(Revocation.at >= since).order_by(Revocation.id.desc()))
    restored: dict[UUID, datetime] = {}
    found = []
    for row in rows:
        if row.kind is wire.RevocationKind.RESTORED:
            restored[row.card_id] = row.at
            continue
        found.append(_Revoked(row.id, row.number, row.at, restored.pop(row.card_id, None)))
    return found[::-1]


def _kiosks(session: Session, revoked: Sequence[_Revoked]) -> list[Party]:
    acknowledged: dict[UUID, list[tuple[int, datetime]]] = defaultdict(list)
    rows = select(RevocationAcknowledgement).order_by(RevocationAcknowledgement.number)
    for row in session.scalars(rows):
        acknowledged[row.caller_id].append((row.number, row.at))
    kiosks = session.scalars(select(Caller).where(Caller.kind == CallerKind.KIOSK).order_by(Caller.client_id))
    parties = [_kiosk(caller, acknowledged[caller.id], revoked) for caller in kiosks]
    return [party for party in parties if party is not None]


def _kiosk(caller: Caller, acknowledged: Sequence[tuple[int, datetime]], revoked: Sequence[_Revoked]) -> Party | None:
    """None for one that was shut out and had nothing to know."""
    numbers = [number for number, _ in acknowledged]

    def settled(one: _Revoked) -> Settled:
        place = len(numbers) if one.number is None else bisect_left(numbers, one.number)
        heard = acknowledged[place][1] if place < len(acknowledged) else None
        return _first(heard, caller.disabled_at, caller.out_of_service_at, one.taken_back_at)

    duties = {one.id: settled(one) for one in revoked if _is_between(caller.created_at, caller.disabled_at, one.at)}
    if caller.disabled_at is not None and not duties:
        return None
    last = acknowledged[-1][1] if acknowledged else None
    return Party(caller.client_id, wire.PartyKind.KIOSK, duties, last)


def _departments(session: Session, revoked: Sequence[_Revoked]) -> list[Party]:
    statement = (
        select(WebhookSubscription, Caller)
        .join(Department, Department.id == WebhookSubscription.department_id)
        .join(Caller, Caller.id == Department.caller_id)
        .order_by(Department.code)
    )
    by_id = {one.id: one for one in revoked}
    parties = [_department(session, subscription, caller, by_id) for subscription, caller in session.execute(statement)]
    return [party for party in parties if party is not None]


def _department(
    session: Session, subscription: WebhookSubscription, caller: Caller, revoked: Mapping[UUID, _Revoked]
) -> Party | None:
    """None for one whose subscription ended, or that was shut out, and that had nothing to know."""
    ended = _first(subscription.ended_at, caller.disabled_at)
    statement = select(DepartmentEvent.revocation_id, DepartmentEvent.acknowledged_at).where(
        DepartmentEvent.department_id == subscription.department_id, DepartmentEvent.revocation_id.is_not(None)
    )
    duties: dict[UUID, Settled] = {}
    heard: list[datetime] = []
    for revocation_id, acknowledged_at in session.execute(statement):
        heard += [acknowledged_at] if acknowledged_at is not None else []
        one = None if revocation_id is None else revoked.get(revocation_id)
        if one is not None and _is_between(subscription.created_at, ended, one.at):
            duties[one.id] = _first(acknowledged_at, ended, one.taken_back_at)
    if ended is not None and not duties:
        return None
    return Party(caller.client_id, wire.PartyKind.DEPARTMENT, duties, max(heard, default=None))


def _is_between(begin: datetime, end: datetime | None, at: datetime) -> bool:
    return begin <= at and (end is None or at < end)


def _first(*moments: datetime | None) -> Settled:
    known: Collection[datetime] = [moment for moment in moments if moment is not None]
    return min(known, default=None)
