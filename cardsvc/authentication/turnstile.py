"""Authentications that come at the same time share a commit.

A commit waits for the disk, whatever is in it; fifty proofs in one cost hardly more than one. So `SharedWork` has one
transaction take what is waiting, while the next ones gather.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection

from cardsvc.authentication.errors import ProofRefused
from cardsvc.authentication.proofs import Attempt, ProofVerifier, VerifiedCard
from cardsvc.authentication.visits import BegunVisit, VisitTimes, begin_visits
from cardsvc.db import SessionFactory, in_transaction


@dataclass(frozen=True, slots=True)
class Admitted:
    """A card proved itself, and its visit has begun."""

    card: VerifiedCard
    visit: BegunVisit


@dataclass(frozen=True)
class Turnstile:
    """Lets proved cards into visits."""

    sessions: SessionFactory
    proofs: ProofVerifier
    times: VisitTimes

    def admit(self, attempts: Sequence[Attempt]) -> Sequence[Admitted | ProofRefused]:
        """Verify, write down and begin visits, in one transaction that is committed when this returns."""
        return in_transaction(self.sessions, lambda session: self._admit(session.connection(), attempts))

    def _admit(self, connection: Connection, attempts: Sequence[Attempt]) -> Sequence[Admitted | ProofRefused]:
        verdicts = self.proofs.verify_all(connection, attempts)
        cards = [
            (verdict, attempt.actor)
            for verdict, attempt in zip(verdicts, attempts, strict=True)
            if isinstance(verdict, VerifiedCard)
        ]
        visits = iter(begin_visits(connection, cards, times=self.times))
        return [
            Admitted(verdict, next(visits)) if isinstance(verdict, VerifiedCard) else verdict for verdict in verdicts
        ]
