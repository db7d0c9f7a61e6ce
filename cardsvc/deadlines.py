"""What happens because time passes: each rule as a row of a table, with what is due and what is done about it.

Each thing that is due is done in a transaction of its own, which looks again whether it still is: whatever stops the
work, a clerk or a second service that is faster included, the next run goes on from there.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from cardsvc.approvals.models import Approval
from cardsvc.approvals.repository import OPEN
from cardsvc.approvals.service import close
from cardsvc.audit.models import AuditRecord
from cardsvc.audit.service import TRANSITION
from cardsvc.cards.ending import expire_card, revoke_card
from cardsvc.cards.holding import is_over
from cardsvc.cards.models import Card
from cardsvc.cards.service import release_card
from cardsvc.losses.models import LossReport
from cardsvc.sealed import publishing
from cardsvc.sealed.vault import Vault, batch_id, missing_days
from cardsvc.wire.lifecycle import CardState, RevocationReason

ACTOR: Final = "clock"
"""Who did it, in records and histories."""
_MOST: Final = 500
"""So many of a kind in one run; the next one goes on."""


@dataclass(frozen=True, slots=True)
class Moment:
    """When a run takes place, and what the city decided about waiting."""

    now: datetime
    reservation: timedelta
    """So long a blank card may be reserved without being written."""
    vault: Vault
    """The sealed entries."""


@dataclass(frozen=True, slots=True)
class Deadline:
    """One rule."""

    name: str
    find: Callable[[Session, Moment], Sequence[UUID]]
    """Ids of what may be due."""
    meet: Callable[[Session, UUID, Moment], bool]
    """Does it, if it is due still; whether it did something that does not happen every day."""


def _lost_for_good(session: Session, moment: Moment) -> Sequence[UUID]:
    statement = select(LossReport.card_id).where(LossReport.outcome.is_(None), LossReport.found_until <= moment.now)
    return session.scalars(statement.order_by(LossReport.id).limit(_MOST)).all()


def _revoke_lost(session: Session, card_id: UUID, moment: Moment) -> bool:
    card = _lock(session, card_id)
    if card.state is not CardState.HELD or card_id not in _lost_for_good(session, moment):
        return False
    revoke_card(session, card, RevocationReason.LOST, actor=ACTOR, now=moment.now, note="not found in time")
    return True


def _over(*states: CardState) -> Callable[[Session, Moment], Sequence[UUID]]:
    def find(session: Session, moment: Moment) -> Sequence[UUID]:
        statement = select(Card.id).where(Card.state.in_(states), Card.expires_on < moment.now.date())
        return session.scalars(statement.order_by(Card.id).limit(_MOST)).all()

    return find


def _expire(session: Session, card_id: UUID, moment: Moment) -> bool:
    card = _lock(session, card_id)
    if card.state not in {CardState.ACTIVE, CardState.HELD} or not is_over(card, moment.now):
        return False
    expire_card(session, card, actor=ACTOR, now=moment.now)
    return True


def _withdraw(session: Session, card_id: UUID, moment: Moment) -> bool:
    card = _lock(session, card_id)
    if card.state not in {CardState.SEALED, CardState.DELIVERED} or not is_over(card, moment.now):
        return False
    note = "expired before it was activated"
    revoke_card(session, card, RevocationReason.WITHDRAWN, actor=ACTOR, now=moment.now, note=note)
    return True


def _stale_approvals(session: Session, moment: Moment) -> Sequence[UUID]:
    statement = select(Approval.id).where(Approval.state.in_(OPEN), Approval.expires_at <= moment.now)
    return session.scalars(statement.order_by(Approval.id).limit(_MOST)).all()


def _close_approval(session: Session, approval_id: UUID, moment: Moment) -> bool:
    approval = session.get_one(Approval, approval_id, with_for_update=True)
    if approval.state not in OPEN or moment.now < approval.expires_at:
        return False
    close(session, approval, actor=ACTOR, now=moment.now)
    return True


def _stale_reservations(session: Session, moment: Moment) -> Sequence[UUID]:
    statement = (
        select(Card.id)
        .join(AuditRecord, AuditRecord.subject_id == Card.id)
        .where(
            Card.state == CardState.RESERVED,
            AuditRecord.event == TRANSITION,
            AuditRecord.state == CardState.RESERVED.value,
        )
        .group_by(Card.id)
        .having(func.max(AuditRecord.at) <= moment.now - moment.reservation)
    )
    return session.scalars(statement.order_by(Card.id).limit(_MOST)).all()


def _release(session: Session, card_id: UUID, moment: Moment) -> bool:
    card = _lock(session, card_id)
    if card.state is not CardState.RESERVED or card_id not in _stale_reservations(session, moment):
        return False
    release_card(session, card, actor=ACTOR, now=moment.now)
    return True


def _missing_batches(session: Session, moment: Moment) -> Sequence[UUID]:
    return [batch_id(day) for day in missing_days(session, moment.now)]


def _make_batches(session: Session, _batch_id: UUID, moment: Moment) -> bool:
    moment.vault.prepare(session, moment.now)
    return False


def _open_batches(session: Session, _moment: Moment) -> Sequence[UUID]:
    return publishing.find_open(session)


def _write_anew(session: Session, batch_id: UUID, moment: Moment) -> bool:
    moment.vault.write_anew(session, batch_id)
    return False


def _unpublished(session: Session, moment: Moment) -> Sequence[UUID]:
    return publishing.find_unpublished(session, moment.now)


def _publish(session: Session, batch_id: UUID, moment: Moment) -> bool:
    publishing.publish(session, moment.vault, batch_id, actor=ACTOR, now=moment.now)
    return False


def _to_release(session: Session, moment: Moment) -> Sequence[UUID]:
    """Only after a batch was published: to look means to open everything that is kept."""
    return publishing.find_due(session, moment.vault, moment.now) if publishing.find_unswept(session) else []


def _release_entry(session: Session, entry_id: UUID, moment: Moment) -> bool:
    return publishing.release(session, moment.vault, entry_id, actor=ACTOR, now=moment.now)


def _unswept(session: Session, _moment: Moment) -> Sequence[UUID]:
    return publishing.find_unswept(session)


def _sweep(session: Session, batch_id: UUID, moment: Moment) -> bool:
    publishing.sweep(session, batch_id, moment.now)
    return False


def _lock(session: Session, card_id: UUID) -> Card:
    return session.get_one(Card, card_id, with_for_update=True, populate_existing=True)


DEADLINES: Final = (
    Deadline("lost cards revoked", _lost_for_good, _revoke_lost),
    Deadline("cards expired", _over(CardState.ACTIVE, CardState.HELD), _expire),
    Deadline("uncollected cards revoked", _over(CardState.SEALED, CardState.DELIVERED), _withdraw),
    Deadline("approvals closed", _stale_approvals, _close_approval),
    Deadline("reservations released", _stale_reservations, _release),
    Deadline("sealed batches made", _missing_batches, _make_batches),
    Deadline("sealed entries written anew", _open_batches, _write_anew),
    Deadline("sealed batches published", _unpublished, _publish),
    Deadline("sealed entries released", _to_release, _release_entry),
    Deadline("sealed batches swept", _unswept, _sweep),
)
"""In this order. A temporary card that lapses restores nothing: the card that was forgotten stays held until the
temporary one is brought back (DESIGN §5), which an expired one can be, too."""
