"""The journal of one card's personalisation: what was going to be written is committed before it is sent.

Whatever breaks off, the journal then says which write may or may not have reached the card.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from cardsvc.audit.service import steps_of
from cardsvc.cards.models import Card
from cardsvc.clock import Clock
from cardsvc.db import SessionFactory, new_id, transaction
from cardsvc.issuance.errors import PersonalisationAbandoned
from cardsvc.issuance.models import JournalEntry
from cardsvc.wire.lifecycle import CardState

Preparation = Callable[[Session], object]
"""What has to be committed together with the intent, for example the secret that is about to be sent."""


class Journal:
    """Journals the writes to one card."""

    def __init__(self, sessions: SessionFactory, clock: Clock, card_id: UUID) -> None:
        self._sessions = sessions
        self._clock = clock
        self._card_id = card_id

    @contextmanager
    def write(self, step: str, prepare: Preparation | None = None) -> Iterator[None]:
        """Commit the intent; send the write inside the ``with`` block; commit that it was done, or how it failed.

        Raises PersonalisationAbandoned when the card is not being personalised any more.
        """
        entry_id = self._intend(step, prepare)
        try:
            yield
        except Exception as error:
            self._settle(entry_id, failure=type(error).__name__)
            raise
        self._settle(entry_id)

    def _intend(self, step: str, prepare: Preparation | None) -> UUID:
        with transaction(self._sessions) as session:
            self._require_personalising(session)
            if prepare is not None:
                prepare(session)
            entry = JournalEntry(
                id=new_id(),
                card_id=self._card_id,
                number=_next_number(session, self._card_id),
                step=step,
                intended_at=self._clock(),
            )
            session.add(entry)
            return entry.id

    def _require_personalising(self, session: Session) -> None:
        """Whoever's card was put into quarantine under their hands stops here, before anything else is certified."""
        state = session.scalar(select(Card.state).where(Card.id == self._card_id).with_for_update(read=True))
        if state is not CardState.PERSONALISING:
            raise PersonalisationAbandoned

    def _settle(self, entry_id: UUID, failure: str | None = None) -> None:
        with transaction(self._sessions) as session:
            entry = session.get_one(JournalEntry, entry_id)
            entry.failure = failure
            if failure is None:
                entry.done_at = self._clock()


def last_sign_of_life(session: Session, card_id: UUID) -> datetime | None:
    """When the last write to a card was begun, or its personalisation itself; None when that never was."""
    wrote = select(func.max(JournalEntry.intended_at)).where(JournalEntry.card_id == card_id)
    began = [step.at for step in steps_of(session, card_id) if step.state == CardState.PERSONALISING]
    return max(filter(None, (session.scalar(wrote), *began)), default=None)


def _next_number(session: Session, card_id: UUID) -> int:
    return (session.scalar(select(func.max(JournalEntry.number)).where(JournalEntry.card_id == card_id)) or 0) + 1
