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
    Telling,
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
        """Verify, write down, begin visits and make assertions, in one transaction that is committed on return.

        Assertions are signed while the database works, and given out when it has committed.
        """
        admission = in_transaction(self.sessions, lambda session: self._admit(session.connection(), knocks))
        return admission.outcomes()

    def _admit(self, connection: Connection, knocks: Sequence[Knock]) -> _Admission:
        offices = find_offices(connection, {knock.actor.caller_id for knock in knocks if knock.service is not None})
        verdicts = self.proofs.verify_all(connection, [_attempt(knock, offices) for knock in knocks])
        proved = [(card, knock) for card, knock in zip(verdicts, knocks, strict=True) if isinstance(card, VerifiedCard)]
        arrived = [(card, knock.actor) for card, knock in proved if knock.service is None]
        visits = begin_visits(connection, arrived, times=self.times)
        present = [
            Presence(card, offices[knock.actor.caller_id], knock.actor, knock.service)
            for card, knock in proved
            if knock.service is not None
        ]
        admitted = [Admitted(card, visit) for (card, _), visit in zip(arrived, visits, strict=True)]
        return _Admission(verdicts, admitted, self.own_readers.tell(connection, present))


@dataclass(frozen=True, slots=True)
class _Admission:
    """What a transaction came to."""

    verdicts: Sequence[VerifiedCard | ServiceError]
    admitted: Sequence[Admitted]
    telling: Telling

    def outcomes(self) -> list[Outcome]:
        """In the order of the knocks."""
        of_card: dict[UUID, Outcome] = {one.card.record_id: one for one in self.admitted}
        of_card |= {one.card.record_id: one for one in self.telling.told()}
        return [of_card[card.record_id] if isinstance(card, VerifiedCard) else card for card in self.verdicts]


def _attempt(knock: Knock, offices: Mapping[UUID, Office]) -> Attempt:
    if knock.service is None:
        return Attempt(knock.proof, knock.actor, knock.now)
    office = offices.get(knock.actor.caller_id)
    detail = {"service": knock.service} | ({} if office is None else {"policy_version": office.policy_version})
    objection = objection_of(office, knock.proof.level, knock.service)
    return Attempt(knock.proof, knock.actor, knock.now, OWN_READER, objection, detail)
