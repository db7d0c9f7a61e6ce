"""The sealed entries as a whole: places are made, taken, written anew and opened, in one order of locks.

Each day in the city has a batch of a fixed number of places. They are there before the day begins, filled with nothing,
sealed; whoever takes one writes over it, and every minute all others are written anew, so that neither the number nor
the age of rows, nor how many were written since (PostgreSQL counts), says how many are taken. A day that has more
entries than places goes on in the next day's batch; when that is full, too, nothing is done.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Final
from uuid import UUID, uuid4

from sqlalchemy import select
from sqlalchemy.orm import Session

from cardsvc.bulk import insert_new
from cardsvc.clock import city_day
from cardsvc.sealed.content import Content, Entry
from cardsvc.sealed.errors import SealedEntriesFull
from cardsvc.sealed.models import SealedBatch, SealedEntry
from cardsvc.trust import sealing
from cardsvc.trust.keystore import KeyName, Keystore
from cardsvc.wire.sealed import SALT_SIZE

AHEAD: Final = timedelta(days=1)
"""So long before its day a batch is there."""


@dataclass(frozen=True, slots=True)
class Opened:
    """A place, and what is in it."""

    batch: SealedBatch
    row: SealedEntry
    entry: Entry

    @property
    def content(self) -> Content:
        """What was done. The place is not free."""
        return Content.from_bytes(self.entry.content)

    @property
    def can_be_released(self) -> bool:
        """Whether its commitment is published, and its content is not."""
        return self.batch.published_at is not None and self.row.released_at is None


@dataclass(frozen=True)
class Vault:
    """Knows the key."""

    keystore: Keystore
    size: int
    """Places in a batch."""
    choose: Callable[[Sequence[Opened]], Opened] = secrets.choice

    def write(self, session: Session, now: datetime, make: Callable[[UUID], Content], spare: int = 0) -> Content:
        """Take a free place of a batch with more than ``spare`` of them, for a content that may say its id.

        Raises SealedEntriesFull, also when whoever does it has taken half a batch that day: one alone stops nobody.
        """
        self.prepare(session, now)
        batches = [batch for batch in _lock(session, since=city_day(now)) if batch.published_at is None]
        opened = [self.open_batch(session, batch) for batch in batches]
        for batch, places in zip(batches, opened, strict=True):
            free = [place for place in places if place.entry.is_free]
            if len(free) > spare:
                place = self.choose(free)
                content = make(place.row.id)
                if _taken_by(content.actor, city_day(now), opened) >= self.size // 2:
                    break
                taken = Entry(secrets.token_bytes(SALT_SIZE), bytes(content), _turn(places) + 1)
                self._seal(batch, place.row, taken)
                session.flush()
                return content
        raise SealedEntriesFull

    def prepare(self, session: Session, now: datetime) -> None:
        """Make the batches that are missing."""
        for day in missing_days(session, now):
            self._make(session, day)

    def write_anew(self, session: Session, batch_id: UUID) -> None:
        """Seal every place of a batch again that was not taken since this was done last, unless it is published.

        So each place is written once, by this or by whoever took it.
        """
        batch = session.get_one(SealedBatch, batch_id, with_for_update=True, populate_existing=True)
        if batch.published_at is None:
            places = self.open_batch(session, batch)
            self._reseal(session, batch, [place for place in places if place.entry.turn == _turn(places)])

    def close(self, session: Session, batch: SealedBatch, now: datetime) -> list[Entry]:
        """Let nobody take a place any more; what is in all of them."""
        batch.published_at = now
        places = self.open_batch(session, batch)
        self._reseal(session, batch, places)
        return [place.entry for place in places]

    def open_all(self, session: Session, since: date = date.min) -> Iterator[Opened]:
        """What is in the places that are taken, oldest batch first."""
        statement = select(SealedBatch).where(SealedBatch.day >= since).order_by(SealedBatch.day)
        for batch in session.scalars(statement).all():
            yield from (place for place in self.open_batch(session, batch) if not place.entry.is_free)

    def open_batch(self, session: Session, batch: SealedBatch) -> list[Opened]:
        """What is in a batch's places."""
        key = self._open_key(batch)
        rows = session.scalars(
            select(SealedEntry).where(SealedEntry.batch_id == batch.id).order_by(SealedEntry.position)
        ).all()
        return [Opened(batch, row, _unseal(key, row)) for row in rows]

    def open(self, session: Session, entry_id: UUID) -> Opened | None:
        """What is in one place; None when it is free, or there is none."""
        row = session.get(SealedEntry, entry_id)
        if row is None:
            return None
        batch = session.get_one(SealedBatch, row.batch_id)
        entry = _unseal(self._open_key(batch), row)
        return None if entry.is_free else Opened(batch, row, entry)

    def _make(self, session: Session, day: date) -> None:
        key, identity = secrets.token_bytes(sealing.KEY_SIZE), batch_id(day)
        wrapped = self.keystore.seal(KeyName.SEALED_ENTRIES, key, _key_context(identity))
        batch = {"id": identity, "day": day, "wrapped_key": wrapped}
        if not insert_new(session.connection(), SealedBatch, [batch], unique=["id"]):
            return  # another process made it this moment
        for position in range(self.size):
            row = SealedEntry(id=uuid4(), batch_id=identity, position=position)
            row.sealed = _sealed(key, row.id, Entry(secrets.token_bytes(SALT_SIZE)))
            session.add(row)
        session.flush()

    def _reseal(self, session: Session, batch: SealedBatch, places: Sequence[Opened]) -> None:
        key = self._open_key(batch)
        for place in places:
            place.row.sealed = _sealed(key, place.row.id, replace(place.entry, turn=place.entry.turn + 1))
        session.flush()

    def _seal(self, batch: SealedBatch, row: SealedEntry, entry: Entry) -> None:
        row.sealed = _sealed(self._open_key(batch), row.id, entry)

    def _open_key(self, batch: SealedBatch) -> bytes:
        return self.keystore.open(KeyName.SEALED_ENTRIES, batch.wrapped_key, _key_context(batch.id))


