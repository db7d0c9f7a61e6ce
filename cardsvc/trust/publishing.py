"""What is signed once and told to everybody: signed anew when it says something else, or grows old.

The newest statement is in the database, where all processes of a service find it; each remembers for a few seconds what
it found. So a change is seen everywhere within `RECHECK`, and a flood of requests costs neither signatures nor queries.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from threading import Lock
from typing import Final

from sqlalchemy import ColumnElement, and_, delete, select
from sqlalchemy.orm import Session

from cardsvc.bulk import insert_new
from cardsvc.clock import Clock
from cardsvc.db import SessionFactory, in_transaction, new_id, reading
from cardsvc.trust.models import Publication, PublishedStatement

RECHECK: Final = timedelta(seconds=5)
"""How long nobody looks again whether a statement is still true."""
KEPT: Final = 10
"""So many earlier statements of a subject are kept: for whoever asks what was said lately."""


@dataclass(frozen=True, slots=True)
class Draft:
    """What there is to say now."""

    says: bytes
    """Everything about it except number and times, in one way of writing: if it is the same, so is the statement."""
    sign: Callable[[int, datetime, datetime], bytes]
    """Makes the statement, from its number, its time and its next update."""


@dataclass(frozen=True, slots=True)
class Topic:
    """What is told about whom, how to find out what to say, and how long that may be relied on.

    A statement is made anew when half of that is over, so that nobody is left with an old one if we fail for a while.
    """

    kind: Publication
    subject: str
    lifetime: timedelta
    draft: Callable[[Session, datetime], Draft]


class Publisher:
    """Keeps statements true. Safe to share between threads."""

    def __init__(self, sessions: SessionFactory, clock: Clock) -> None:
        self._sessions = sessions
        self._clock = clock
        self._known: dict[tuple[Publication, str], tuple[datetime, PublishedStatement | None]] = {}
        self._lock = Lock()

    def current(self, topic: Topic) -> PublishedStatement:
        """What is true of the topic now, or was `RECHECK` ago."""
        now = self._clock()
        known = self._known_at(topic, now)
        if known is not None:
            return known
        with self._lock:  # one of many that ask at once looks, the others get what it found
            known = self._known_at(topic, now)
            if known is None:
                known = self._check(topic, now)
                self._known[topic.kind, topic.subject] = (now, known)
        return known

    def _known_at(self, topic: Topic, now: datetime) -> PublishedStatement | None:
        checked_at, statement = self._known.get((topic.kind, topic.subject), (now - RECHECK, None))
        return statement if timedelta(0) <= now - checked_at < RECHECK else None

    def _check(self, topic: Topic, now: datetime) -> PublishedStatement:
        with reading(self._sessions) as session:
            newest = _find_newest(session, topic)
            if newest is not None and _still_holds(newest, topic, topic.draft(session, now), now):
                return newest
        return in_transaction(self._sessions, lambda session: _publish(session, topic, now))


def _still_holds(newest: PublishedStatement, topic: Topic, draft: Draft, now: datetime) -> bool:
    says_the_same = newest.content_sha256 == hashlib.sha256(draft.says).digest()
    return says_the_same and newest.made_at <= now < newest.made_at + topic.lifetime / 2


def _publish(session: Session, topic: Topic, now: datetime) -> PublishedStatement:
    """Sign and store the next statement. Of two processes that do so at once, one does, and the other reads it."""
    newest, draft = _find_newest(session, topic), topic.draft(session, now)
    if newest is not None and _still_holds(newest, topic, draft, now):
        return newest
    number = 1 if newest is None else newest.number + 1
    row = {
        "id": new_id(),
        "kind": topic.kind,
        "subject": topic.subject,
        "number": number,
        "content": draft.sign(number, now, now + topic.lifetime),
        "content_sha256": hashlib.sha256(draft.says).digest(),
        "made_at": now,
        "next_update": now + topic.lifetime,
    }
    insert_new(session.connection(), PublishedStatement, [row], unique=["kind", "subject", "number"])
    session.execute(
        delete(PublishedStatement)
        .where(_is_about(topic), PublishedStatement.number <= number - KEPT)
        .execution_options(synchronize_session=False)
    )
    return session.scalars(
        select(PublishedStatement).where(_is_about(topic), PublishedStatement.number == number)
    ).one()


def _find_newest(session: Session, topic: Topic) -> PublishedStatement | None:
    statement = select(PublishedStatement).where(_is_about(topic)).order_by(PublishedStatement.number.desc()).limit(1)
    return session.scalars(statement).first()


def _is_about(topic: Topic) -> ColumnElement[bool]:
    return and_(PublishedStatement.kind == topic.kind, PublishedStatement.subject == topic.subject)
