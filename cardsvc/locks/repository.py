"""Keeping locks, and the cards' rows in step with them."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from cardsvc.cards.models import Card
from cardsvc.db import new_id
from cardsvc.locks.checking import target_of
from cardsvc.locks.models import CardLock
from cardsvc.wire.lifecycle import CardState

_IN_USE: Final = frozenset({CardState.ACTIVE, CardState.HELD})
"""The cards that know of their locks. Others get to know when they are activated."""


def locks_of(session: Session, citizen_id: UUID) -> list[CardLock]:
    """In the order in which they were set."""
    return list(session.scalars(select(CardLock).where(CardLock.citizen_id == citizen_id).order_by(CardLock.id)))


def add_lock(session: Session, citizen_id: UUID, target: str, cards: Iterable[Card], *, now: datetime) -> bool:
    """Lock, with all cards of the citizen locked as rows; whether it was unlocked before."""
    statement = select(CardLock.id).where(CardLock.citizen_id == citizen_id, CardLock.target == target)
    if session.scalar(statement) is not None:
        return False
    session.add(CardLock(id=new_id(), citizen_id=citizen_id, target=target, since=now))
    write_on_cards(session, citizen_id, cards)
    return True


def remove_lock(session: Session, citizen_id: UUID, target: str, cards: Iterable[Card]) -> bool:
    """Unlock, with all cards of the citizen locked as rows; whether it was locked."""
    statement = delete(CardLock).where(CardLock.citizen_id == citizen_id, CardLock.target == target)
    removed = session.scalars(statement.returning(CardLock.id)).all()
    write_on_cards(session, citizen_id, cards)
    return bool(removed)


def write_on_cards(session: Session, citizen_id: UUID, cards: Iterable[Card]) -> None:
    """Repeat the citizen's locks on the rows of those cards that are in use."""
    session.flush()
    targets = tuple(sorted(lock.target for lock in locks_of(session, citizen_id)))
    for card in cards:
        if card.state in _IN_USE:
            card.locks = targets


def forget_locks(session: Session, citizen_id: UUID) -> None:
    """Of somebody who is erased."""
    session.execute(delete(CardLock).where(CardLock.citizen_id == citizen_id))
    for card in session.scalars(select(Card).where(Card.citizen_id == citizen_id)):
        card.locks = ()


def who_locked(session: Session, department: str, citizens: Collection[UUID]) -> frozenset[UUID]:
    """Which of these people have locked their cards for a department: it is told nothing more about them.

    Whoever is locking at this moment is waited for, and who comes later waits for the commit.
    """
    rows = select(Card.id).where(Card.citizen_id.in_(citizens)).order_by(Card.id).with_for_update(read=True)
    session.execute(rows).all()
    statement = select(CardLock.citizen_id).where(
        CardLock.citizen_id.in_(citizens), CardLock.target == target_of(department, None)
    )
    return frozenset(session.scalars(statement))
