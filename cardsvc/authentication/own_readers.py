"""Cards at departments' own readers: the department hears at once who is there, by its own name for the person.

There is no visit and no kiosk to ask for the citizen's consent, so no attributes. The department sees the card's UUID,
which joins what departments know; that is why its policy must allow it a reader for the level (``reader_levels``).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import structlog
from sqlalchemy import Connection, func, select
from sqlalchemy.orm import Session

from cardsvc.authentication.errors import AssertionNotSigned, DepartmentUnknown, ServiceNotCovered, StepUpRequired
from cardsvc.authentication.proofs import Acceptance, VerifiedCard
from cardsvc.bulk import among
from cardsvc.callers.principal import Principal
from cardsvc.db import table_of
from cardsvc.departments.errors import ReaderNotCovered
from cardsvc.departments.inquiries import Meeting, note_meetings
from cardsvc.departments.models import Department, Policy
from cardsvc.departments.policy import PolicyRules, parse_policy
from cardsvc.departments.pseudonym import pseudonym
from cardsvc.errors import ServiceError
from cardsvc.trust.key_ring import KeyRing
from cardsvc.trust.keystore import KeyName, Keystore
from cardsvc.trust.models import CertificateStatus
from cardsvc.wire.authentication import ASSERTION_TYP, AssertionClaims
from cardsvc.wire.jose import Signer
from cardsvc.wire.levels import Level
from cardsvc.wire.lifecycle import CardState

_log = structlog.get_logger("cardsvc.own-readers")

EVENT: Final = "card-authentication"
OWN_READER: Final = Acceptance(
    event=EVENT,
    levels=frozenset({Level.TAP, Level.PIN}),
    states=frozenset({CardState.ACTIVE}),
    statuses=frozenset({CertificateStatus.VALID}),
)


@dataclass(frozen=True, slots=True)
class ReaderDepartment:
    """A department, and what its policy in force lets it do."""

    id: UUID
    code: str
    policy_version: int
    rules: PolicyRules

    def objection(self, level: Level, service: str) -> ServiceError | None:
        """Why it may not authenticate a card at this level for this service."""
        rule = self.rules.services.get(service)
        if level not in self.rules.reader_levels:
            return ReaderNotCovered(level)
        if rule is None:
            return ServiceNotCovered()
        return StepUpRequired(rule.level) if level < rule.level else None


Acquainted = tuple[UUID, str]
"""A department's id, and its name for a person."""


@dataclass(frozen=True, slots=True)
class Presence:
    """A card has proved itself at a department's reader, for one of its services."""

    card: VerifiedCard
    department: ReaderDepartment
    actor: Principal
    service: str


@dataclass(frozen=True, slots=True)
class Told:
    """What the department hears."""

    card: VerifiedCard
    assertion: str = field(repr=False)
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Telling:
    """What departments are going to hear: being signed, and not to leave before the transaction is committed."""

    present: Sequence[Presence]
    expire_at: Sequence[datetime]
    assertions: Future[list[str | AssertionNotSigned]]
    met: Collection[Acquainted]
    acquainted: AcquaintedPeople

    def told(self) -> Mapping[UUID, Told | AssertionNotSigned]:
        """Once it is committed, by the record of the proof. Raises nothing: it cannot be undone for the others."""
        self.acquainted.remember(self.met)
        signed = zip(self.present, self.assertions.result(), self.expire_at, strict=True)
        return {one.card.record_id: _told(one.card, assertion, expires_at) for one, assertion, expires_at in signed}


class AcquaintedPeople:
    """Whom departments are acquainted with for sure: it is committed, and ends only with a person's erasure.

    Nobody who was erased comes again. So the database is told once, by each process, and not at every visit.
    """

    def __init__(self, capacity: int = 50_000) -> None:
        self._capacity = capacity
        self._known: set[Acquainted] = set()

    def __contains__(self, met: Acquainted) -> bool:
        return met in self._known

    def remember(self, met: Collection[Acquainted]) -> None:
        """They met, and it is committed."""
        if len(self._known) + len(met) > self._capacity:
            self._known.clear()
        self._known.update(met)


