"""From a `CardProof`, which anybody may have written, to a `VerifiedCard`.

The order of the checks is chosen for what a refusal tells, and to whom:

1. The challenge: ours, in time, and this caller's. Until that is clear the challenge is left alone, so that nobody can
   spoil another's; the attempt is recorded all the same.
2. From here on the challenge is spent, whatever comes out.
3. What the proof claims (level, audience), the card, its certificate's path, its signature.
4. Only now the state of the card and of its certificate: who cannot make the card sign does not learn what became of
   it.

Everything is written down in the session's transaction, refusals too: they are given back, not raised, so that the
record is committed before anybody hears of it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Final
from uuid import UUID

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, utils
from sqlalchemy import select
from sqlalchemy.orm import Session

from cardsvc.audit.service import OK, Answer, record, record_answer
from cardsvc.authentication.chains import ChainVerdicts, TrustedKey
from cardsvc.authentication.challenges import IssuedChallenge, read_handle
from cardsvc.authentication.errors import (
    CardNotActive,
    CardUnknown,
    CertificateRefused,
    ChallengeExpired,
    ChallengeForeign,
    ChallengeReplayed,
    ProofForAnotherAudience,
    ProofForAnotherLevel,
    ProofRefused,
    SignatureInvalid,
)
from cardsvc.callers.principal import Principal
from cardsvc.cards.models import Card
from cardsvc.trust.keystore import Keystore
from cardsvc.trust.models import Certificate, CertificateStatus
from cardsvc.wire.authentication import CardProof
from cardsvc.wire.levels import Level
from cardsvc.wire.lifecycle import CardState
from cardsvc.wire.signed import KEY_REFERENCE_OF_LEVEL, AuthenticationStatement
from readers.errors import PathError
from readers.piv.identifiers import KeyReference

_PREHASHED_SHA256: Final = ec.ECDSA(utils.Prehashed(hashes.SHA256()))


@dataclass(frozen=True, slots=True)
class Acceptance:
    """What a proof is for, and which cards may give it."""

    event: str
    levels: frozenset[Level]
    states: frozenset[CardState]
    statuses: frozenset[CertificateStatus]
    to_change: bool = False
    """The card's row is going to be changed: lock it so at once, since two shared locks cannot both be raised."""


AUTHENTICATION: Final = Acceptance(
    event="authentication",
    levels=frozenset({Level.TAP, Level.PIN}),
    states=frozenset({CardState.ACTIVE}),
    statuses=frozenset({CertificateStatus.VALID}),
)
ACTIVATION: Final = Acceptance(
    event="card.activate",
    levels=frozenset({Level.PIN}),
    states=frozenset({CardState.DELIVERED}),
    statuses=frozenset({CertificateStatus.ON_HOLD, CertificateStatus.VALID}),
    to_change=True,
)


@dataclass(frozen=True, slots=True)
class VerifiedCard:
    """A card that has just proved itself to this caller. Only `ProofVerifier.verify` makes one."""

    card_id: UUID
    card_uuid: UUID
    citizen_id: UUID
    level: Level
    record_id: UUID
    """The audit record of the proof."""
    transaction_hash: bytes
    verified_at: datetime


@dataclass(frozen=True, slots=True)
class _Attempt:
    """Somebody shows a proof."""

    proof: CardProof
    actor: Principal
    now: datetime
    acceptance: Acceptance


@dataclass(frozen=True, slots=True)
class _Holder:
    """What our tables say about the card that the proof names, and the key that should have signed."""

    card_id: UUID
    card_uuid: UUID
    citizen_id: UUID
    state: CardState
    expires_on: date | None
    certificate: bytes
    status: CertificateStatus


