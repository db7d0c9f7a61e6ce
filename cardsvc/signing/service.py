"""Citizens sign: first the service says what the card is to sign, then it accepts what the card signed, once.

What is signed is rebuilt from what the service knows, never from what it is told. The order of the checks is that of
`authentication/proofs.py`: until a handle is this caller's it is left alone; then it is spent, whatever comes out; and
who cannot make the card sign does not learn what became of it.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from sqlalchemy.orm import Session

from cardsvc.audit.service import OK, Draft, record, record_all
from cardsvc.authentication.assertions import AssertionIssuer, Grant, SignedHashes
from cardsvc.authentication.challenges import bound_to
from cardsvc.authentication.errors import (
    CertificateRefused,
    ChallengeReplayed,
    ChallengeUnknown,
    DepartmentUnknown,
    ServiceNotCovered,
    ServiceNotSigned,
    SignatureInvalid,
    StepUpRequired,
    VisitEnd,
    VisitEnded,
)
from cardsvc.authentication.models import Visit
from cardsvc.authentication.visits import hold_visit, open_visit
from cardsvc.callers.principal import Principal
from cardsvc.cards.models import Card
from cardsvc.db import SessionFactory, in_transaction, new_id, reading
from cardsvc.departments.models import Department
from cardsvc.departments.pseudonym import pseudonym
from cardsvc.departments.repository import RulesInForce, find_by_code, rules_in_force
from cardsvc.errors import ServiceError
from cardsvc.locks.checking import check_unlocked
from cardsvc.signing.handles import PendingSignature, read_handle
from cardsvc.signing.preparing import Wanted, verify_prepared
from cardsvc.signing.signers import SignerRules, find_certificate
from cardsvc.trust.authority import IssuingAuthority
from cardsvc.trust.keystore import FIRST
from cardsvc.trust.models import Certificate
from cardsvc.trust.ocsp import Responder
from cardsvc.wire.document_signatures import write_attributes, write_signature
from cardsvc.wire.levels import Level
from cardsvc.wire.signing import (
    DocumentSignature,
    PreparedClaims,
    SignatureChallenge,
    SignatureRequest,
    SignatureSubmission,
)

EVENT: Final = "signature"
REQUESTED: Final = "signature.request"
_ECDSA: Final = ec.ECDSA(SHA256())


@dataclass(frozen=True, slots=True)
class _Case:
    """What is known about a document that is being signed, the card and the visit locked."""

    pending: PendingSignature
    visit: Visit
    card: Card
    certificate: Certificate
    department: Department

    @property
    def attributes(self) -> bytes:
        """What the card signs."""
        pending = self.pending
        return write_attributes(
            pending.document_sha256, pending.signed_at, self.certificate.der, identifier=pending.id.bytes
        )

    def detail(self) -> dict[str, Any]:
        """For the record."""
        return {
            "audience": self.department.caller.audience,
            "service": self.pending.service,
            "document_sha256": self.pending.document_sha256.hex(),
        }


@dataclass(frozen=True, slots=True)
class _Accepted:
    """A card signed what it was to sign."""

    policy: RulesInForce
    status: bytes
    """What the responder says about its certificate."""


@dataclass(frozen=True)
class Signing:
    """Has cards sign what departments prepared."""

    authority: IssuingAuthority
    responder: Responder
    assertions: AssertionIssuer
    signers: SignerRules
    lifetime: timedelta
    """How long the card may take."""

    def request(
        self, session: Session, message: SignatureRequest, *, actor: Principal, now: datetime
    ) -> SignatureChallenge:
        """What the card is to sign, and the handle of it; on record.

        Raises VisitRefused, ExchangeRefused, PreparedDocumentRefused, KeyOriginRefused, LockedByCitizen, and what is
        the matter with the card.
        """
        visit = open_visit(session, message.visit_token, actor=actor, now=now, times=self.assertions.visit_times)
        try:
            case, prepared = self._decide(session, message, visit, actor, now)
        except ServiceError as refusal:
            raise refusal.about(visit.citizen_id, visit.card_id) from None
        visit.last_used_at = now
        record(
            session,
            event=REQUESTED,
            outcome=OK,
            actor=actor.client_id,
            now=now,
            citizen_id=visit.citizen_id,
            card_id=visit.card_id,
            **case.detail(),
            prepared=prepared.jti,
            signature=str(case.pending.id),
        )
        return SignatureChallenge(
            handle=case.pending.handle(self.assertions.keystore),
            signed_attributes=case.attributes,
            expires_at=case.pending.expires_at,
        )

    def accept(
        self, sessions: SessionFactory, message: SignatureSubmission, *, actor: Principal, now: datetime
    ) -> DocumentSignature:
        """The CMS and the assertion, when the card signed what it was to sign; committed, and on record in any case.

        Raises ProofRefused, VisitRefused, ExchangeRefused, KeyOriginRefused, LockedByCitizen.
        """
        pending = read_handle(self.assertions.keystore, message.handle, actor=actor, now=now)
        # Before the transaction: the responder writes at times, under a lock for which this one would have to wait.
        status = self._certificate_status(sessions, pending)

        def work(session: Session) -> DocumentSignature | ServiceError:
            return self._accept(session, pending, message.signature, status, actor=actor, now=now)

        verdict = in_transaction(sessions, work)
        if isinstance(verdict, ServiceError):
            raise verdict.recorded()
        return verdict

    def _decide(
        self, session: Session, message: SignatureRequest, visit: Visit, actor: Principal, now: datetime
    ) -> tuple[_Case, PreparedClaims]:
        if visit.level < Level.PIN:
            raise StepUpRequired(Level.PIN)
        department = find_by_code(session, message.department)
        _covered(session, department, message.service)
        if department is None:
            raise DepartmentUnknown
        card = session.get_one(Card, visit.card_id)  # locked by `open_visit`
        certificate = find_certificate(session, card)
        self.signers.check(card, certificate, department.code, now)
        self.signers.trusted_key(certificate, now)
        name = pseudonym(self.assertions.keystore, department.code, visit.citizen_id)
        wanted = Wanted(self.assertions.issuer, name, message.service, message.document_sha256)
        prepared = verify_prepared(message.prepared, department.caller, wanted, now)
        pending = self._begin(message, visit, certificate, department, actor=actor, now=now)
        return _Case(pending, visit, card, certificate, department), prepared

    def _begin(
        self,
        message: SignatureRequest,
        visit: Visit,
        certificate: Certificate,
        department: Department,
        *,
        actor: Principal,
        now: datetime,
    ) -> PendingSignature:
        """It ends with the visit at the latest. In whole seconds, as the signing time is written."""
        began = now.replace(microsecond=0)
        return PendingSignature(
            id=new_id(),
            signed_at=began,
            expires_at=min(began + self.lifetime, visit.expires_at.replace(microsecond=0)),
            caller=bound_to(actor),
            visit_id=visit.id,
            certificate_id=certificate.id,
            department_id=department.id,
            document_sha256=message.document_sha256,
            service=message.service,
        )

    def _certificate_status(self, sessions: SessionFactory, pending: PendingSignature) -> bytes | None:
        with reading(sessions) as session:
            certificate = session.get(Certificate, pending.certificate_id)
        return None if certificate is None else self.responder.vouch(certificate)

    def _accept(
        self,
        session: Session,
        pending: PendingSignature,
        signature: bytes,
        status: bytes | None,
        *,
        actor: Principal,
        now: datetime,
    ) -> DocumentSignature | ServiceError:
        case = _open(session, pending, actor, now)
        verdict = self._verdict(session, case, signature, status, now)
        draft = _draft(case, verdict, actor, now)
        session.flush()
        if draft.id not in record_all(session.connection(), [draft]):
            return ChallengeReplayed()
        if isinstance(verdict, ServiceError):
            return verdict
        case.visit.last_used_at = now
        cms = self._cms(case, signature, verdict.status)
        hashes = SignedHashes(pending.document_sha256, hashlib.sha256(cms).digest())
        grant = Grant(case.visit, case.department, verdict.policy, pending.service, signed=hashes)
        issued = self.assertions.issue(session, grant, actor=actor, now=now)
        return DocumentSignature(
            signature_id=draft.id,
            cms=cms,
            assertion=issued.assertion,
            expires_at=now + timedelta(seconds=issued.expires_in),
        )

    def _verdict(
        self, session: Session, case: _Case, signature: bytes, status: bytes | None, now: datetime
    ) -> _Accepted | ServiceError:
        try:
            policy = self._check(session, case, signature, now)
        except ServiceError as refusal:
            return refusal
        return CertificateRefused() if status is None else _Accepted(policy, status)

    def _check(self, session: Session, case: _Case, signature: bytes, now: datetime) -> RulesInForce:
        """The card signed, and still may. Raises what is the matter."""
        key = self.signers.trusted_key(case.certificate, now).public_key
        try:
            key.verify(signature, case.attributes, _ECDSA)
        except InvalidSignature:
            raise SignatureInvalid from None
        self.signers.check(case.card, case.certificate, case.department.code, now)
        if case.visit.ended_at is not None:
            raise VisitEnded(VisitEnd.ENDED)
        check_unlocked(case.card.locks, level=case.visit.level)
        return _covered(session, case.department, case.pending.service)

    def _cms(self, case: _Case, signature: bytes, status: bytes) -> bytes:
        issuer = self.authority.issuers[case.certificate.issuer_version - FIRST]
        chain = [case.certificate.der, issuer.public_bytes(Encoding.DER)]
        return write_signature(case.attributes, signature, chain, status)


def _covered(session: Session, department: Department | None, service: str) -> RulesInForce:
    """The policy in force, by which the service is of level `sign`. Raises ExchangeRefused."""
    if department is None or department.caller.disabled_at is not None:
        raise DepartmentUnknown
    policy = rules_in_force(session, department)
    rule = policy.rules.services.get(service)
    if rule is None:
        raise ServiceNotCovered
    if rule.level is not Level.SIGN:
        raise ServiceNotSigned
    return policy


def _open(session: Session, pending: PendingSignature, actor: Principal, now: datetime) -> _Case:
    """Raises ChallengeUnknown for a handle of a time before a backup was restored, KioskDisabled, VisitForeign."""
    certificate = session.get(Certificate, pending.certificate_id)
    department = session.get(Department, pending.department_id)
    if certificate is None or department is None or session.get(Visit, pending.visit_id) is None:
        raise ChallengeUnknown
    visit = hold_visit(session, pending.visit_id, actor=actor, now=now)
    card = session.get_one(Card, visit.card_id)
    session.refresh(certificate)  # its status, now that the card's row is locked
    return _Case(pending, visit, card, certificate, department)


def _draft(case: _Case, verdict: _Accepted | ServiceError, actor: Principal, now: datetime) -> Draft:
    more = {"policy_version": verdict.policy.version} if isinstance(verdict, _Accepted) else {}
    return Draft(
        event=EVENT,
        outcome=OK if isinstance(verdict, _Accepted) else verdict.code,
        actor=actor.client_id,
        at=now,
        citizen_id=case.visit.citizen_id,
        card_id=case.visit.card_id,
        challenge_id=case.pending.id,
        detail=case.detail() | more,
    )