@dataclass(frozen=True)
class OwnReaders:
    """Tells departments who is at their readers."""

    keystore: Keystore
    key_ring: KeyRing
    issuer: str
    lifetime: timedelta
    signing: Executor = field(default_factory=lambda: ThreadPoolExecutor(1, "assertions"))
    """Signs while the database works."""
    acquainted: AcquaintedPeople = field(default_factory=AcquaintedPeople)

    def tell(self, connection: Connection, present: Sequence[Presence]) -> Telling:
        """An assertion for each, and the departments are acquainted with these people from now on."""
        names = [pseudonym(self.keystore, one.department.code, one.card.citizen_id) for one in present]
        expire_at = [one.card.verified_at + self.lifetime for one in present]
        claims = [self._claims(*each) for each in zip(present, names, expire_at, strict=True)]
        signer = self.key_ring.jws_signer(KeyName.ASSERTION)
        assertions = self.signing.submit(_sign_all, signer, claims)
        meetings = {(one.department.id, name): one for one, name in zip(present, names, strict=True)}
        new = [met for met in meetings if met not in self.acquainted]
        note_meetings(connection, [_meeting(meetings[met], met) for met in new])
        return Telling(present, expire_at, assertions, new, self.acquainted)

    def _claims(self, one: Presence, name: str, expires_at: datetime) -> AssertionClaims:
        return AssertionClaims(
            iss=self.issuer,
            aud=one.actor.audience,
            sub=name,
            iat=int(one.card.verified_at.timestamp()),
            exp=int(expires_at.timestamp()),
            jti=str(one.card.record_id),
            acr=one.card.level,
            client_id=one.actor.client_id,
            service=one.service,
            policy_version=one.department.policy_version,
            attributes={},
        )


def _sign_all(signer: Signer, claims: Sequence[AssertionClaims]) -> list[str | AssertionNotSigned]:
    return [_sign(signer, one) for one in claims]


def _sign(signer: Signer, claims: AssertionClaims) -> str | AssertionNotSigned:
    try:
        return signer.sign(claims.written(), typ=ASSERTION_TYP)
    except Exception:  # noqa: BLE001 (whatever it is with the key, the rest of the group is to get theirs)
        _log.exception("assertion-not-signed")
        return AssertionNotSigned()


def _told(card: VerifiedCard, assertion: str | AssertionNotSigned, expires_at: datetime) -> Told | AssertionNotSigned:
    if isinstance(assertion, AssertionNotSigned):
        return assertion.recorded()
    return Told(card, assertion, expires_at)


_departments: Final = table_of(Department)
_policies: Final = table_of(Policy)
_newest: Final = _policies.alias()
_IN_FORCE: Final = (
    select(func.max(_newest.c.version)).where(_newest.c.department_id == _departments.c.id).scalar_subquery()
)
_FIND: Final = (
    select(_departments.c.caller_id, _departments.c.id, _departments.c.code, _policies.c.version, _policies.c.terms)
    .join(_policies, _policies.c.department_id == _departments.c.id)
    .where(among(_departments.c.caller_id, "callers"), _policies.c.version == _IN_FORCE)
)


def find_departments(connection: Connection, callers: Collection[UUID]) -> Mapping[UUID, ReaderDepartment]:
    """The departments that these callers are, as far as a policy is in force; by caller. One statement for all.

    Nothing of it is remembered: a policy that was replaced a moment ago does not count any more.
    """
    if not callers:
        return {}
    found = connection.execute(_FIND, {"callers": callers})
    return {row[0]: ReaderDepartment(row[1], row[2], row[3], parse_policy(row[4])) for row in found}


def require_reader(session: Session, actor: Principal, level: Level) -> None:
    """This department may have cards of this level prove themselves at its reader. Raises ReaderNotCovered."""
    department = find_departments(session.connection(), [actor.caller_id]).get(actor.caller_id)
    if department is None:
        raise ReaderNotCovered(level)
    department.rules.require_reader(level)


def objection_of(department: ReaderDepartment | None, level: Level, service: str) -> ServiceError | None:
    """As `ReaderDepartment.objection`; a caller that is no department may do nothing."""
    return DepartmentUnknown() if department is None else department.objection(level, service)


def _meeting(one: Presence, met: Acquainted) -> Meeting:
    return Meeting(*met, one.card.citizen_id, one.card.verified_at)
