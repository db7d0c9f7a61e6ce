"""What becomes of sealed entries in the audit log: each day's commitments, and contents when they are released.

Only a release says whom an entry was about: from then on it is in that person's history, and has a number there.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from cardsvc.audit.service import OK, record
from cardsvc.clock import city_day
from cardsvc.sealed.models import SealedBatch
from cardsvc.sealed.vault import Opened, Vault, lock_all
from cardsvc.wire.sealed import BATCH_EVENT, RELEASE_EVENT

RELEASE: Final = "investigation.release"
"""What a second investigator does, so that an investigation is released before its date."""


def publish(session: Session, vault: Vault, batch_id: UUID, *, actor: str, now: datetime) -> None:
    """Put the commitments of a day that is over into the log, sorted, unless they are there."""
    lock_all(session)
    batch = session.get_one(SealedBatch, batch_id)
    if batch.published_at is not None or batch.day >= city_day(now):
        return
    commitments = sorted(entry.commitment.hex() for entry in vault.close(session, batch, now))
    record(
        session,
        event=BATCH_EVENT,
        outcome=OK,
        actor=actor,
        now=now,
        day=batch.day.isoformat(),
        commitments=commitments,
    )


def find_due(session: Session, vault: Vault, now: datetime) -> list[UUID]:
    """The entries whose date has come, and those of investigations that two people released; oldest first."""
    places = list(vault.open_all(session))
    contents = [place.content for place in places]
    released = {content.investigation for content in contents if (content.event, content.outcome) == (RELEASE, OK)}
    due = [
        (content.at, place.row.id)
        for place, content in zip(places, contents, strict=True)
        if place.can_be_released and (content.release_on <= city_day(now) or content.investigation in released)
    ]
    return [entry_id for _, entry_id in sorted(due)]


def release(session: Session, vault: Vault, entry_id: UUID, *, actor: str, now: datetime) -> bool:
    """Open a commitment in the log, and the person's history; whether that was still to be done."""
    lock_all(session)
    place = vault.open(session, entry_id)
    if place is None or not place.can_be_released:
        return False
    _release(session, place, actor, now)
    return True


def release_all(session: Session, vault: Vault, investigation: UUID, *, actor: str, now: datetime) -> None:
    """Open every commitment of an investigation that is published. The rest is due when it is."""
    places = [place for place in vault.open_all(session) if place.content.investigation == investigation]
    for place in sorted(places, key=lambda place: place.content.at):
        if place.can_be_released:
            _release(session, place, actor, now)


def find_unpublished(session: Session, now: datetime) -> list[UUID]:
    """The batches of days that are over."""
    statement = select(SealedBatch.id).where(SealedBatch.published_at.is_(None), SealedBatch.day < city_day(now))
    return list(session.scalars(statement.order_by(SealedBatch.day)))


def find_open(session: Session) -> list[UUID]:
    """The batches that have places to take."""
    statement = select(SealedBatch.id).where(SealedBatch.published_at.is_(None))
    return list(session.scalars(statement.order_by(SealedBatch.day)))


def find_unswept(session: Session) -> list[UUID]:
    """The batches since whose publication nobody has looked for what is due."""
    statement = select(SealedBatch.id).where(SealedBatch.published_at.is_not(None), SealedBatch.swept_at.is_(None))
    return list(session.scalars(statement.order_by(SealedBatch.day)))


def sweep(session: Session, batch_id: UUID, now: datetime) -> None:
    """Note that everything that was due when the batch was published has been released."""
    batch = session.get_one(SealedBatch, batch_id, with_for_update=True, populate_existing=True)
    batch.swept_at = now


def _release(session: Session, place: Opened, actor: str, now: datetime) -> None:
    content = place.content
    record(
        session,
        event=RELEASE_EVENT,
        outcome=content.outcome,
        actor=actor,
        now=now,
        citizen_id=content.citizen,
        sealed={
            "day": place.batch.day.isoformat(),
            "commitment": place.entry.commitment.hex(),
            "salt": place.entry.salt.hex(),
            "content": place.entry.content.decode(),
        },
    )
    place.row.released_at = now
    session.flush()
