"""Telling a department who is there: assertions, made from visits and verified for those who received them."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from cardsvc.audit.service import OK, record
from cardsvc.authentication.errors import (
    AttributesNotCovered,
    CardNotActive,
    DepartmentUnknown,
    ServiceNotCovered,
    ServiceNotSigned,
    StepUpRequired,
)
from cardsvc.authentication.models import IssuedAssertion, Visit
from cardsvc.authentication.visits import VisitTimes, open_visit
from cardsvc.callers.principal import Principal
from cardsvc.cards.models import Card
from cardsvc.citizens.models import Citizen
from cardsvc.citizens.service import open_person
from cardsvc.clock import city_day
from cardsvc.db import new_id
from cardsvc.departments.errors import QuestionsNotCovered
from cardsvc.departments.inquiries import make_acquainted
from cardsvc.departments.models import Department
from cardsvc.departments.policy import PolicyRules, ServiceRule
from cardsvc.departments.pseudonym import pseudonym
from cardsvc.departments.questions import Question, parse_question
from cardsvc.departments.repository import RulesInForce, find_by_audience, rules_in_force
from cardsvc.errors import ServiceError
from cardsvc.locks.checking import check_unlocked
from cardsvc.trust.key_ring import KeyRing
from cardsvc.trust.keystore import KeyName, Keystore
from cardsvc.wire.authentication import ASSERTION_TYP, USE_PREPARE, AssertionClaims
from cardsvc.wire.levels import Level
from cardsvc.wire.lifecycle import CardState

EVENT = "assertion.issue"


@dataclass(frozen=True, slots=True)
class ExchangeRequest:
    """A kiosk asks to tell a department something, in the name of the citizen who is there."""

    visit_token: str = field(repr=False)
    audience: str
    service: str
    attributes: frozenset[str]
    """The names of what the citizen agreed to tell."""
    questions: frozenset[str] = frozenset()
    """What the citizen agreed to have answered by yes or no."""
    to_prepare: bool = False
    """The service is of level `sign`, and the department is to prepare what will be signed."""


@dataclass(frozen=True, slots=True)
class IssuedToken:
    """An assertion and how many seconds it is good for."""

    assertion: str = field(repr=False)
    expires_in: int


@dataclass(frozen=True)
class SignedHashes:
    """Of what the citizen signed: SHA-256 of the document, and of the CMS."""

    document: bytes
    cms: bytes


@dataclass(frozen=True)
class Grant:
    """All that has been decided about an assertion before it is written."""

    visit: Visit
    department: Department
    policy: RulesInForce
    service: str
    attributes: frozenset[str] = frozenset()
    questions: frozenset[Question] = frozenset()
    to_prepare: bool = False
    signed: SignedHashes | None = None
    """With these it is of level `sign`."""

    def claims(self) -> dict[str, Any]:
        """How sure we are, and what for."""
        if self.signed is not None:
            hashes = {"transaction_hash": self.signed.document, "signature_sha256": self.signed.cms}
            return {"acr": Level.SIGN, **hashes}
        return {"acr": self.visit.level, "use": USE_PREPARE if self.to_prepare else None}


@dataclass(frozen=True)
class AssertionIssuer:
    """Exchanges visit tokens for assertions (RFC 8693)."""

    keystore: Keystore
    key_ring: KeyRing
    issuer: str
    lifetime: timedelta
    visit_times: VisitTimes

    def exchange(
        self, session: Session, request: ExchangeRequest, *, actor: Principal, now: datetime
    ) -> IssuedToken | ServiceError:
        """An assertion for one department and one service, or why not; recorded in either case.

        A refusal is given back, not raised, so that its record is committed. It is a VisitRefused, an ExchangeRefused,
        a CardNotActive or a LockedByCitizen.
        """
        try:
            visit = open_visit(session, request.visit_token, actor=actor, now=now, times=self.visit_times)
        except ServiceError as refusal:
            _record(session, request, refusal, refusal.code, actor=actor, now=now)
            return refusal
        try:
            grant = _decide(session, request, visit)
            issued = self.issue(session, grant, actor=actor, now=now)
        except ServiceError as refusal:
            _record(session, request, visit, refusal.code, actor=actor, now=now)
            return refusal
        visit.last_used_at = now
        _record(session, request, visit, OK, actor=actor, now=now, policy_version=grant.policy.version)
        return issued

    def issue(self, session: Session, grant: Grant, *, actor: Principal, now: datetime) -> IssuedToken:
        """The assertion, for whoever has decided, and writes it down, in this transaction."""
        jti, issued_at, seconds = new_id(), int(now.timestamp()), int(self.lifetime.total_seconds())
        name = pseudonym(self.keystore, grant.department.code, grant.visit.citizen_id)
        make_acquainted(session, grant.department, name, grant.visit.citizen_id, now=now)
        claims = AssertionClaims(
            iss=self.issuer,
            aud=grant.department.caller.audience,
            sub=name,
            iat=issued_at,
            exp=issued_at + seconds,
            jti=str(jti),
            client_id=actor.client_id,
            service=grant.service,
            policy_version=grant.policy.version,
            **grant.claims(),
            **_told(session, self.keystore, grant, now),
        )
        session.add(_row(jti, grant, now, now + self.lifetime))
        signer = self.key_ring.jws_signer(KeyName.ASSERTION)
        return IssuedToken(signer.sign(claims.written(), typ=ASSERTION_TYP), seconds)


def _decide(session: Session, request: ExchangeRequest, visit: Visit) -> Grant:
    card = session.get_one(Card, visit.card_id)  # locked by `open_visit`
    if card.state is not CardState.ACTIVE:
        raise CardNotActive(card.state)
    department = find_by_audience(session, request.audience)
    if department is None or department.caller.disabled_at is not None:
        raise DepartmentUnknown
    check_unlocked(card.locks, department=department.code)
    policy = rules_in_force(session, department)
    rule = policy.rules.services.get(request.service)
    if rule is None:
        raise ServiceNotCovered
    needed = _needed(rule, to_prepare=request.to_prepare)
    if visit.level < needed:
        raise StepUpRequired(needed)
    attributes = _allowed(request.attributes, rule, visit)
    questions = _askable(request.questions, policy.rules, visit)
    return Grant(visit, department, policy, request.service, attributes, questions, request.to_prepare)


def _needed(rule: ServiceRule, *, to_prepare: bool) -> Level:
    """The level of a visit that is exchanged. What is signed is prepared first, for somebody known by the PIN."""
    if not to_prepare:
        return rule.level
    if rule.level is not Level.SIGN:
        raise ServiceNotSigned
    return Level.PIN


def _allowed(wanted: Collection[str], rule: ServiceRule, visit: Visit) -> frozenset[str]:
    refused = frozenset(wanted) - rule.may_have(visit.level)
    if refused:
        raise AttributesNotCovered(refused)
    return frozenset(wanted)


def _askable(wanted: Collection[str], rules: PolicyRules, visit: Visit) -> frozenset[Question]:
    unknown = frozenset(wanted) - rules.questions.keys()
    if unknown:
        raise QuestionsNotCovered(unknown)
    needed = max((rules.questions[code].level for code in wanted), default=visit.level)
    if visit.level < needed:
        raise StepUpRequired(needed)
    return frozenset(map(parse_question, wanted))


def _told(session: Session, keystore: Keystore, grant: Grant, now: datetime) -> dict[str, Any]:
    """Attributes and answers, taken out of their seal only when there is something to tell."""
    if not grant.attributes and not grant.questions:
        return {"attributes": {}}
    person = open_person(keystore, session.get_one(Citizen, grant.visit.citizen_id))
    return {
        "attributes": person.model_dump(mode="json", include=set(grant.attributes)),
        "answers": {str(question): question.answer(person, city_day(now)) for question in grant.questions},
    }


def _row(jti: UUID, grant: Grant, now: datetime, expires_at: datetime) -> IssuedAssertion:
    return IssuedAssertion(
        jti=jti,
        visit_id=grant.visit.id,
        department_id=grant.department.id,
        card_id=grant.visit.card_id,
        citizen_id=grant.visit.citizen_id,
        service=grant.service,
        policy_version=grant.policy.version,
        issued_at=now,
        expires_at=expires_at,
    )


def _record(
    session: Session,
    request: ExchangeRequest,
    about: Visit | ServiceError,
    outcome: str,
    *,
    actor: Principal,
    now: datetime,
    **detail: Any,
) -> None:
    record(
        session,
        event=EVENT,
        outcome=outcome,
        actor=actor.client_id,
        now=now,
        citizen_id=about.citizen_id,
        card_id=about.card_id,
        audience=request.audience[:200],
        service=request.service[:64],
        attributes=sorted(request.attributes),
        **({"questions": sorted(request.questions)} if request.questions else {}),
        **({"use": USE_PREPARE} if request.to_prepare else {}),
        **detail,
    )