def _turn(places: Sequence[Opened]) -> int:
    """How often the batch was written anew: a place that was taken since is one ahead."""
    return min(place.entry.turn for place in places)


def _taken_by(actor: str, day: date, opened: Iterable[Sequence[Opened]]) -> int:
    contents = [place.content for places in opened for place in places if not place.entry.is_free]
    return sum(content.actor == actor and city_day(content.at) == day for content in contents)


def batch_id(day: date) -> UUID:
    """The id of a day's batch."""
    return UUID(int=day.toordinal())


def missing_days(session: Session, now: datetime) -> list[date]:
    """The days that have no batch and should: from the one after the last batch to the one after today."""
    today = city_day(now)
    last = session.scalar(select(SealedBatch.day).order_by(SealedBatch.day.desc()).limit(1))
    first, end = today if last is None else last + timedelta(days=1), today + AHEAD
    return [first + timedelta(days=number) for number in range((end - first).days + 1)]


def lock_all(session: Session) -> None:
    """Let nobody else write, publish or release meanwhile."""
    _lock(session, since=date.min)


def _lock(session: Session, since: date) -> Sequence[SealedBatch]:
    """The batches from a day on, locked: before their places, in one order everywhere."""
    statement = select(SealedBatch).where(SealedBatch.day >= since).order_by(SealedBatch.day)
    return session.scalars(statement.with_for_update().execution_options(populate_existing=True)).all()


def _sealed(key: bytes, entry_id: UUID, entry: Entry) -> bytes:
    return sealing.seal(key, bytes(entry), _entry_context(entry_id))


def _unseal(key: bytes, row: SealedEntry) -> Entry:
    return Entry.from_bytes(sealing.unseal(key, row.sealed, _entry_context(row.id)))


def _key_context(identity: UUID) -> bytes:
    return b"sealed/key/" + identity.bytes


def _entry_context(entry_id: UUID) -> bytes:
    return b"sealed/entry/" + entry_id.bytes
