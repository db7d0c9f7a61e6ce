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
    OwnReaders,
    Presence,
    ReaderDepartment,
    Telling,
    Told,
    find_departments,
    objection_of,
)
from cardsvc.authentication.proofs import Attempt, ProofVerifier, VerifiedCard
from cardsvc.authentication.visits import BegunVisit, VisitTimes, begin_visits
from cardsvc.callers.entering import enter_all
from cardsvc.callers.principal import Entry, Principal
from cardsvc.db import SessionFactory, in_transaction
from cardsvc.errors import ServiceError
from cardsvc.wire.authentication import CardProof


@dataclass(frozen=True, slots=True)
class Knock:
    """Somebody shows a proof: a kiosk or a desk, or a department at a reader of its own, for one of its services."""

    proof: CardProof
    entry: Entry
    now: datetime
    service: str | None = None


@dataclass(frozen=True, slots=True)
class Admitted:
    """A card proved itself, and its visit has begun."""

    card: VerifiedCard
    visit: BegunVisit


Outcome = Admitted | Told | ServiceError
"""A refusal is a value."""


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
        callers = enter_all(connection, [knock.entry for knock in knocks], max(knock.now for knock in knocks))
        guests = [_Guest(knock, who) for knock, who in zip(knocks, callers, strict=True) if isinstance(who, Principal)]
        departments = find_departments(connection, {guest.actor.caller_id for guest in guests if guest.knock.service})
        verdicts = self.proofs.verify_all(connection, [guest.attempt(departments) for guest in guests])
        proved = [(card, who) for card, who in zip(verdicts, guests, strict=True) if isinstance(card, VerifiedCard)]
        arrived = [(card, guest.actor) for card, guest in proved if guest.knock.service is None]
        visits = begin_visits(connection, arrived, times=self.times)
        present = [
            Presence(card, departments[guest.actor.caller_id], guest.actor, guest.knock.service)
            for card, guest in proved
            if guest.knock.service is not None
        ]
        admitted = [Admitted(card, visit) for (card, _), visit in zip(arrived, visits, strict=True)]
        return _Admission(callers, verdicts, admitted, self.own_readers.tell(connection, present))


@dataclass(frozen=True, slots=True)
class _Guest:
    """Somebody who may come in."""

    knock: Knock
    actor: Principal

    def attempt(self, departments: Mapping[UUID, ReaderDepartment]) -> Attempt:
        """What is to be verified, and what stands against it whatever comes of that."""
        knock = self.knock
        if knock.service is None:
            return Attempt(knock.proof, self.actor, knock.now)
        department = departments.get(self.actor.caller_id)
        detail = {"service": knock.service} | (
            {} if department is None else {"policy_version": department.policy_version}
        )
        objection = objection_of(department, knock.proof.level, knock.service)
        return Attempt(knock.proof, self.actor, knock.now, OWN_READER, objection, detail)


@dataclass(frozen=True, slots=True)
class _Admission:
    """What a transaction came to."""

    callers: Sequence[Principal | ServiceError]
    """For each knock; those that may not come in stay outside, and are on record nowhere yet."""
    verdicts: Sequence[VerifiedCard | ServiceError]
    """For each of those that came in."""
    admitted: Sequence[Admitted]
    telling: Telling

    def outcomes(self) -> list[Outcome]:
        """In the order of the knocks."""
        of_card: dict[UUID, Outcome] = {one.card.record_id: one for one in self.admitted}
        of_card |= self.telling.told()
        verdicts = iter(self.verdicts)
        return [
            caller if isinstance(caller, ServiceError) else _outcome(next(verdicts), of_card) for caller in self.callers
        ]


def _outcome(verdict: VerifiedCard | ServiceError, of_card: Mapping[UUID, Outcome]) -> Outcome:
    return of_card[verdict.record_id] if isinstance(verdict, VerifiedCard) else verdict.recorded()
