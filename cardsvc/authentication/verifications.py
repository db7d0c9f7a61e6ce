"""Verifying an assertion for the department that received it, with what is true now."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any
from uuid import UUID

from pydantic import ValidationError
from sqlalchemy.orm import Session

from cardsvc.audit.models import AuditRecord
from cardsvc.audit.service import OK, record
from cardsvc.authentication.errors import AssertionFault, AssertionRefused
from cardsvc.authentication.models import IssuedAssertion
from cardsvc.authentication.own_readers import EVENT as AT_OWN_READER
from cardsvc.callers.principal import Principal
from cardsvc.cards.models import Card
from cardsvc.offline.models import OfflineTap
from cardsvc.trust.key_ring import KeyRing
from cardsvc.trust.keystore import KeyName
from cardsvc.wire import jose
from cardsvc.wire.authentication import ASSERTION_TYP, AssertionClaims, Verification
from cardsvc.wire.lifecycle import CardState
from cardsvc.wire.offline_taps import TapVerdict

EVENT = "assertion.verify"


@dataclass(frozen=True, slots=True)
class _Issued:
    """Whom an assertion of ours was about."""

    jti: UUID
    citizen_id: UUID
    card_id: UUID


@dataclass(frozen=True)
class AssertionJudge:
    """Knows which assertions are ours, and asks for the card's state each time."""

    key_ring: KeyRing
    issuer: str

    def verify(
        self, session: Session, assertion: str, *, actor: Principal, now: datetime
    ) -> Verification | AssertionRefused:
        """Whether the assertion is good for this department now; recorded in either case, and so never raised."""
        claims = self._read(assertion)
        if isinstance(claims, AssertionFault):
            return _refuse(session, claims, None, actor, now)
        issued = _find(session, claims)
        fault = self._fault(session, claims, issued, actor, now)
        if fault is not None:
            return _refuse(session, fault, issued, actor, now)
        entry = _record(session, OK, issued, actor, now, **_shown(assertion, claims))
        return Verification(verification_id=entry.id, verified_at=now, claims=claims)

    def _read(self, assertion: str) -> AssertionClaims | AssertionFault:
        try:
            token = jose.parse(assertion)
        except jose.JwtRefused:
            return AssertionFault.MALFORMED
        key = self.key_ring.verifier(KeyName.ASSERTION, token.key_id)
        if key is None:
            return AssertionFault.SIGNATURE_INVALID
        try:
            claims = token.verify(key, typ=ASSERTION_TYP)
            return AssertionClaims.model_validate(claims)
        except jose.JwtRefused:
            return AssertionFault.SIGNATURE_INVALID
        except ValidationError:
            return AssertionFault.MALFORMED

    def _fault(
        self, session: Session, claims: AssertionClaims, issued: _Issued | None, actor: Principal, now: datetime
    ) -> AssertionFault | None:
        if claims.iss != self.issuer or issued is None:
            return AssertionFault.NOT_ISSUED
        if claims.aud != actor.audience:
            return AssertionFault.WRONG_AUDIENCE
        if now.timestamp() >= claims.exp:
            return AssertionFault.EXPIRED
        if claims.use is not None:
            return AssertionFault.FOR_PREPARING
        if claims.offline is not None:
            return None  # it says itself how the card stood when it was tapped
        card = session.get_one(Card, issued.card_id, with_for_update={"read": True}, populate_existing=True)
        return None if card.state is CardState.ACTIVE else AssertionFault.CARD_NOT_ACTIVE


def _find(session: Session, claims: AssertionClaims) -> _Issued | None:
    """What was made from a visit has a row; what a department got at its own reader is on record under its ``jti``.

    It says when it was made: that our key signed it does not make it what we wrote down.
    """
    try:
        jti = UUID(claims.jti)
    except ValueError:
        return None
    row = session.get(IssuedAssertion, jti)
    if row is not None:
        return _Issued(jti, row.citizen_id, row.card_id) if _is_of(claims, row.issued_at) else None
    if claims.offline is not None:
        return _tapped_offline(session, jti)
    entry = session.get(AuditRecord, jti)
    if entry is None or (entry.event, entry.outcome) != (AT_OWN_READER, OK) or not (entry.citizen_id and entry.card_id):
        return None
    return _Issued(jti, entry.citizen_id, entry.card_id) if _is_of(claims, entry.at) else None


def _tapped_offline(session: Session, jti: UUID) -> _Issued | None:
    """Made anew whenever the kiosk asks for it: only the tap is on record."""
    tap = session.get(OfflineTap, jti)
    entry = session.get(AuditRecord, jti)
    if tap is None or tap.verdict is TapVerdict.REFUSED or entry is None or not (entry.citizen_id and entry.card_id):
        return None
    return _Issued(jti, entry.citizen_id, entry.card_id)


def _is_of(claims: AssertionClaims, made_at: datetime) -> bool:
    return claims.iat == int(made_at.timestamp())


def _refuse(
    session: Session, fault: AssertionFault, issued: _Issued | None, actor: Principal, now: datetime
) -> AssertionRefused:
    # A department that shows another's assertion does not enter the citizen's history: it has learned nothing.
    known = issued if fault is not AssertionFault.WRONG_AUDIENCE else None
    _record(session, fault.value, known, actor, now)
    return AssertionRefused(fault)


def _shown(assertion: str, claims: AssertionClaims) -> dict[str, Any]:
    """What evidence of the verification will say. Names, no values: the assertion itself is a hash here."""
    return {
        "assertion_sha256": sha256(assertion.encode()).hexdigest(),
        "service": claims.service,
        "level": claims.acr.value,
        "attributes": sorted(claims.attributes),
        "questions": sorted(claims.answers),
        "policy_version": claims.policy_version,
    }


def _record(
    session: Session, outcome: str, issued: _Issued | None, actor: Principal, now: datetime, **detail: Any
) -> AuditRecord:
    return record(
        session,
        event=EVENT,
        outcome=outcome,
        actor=actor.client_id,
        now=now,
        citizen_id=None if issued is None else issued.citizen_id,
        card_id=None if issued is None else issued.card_id,
        jti=None if issued is None else str(issued.jti),
        **detail,
    )