@dataclass(frozen=True)
class ProofVerifier:
    """Verifies proofs against what the service itself knows."""

    keystore: Keystore
    issuer: str
    chains: ChainVerdicts

    def verify(
        self,
        session: Session,
        proof: CardProof,
        *,
        actor: Principal,
        now: datetime,
        acceptance: Acceptance = AUTHENTICATION,
    ) -> VerifiedCard | ProofRefused:
        """Judge a proof and write down what came of it, in this session's transaction: commit it in either case."""
        attempt = _Attempt(proof, actor, now, acceptance)
        try:
            challenge = self._open(attempt)
        except ProofRefused as stray:
            _record_stray(session, attempt, stray)
            return stray
        holder = _find_holder(session, proof.card_uuid, challenge.level, to_change=acceptance.to_change)
        refusal = CardUnknown() if holder is None else self._judge(attempt, challenge, holder)
        answer = _record(session, attempt, challenge, holder, refusal)
        if not answer.first:
            return ChallengeReplayed()
        if holder is None or refusal is not None:
            return refusal or CardUnknown()
        return VerifiedCard(
            card_id=holder.card_id,
            card_uuid=holder.card_uuid,
            citizen_id=holder.citizen_id,
            level=challenge.level,
            record_id=answer.record_id,
            transaction_hash=challenge.transaction_hash,
            verified_at=now,
        )

    def _open(self, attempt: _Attempt) -> IssuedChallenge:
        challenge = read_handle(self.keystore, attempt.proof.challenge_handle)
        if not challenge.is_for(attempt.actor):
            raise ChallengeForeign
        if challenge.is_over(attempt.now):
            raise ChallengeExpired
        return challenge

    def _judge(self, attempt: _Attempt, challenge: IssuedChallenge, holder: _Holder) -> ProofRefused | None:
        proof, actor = attempt.proof, attempt.actor
        if proof.level is not challenge.level or challenge.level not in attempt.acceptance.levels:
            return ProofForAnotherLevel()
        if proof.audience != actor.audience:
            return ProofForAnotherAudience()
        trusted = self._trusted_key(holder, challenge.level, attempt.now)
        if trusted is None:
            return CertificateRefused()
        if not _signed(trusted, proof.signature, self._statement(challenge, holder, actor)):
            return SignatureInvalid()
        return _state_refusal(holder, attempt.now, attempt.acceptance)

    def _trusted_key(self, holder: _Holder, level: Level, now: datetime) -> TrustedKey | None:
        try:
            return self.chains.trusted_key(holder.certificate, KeyReference(KEY_REFERENCE_OF_LEVEL[level]), now)
        except PathError:
            return None

    def _statement(self, challenge: IssuedChallenge, holder: _Holder, actor: Principal) -> AuthenticationStatement:
        """What the card must have signed, from our own knowledge alone."""
        return AuthenticationStatement(
            issuer=self.issuer,
            level=challenge.level,
            key_reference=KEY_REFERENCE_OF_LEVEL[challenge.level],
            client_id=actor.client_id,
            audience=actor.audience,
            card_uuid=holder.card_uuid,
            challenge=challenge.value(self.keystore),
            expires_at=challenge.expires_at,
            transaction_hash=challenge.transaction_hash,
        )


def _signed(trusted: TrustedKey, signature: bytes, statement: AuthenticationStatement) -> bool:
    try:
        trusted.public_key.verify(signature, statement.digest, _PREHASHED_SHA256)
    except InvalidSignature:
        return False
    return True


def _state_refusal(holder: _Holder, now: datetime, acceptance: Acceptance) -> ProofRefused | None:
    if holder.state not in acceptance.states:
        return CardNotActive(holder.state)
    if holder.expires_on is not None and now.astimezone(UTC).date() > holder.expires_on:
        return CardNotActive(CardState.EXPIRED)
    return None if holder.status in acceptance.statuses else CertificateRefused()


def _find_holder(session: Session, card_uuid: UUID, level: Level, *, to_change: bool) -> _Holder | None:
    """The card and the newest certificate of the level's key. The card's row stays locked until the commit.

    On PostgreSQL a revocation that is under way is waited for, and one that comes later waits for us; SQLite has one
    writer at a time anyway.
    """
    statement = (
        select(Card.id, Card.uuid, Card.citizen_id, Card.state, Card.expires_on, Certificate.der, Certificate.status)
        .join(Certificate, Certificate.card_id == Card.id)
        .where(Card.uuid == card_uuid, Certificate.key_reference == KEY_REFERENCE_OF_LEVEL[level])
        .order_by(Certificate.created_at.desc(), Certificate.id.desc())
        .limit(1)
        .with_for_update(read=not to_change, of=Card)
    )
    row = session.execute(statement).one_or_none()
    if row is None or row.citizen_id is None:
        return None
    return _Holder(row.id, row.uuid, row.citizen_id, row.state, row.expires_on, row.der, row.status)


def _record(
    session: Session,
    attempt: _Attempt,
    challenge: IssuedChallenge,
    holder: _Holder | None,
    refusal: ProofRefused | None,
) -> Answer:
    return record_answer(
        session,
        challenge_id=challenge.id,
        event=attempt.acceptance.event,
        outcome=OK if refusal is None else refusal.code,
        actor=attempt.actor.client_id,
        now=attempt.now,
        citizen_id=None if holder is None else holder.citizen_id,
        card_id=None if holder is None else holder.card_id,
        **_detail(attempt, challenge, known=holder is not None),
    )


def _record_stray(session: Session, attempt: _Attempt, refusal: ProofRefused) -> None:
    """Record an answer to no challenge of this caller's. What the proof says is hearsay, and no citizen's business."""
    record(
        session,
        event=attempt.acceptance.event,
        outcome=refusal.code,
        actor=attempt.actor.client_id,
        now=attempt.now,
        claimed_level=attempt.proof.level.value,
        claimed_card=str(attempt.proof.card_uuid),
    )


def _detail(attempt: _Attempt, challenge: IssuedChallenge, *, known: bool) -> dict[str, str]:
    detail = {"level": challenge.level.value, "audience": attempt.actor.audience}
    if challenge.transaction_hash:
        detail["transaction_hash"] = challenge.transaction_hash.hex()
    return detail if known else detail | {"claimed_card": str(attempt.proof.card_uuid)}
