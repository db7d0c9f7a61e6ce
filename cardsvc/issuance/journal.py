"""The journal of writes to a card: what was going to be written is committed before it is sent.

Whatever breaks off, the journal then says which write may or may not have reached the card.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, cast
from uuid import UUID

from sqlalchemy import CursorResult, func, select, update
from sqlalchemy.orm import Session

from cardsvc.clock import Clock
from cardsvc.db import SessionFactory, new_id, reading, transaction
from cardsvc.issuance.attempts import Turn, require_turn
from cardsvc.issuance.models import JournalEntry, Verdict

Doing = Callable[[Session], object]
"""What has to be committed together with an intent, for example the secret that is about to be sent; or with its
result."""


class Journal:
    """Journals the writes of one turn, and knows those of the turns before."""

    def __init__(self, sessions: SessionFactory, clock: Clock, turn: Turn) -> None:
        self._sessions = sessions
        self._clock = clock
        self._turn = turn

    @contextmanager
    def write(
        self, step: str, prepare: Doing | None = None, *, content: bytes | None = None, confirm: Doing | None = None
    ) -> Iterator[None]:
        """Commit the intent; send the write inside the ``with`` block; commit that it was done, or how it failed.

        ``content`` is the object that is written, to be known again. Raises TakenOver, CallerShutOut: nothing was sent.
        """
        entry_id = self._intend(step, prepare, content)
        try:
            yield
        except Exception as error:
            self._fail(entry_id, type(error).__name__)
            raise
        self._finish(entry_id, confirm)

    def decide(self, step: str, verdict: Verdict, confirm: Doing | None = None) -> None:
        """Say of a step's writes that nobody knew about what became of them. Raises TakenOver, CallerShutOut."""
        with transaction(self._sessions) as session:
            require_turn(session, self._turn, self._clock())
            if confirm is not None:
                confirm(session)
            session.execute(
                update(JournalEntry)
                .where(
                    JournalEntry.card_id == self._turn.card_id,
                    JournalEntry.step == step,
                    JournalEntry.done_at.is_(None),
                    JournalEntry.verdict.is_(None),
                )
                .values(verdict=verdict)
            )

    def newest(self, step: str) -> JournalEntry | None:
        """The last time that a step was begun, whoever's turn it was."""
        with reading(self._sessions) as session:
            return newest_entry(session, self._turn.card_id, step)

    def unanswered(self, step: str, resetting: tuple[str, ...]) -> int:
        """How often a step was begun and not done since it, or one of ``resetting``, was done last."""
        with reading(self._sessions) as session:
            done = select(func.max(JournalEntry.number)).where(
                JournalEntry.card_id == self._turn.card_id,
                JournalEntry.step.in_((step, *resetting)),
                JournalEntry.done_at.is_not(None),
            )
            since = session.scalar(done) or 0
            counted = select(func.count()).where(
                JournalEntry.card_id == self._turn.card_id, JournalEntry.step == step, JournalEntry.number > since
            )
            return session.scalar(counted) or 0

    def _intend(self, step: str, prepare: Doing | None, content: bytes | None) -> UUID:
        with transaction(self._sessions) as session:
            require_turn(session, self._turn, self._clock())
            if prepare is not None:
                prepare(session)
            entry = JournalEntry(
                id=new_id(),
                card_id=self._turn.card_id,
                attempt_id=self._turn.attempt_id,
                number=_next_number(session, self._turn.card_id),
                step=step,
                content_sha256=None if content is None else hashlib.sha256(content).digest(),
                intended_at=self._clock(),
            )
            session.add(entry)
            return entry.id

    def _finish(self, entry_id: UUID, confirm: Doing | None) -> None:
        """Unless whoever took over has decided about it: they have read the card since."""
        with transaction(self._sessions) as session:
            undecided = (
                update(JournalEntry)
                .where(JournalEntry.id == entry_id, JournalEntry.verdict.is_(None))
                .values(done_at=self._clock())
            )
            settled = cast("CursorResult[Any]", session.execute(undecided)).rowcount
            if settled and confirm is not None:
                confirm(session)

    def _fail(self, entry_id: UUID, failure: str) -> None:
        with transaction(self._sessions) as session:
            session.get_one(JournalEntry, entry_id).failure = failure


def newest_entry(session: Session, card_id: UUID, step: str) -> JournalEntry | None:
    """The last time that a step was begun on a card."""
    return session.scalar(
        select(JournalEntry)
        .where(JournalEntry.card_id == card_id, JournalEntry.step == step)
        .order_by(JournalEntry.number.desc())
        .limit(1)
    )


def find_card_of(session: Session, step: str, content: bytes) -> UUID | None:
    """The card that this object was written to, or was going to be, in this step."""
    digest = hashlib.sha256(content).digest()
    return session.scalar(
        select(JournalEntry.card_id).where(JournalEntry.content_sha256 == digest, JournalEntry.step == step).limit(1)
    )


def _next_number(session: Session, card_id: UUID) -> int:
    return (session.scalar(select(func.max(JournalEntry.number)).where(JournalEntry.card_id == card_id)) or 0) + 1
