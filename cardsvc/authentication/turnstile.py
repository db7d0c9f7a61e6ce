"""Authentications that come at the same time share a commit.

A commit waits for the disk, whatever is in it; fifty proofs in one cost hardly more than one. So `SharedWork` has one
transaction take what is waiting, while the next ones gather.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection

from cardsvc.authentication.own_readers import (
    OWN_READER,
    Office,
    OwnReaders,
    Presence,
    Told,
    find_offices,
    objection_of,
)
from cardsvc.authentication.proofs import Attempt, ProofVerifier, VerifiedCard
from cardsvc.authentication.visits import BegunVisit, VisitTimes, begin_visits
from cardsvc.callers.principal import Principal
from cardsvc.db import SessionFactory, in_transaction
from cardsvc.errors import ServiceError
from cardsvc.wire.authentication import CardProof


@dataclass(frozen=True, slots=True)
class Knock:
    """Somebody shows a proof: a kiosk or a desk, or a department at a reader of its own, for one of its services."""

    proof: CardProof
    actor: Principal
    now: datetime
    service: str | None = None


@dataclass(frozen=True, slots=True)
class Admitted:
    """A card proved itself, and its visit has begun."""

    card: VerifiedCard
    visit: BegunVisit


Outcome = Admitted | Told | ServiceError
"""A refusal is a value, and on record."""


@dataclass(frozen=True)
class Turnstile:
    """Lets proved cards into visits, and tells departments about those at their own readers."""

    sessions: SessionFactory
    proofs: ProofVerifier
    own_readers: OwnReaders
    times: VisitTimes

    def admit(self, knocks: Sequence[Knock]) -> Sequence[Outcome]:
        """Verify, write down, begin visits and make assertions, in one transaction that is committed on return."""
        return in_transaction(self.sessions, lambda session: self._admit(session.connection(), knocks))

    def _admit(self, connection: Connection, knocks: Sequence[Knock]) -> Sequence[Outcome]:
        offices = find_offices(connection, {knock.actor.caller_id for knock in knocks if knock.service is not None})
        verdicts = self.proofs.verify_all(connection, [_attempt(knock, offices) for knock in knocks])
        proved = [
            (verdict, knock)
            for verdict, knock in zip(verdicts, knocks, strict=True)
            if isinstance(verdict, VerifiedCard)
        ]
        outcomes = self._begin_visits(connection, proved) | self._tell(connection, proved, offices)
        return [outcomes[v.record_id] if isinstance(v, VerifiedCard) else v for v in verdicts]

    def _begin_visits(
        self, connection: Connection, proved: Sequence[tuple[VerifiedCard, Knock]]
    ) -> dict[UUID, Outcome]:
        cards = [(card, knock.actor) for card, knock in proved if knock.service is None]
        visits = begin_visits(connection, cards, times=self.times)
        return {card.record_id: Admitted(card, visit) for (card, _), visit in zip(cards, visits, strict=True)}

    def _tell(
        self,
        connection: Connection,
        proved: Sequence[tuple[VerifiedCard, Knock]],
        offices: Mapping[UUID, Office],
    ) -> dict[UUID, Outcome]:
        present = [
            Presence(card, offices[knock.actor.caller_id], knock.actor, knock.service)
            for card, knock in proved
            if knock.service is not None
        ]
        return {told.card.record_id: told for told in self.own_readers.tell(connection, present)}


def _attempt(knock: Knock, offices: Mapping[UUID, Office]) -> Attempt:
    if knock.service is None:
        return Attempt(knock.proof, knock.actor, knock.now)
    office = offices.get(knock.actor.caller_id)
    detail = {"service": knock.service} | ({} if office is None else {"policy_version": office.policy_version})
    objection = objection_of(office, knock.proof.level, knock.service)
    return Attempt(knock.proof, knock.actor, knock.now, OWN_READER, objection, detail)
