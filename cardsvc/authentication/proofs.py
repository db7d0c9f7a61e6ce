"""From a `CardProof`, which anybody may have written, to a `VerifiedCard`.

The order of the checks is chosen for what a refusal tells, and to whom:

1. The challenge: ours, in time, and this caller's. Until that is clear the challenge is left alone, so that nobody can
   spoil another's; the attempt is recorded all the same.
2. From here on the challenge is spent, whatever comes out.
3. What the proof claims (level, audience), what its caller may do, the card, its certificate's path, its signature.
4. Only now the state of the card and of its certificate, and what its citizen locked it for: who cannot make the card
   sign does not learn what became of it.

Everything is written down in the session's transaction, refusals too: they are given back, not raised, so that the
record is committed before anybody hears of it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, utils
from sqlalchemy import Connection
from sqlalchemy.orm import Session

from cardsvc.audit.service import OK, Draft, record_all
from cardsvc.authentication.chains import ChainVerdicts, TrustedKey
from cardsvc.authentication.challenges import IssuedChallenge, read_handle
from cardsvc.authentication.errors import (
    CardNotActive,
    CardUnknown,
    CertificateRefused,
    ChallengeExpired,
    ChallengeForeign,
    ChallengeReplayed,
    ChallengeUnknown,
    ProofForAnotherAudience,
    ProofForAnotherLevel,
    ProofRefused,
    SignatureInvalid,
)
from cardsvc.authentication.holders import Holder, Holders, find_holders
from cardsvc.callers.models import CallerKind
from cardsvc.callers.principal import Principal
from cardsvc.errors import ServiceError
from cardsvc.locks.checking import check_unlocked
from cardsvc.locks.errors import LockedByCitizen
from cardsvc.trust.keystore import Keystore
from cardsvc.trust.models import CertificateStatus
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
    heeds_locks: bool = True
    """Whether what the citizen locked the card for is refused."""


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
    heeds_locks=False,
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
class Attempt:
    """Somebody shows a proof."""

    proof: CardProof
    actor: Principal
    now: datetime
    acceptance: Acceptance = AUTHENTICATION
    objection: ServiceError | None = None
    """Why it is refused even if the proof is right: found before, told once the challenge is spent."""
    detail: Mapping[str, Any] = field(default_factory=dict)
    """More for the record."""


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
    ) -> VerifiedCard | ServiceError:
        """Judge a proof and write down what came of it, in this session's transaction: commit it in either case."""
        session.flush()
        (verdict,) = self.verify_all(session.connection(), [Attempt(proof, actor, now, acceptance)])
        return verdict

    def verify_all(self, connection: Connection, attempts: Sequence[Attempt]) -> list[VerifiedCard | ServiceError]:
        """As `verify`, for many proofs in one transaction; the verdicts are in the order of the attempts."""
        challenges = [self._open(attempt) for attempt in attempts]
        holders = find_holders(
            connection,
            [
                (attempt.proof.card_uuid, KEY_REFERENCE_OF_LEVEL[challenge.level])
                for attempt, challenge in zip(attempts, challenges, strict=True)
                if isinstance(challenge, IssuedChallenge)
            ],
            to_change=any(attempt.acceptance.to_change for attempt in attempts),
        )
        judged = [
            self._judge(attempt, challenge, holders) for attempt, challenge in zip(attempts, challenges, strict=True)
        ]
        drafts = [_draft(attempt, case) for attempt, case in zip(attempts, judged, strict=True)]
        standing = record_all(connection, drafts)
        return [
            _verdict(attempt, case, draft) if draft.id in standing else ChallengeReplayed()
            for attempt, case, draft in zip(attempts, judged, drafts, strict=True)
        ]

    def _open(self, attempt: Attempt) -> IssuedChallenge | ProofRefused:
        try:
            challenge = read_handle(self.keystore, attempt.proof.challenge_handle)
        except ChallengeUnknown as refusal:
            return refusal
        if not challenge.is_for(attempt.actor):
            return ChallengeForeign()
        return ChallengeExpired() if challenge.is_over(attempt.now) else challenge

    def _judge(self, attempt: Attempt, challenge: IssuedChallenge | ProofRefused, holders: Holders) -> _Judged:
        if isinstance(challenge, ProofRefused):
            return _Judged(None, None, challenge)
        holder = holders.get((attempt.proof.card_uuid, KEY_REFERENCE_OF_LEVEL[challenge.level]))
        refusal = CardUnknown() if holder is None else self._refusal(attempt, challenge, holder)
        return _Judged(challenge, holder, refusal)

    def _refusal(self, attempt: Attempt, challenge: IssuedChallenge, holder: Holder) -> ServiceError | None:
        proof, actor = attempt.proof, attempt.actor
        if proof.level is not challenge.level or challenge.level not in attempt.acceptance.levels:
            return ProofForAnotherLevel()
        if proof.audience != actor.audience:
            return ProofForAnotherAudience()
        if attempt.objection is not None:
            return attempt.objection
        trusted = self._trusted_key(holder, challenge.level, attempt.now)
        if trusted is None:
            return CertificateRefused()
        if not _signed(trusted, proof.signature, self._statement(challenge, holder, actor)):
            return SignatureInvalid()
        return _state_refusal(holder, attempt.now, attempt.acceptance) or _lock_refusal(holder, challenge, attempt)

    def _trusted_key(self, holder: Holder, level: Level, now: datetime) -> TrustedKey | None:
        try:
            return self.chains.trusted_key(holder.certificate, KeyReference(KEY_REFERENCE_OF_LEVEL[level]), now)
        except PathError:
            return None

    def _statement(self, challenge: IssuedChallenge, holder: Holder, actor: Principal) -> AuthenticationStatement:
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


@dataclass(frozen=True, slots=True)
class _Judged:
    """What was found out about an attempt: without a challenge of ours nothing is known about its card."""

    challenge: IssuedChallenge | None
    holder: Holder | None
    refusal: ServiceError | None


def _signed(trusted: TrustedKey, signature: bytes, statement: AuthenticationStatement) -> bool:
    try:
        trusted.public_key.verify(signature, statement.digest, _PREHASHED_SHA256)
    except InvalidSignature:
        return False
    return True


def _state_refusal(holder: Holder, now: datetime, acceptance: Acceptance) -> ProofRefused | None:
    if holder.state not in acceptance.states:
        return CardNotActive(holder.state)
    if holder.expires_on is not None and now.astimezone(UTC).date() > holder.expires_on:
        return CardNotActive(CardState.EXPIRED)
    return None if holder.status in acceptance.statuses else CertificateRefused()


def _lock_refusal(holder: Holder, challenge: IssuedChallenge, attempt: Attempt) -> ProofRefused | None:
    """A department that reads a card itself is a department; at a kiosk, the exchange asks who is to be told."""
    if not attempt.acceptance.heeds_locks:
        return None
    department = attempt.actor.client_id if attempt.actor.kind is CallerKind.DEPARTMENT else None
    try:
        check_unlocked(holder.locks, department=department, level=challenge.level)
    except LockedByCitizen as refusal:
        return refusal
    return None


def _draft(attempt: Attempt, judged: _Judged) -> Draft:
    challenge, holder = judged.challenge, judged.holder
    return Draft(
        event=attempt.acceptance.event,
        outcome=OK if judged.refusal is None else judged.refusal.code,
        actor=attempt.actor.client_id,
        at=attempt.now,
        citizen_id=None if holder is None else holder.citizen_id,
        card_id=None if holder is None else holder.card_id,
        challenge_id=None if challenge is None else challenge.id,
        detail=_stray(attempt) if challenge is None else _detail(attempt, challenge, known=holder is not None),
    )


def _stray(attempt: Attempt) -> dict[str, str]:
    """An answer to no challenge of this caller's: what the proof says is hearsay, and no citizen's business."""
    return {"claimed_level": attempt.proof.level.value, "claimed_card": str(attempt.proof.card_uuid)}


def _detail(attempt: Attempt, challenge: IssuedChallenge, *, known: bool) -> dict[str, Any]:
    detail = {"level": challenge.level.value, "audience": attempt.actor.audience, **attempt.detail}
    if challenge.transaction_hash:
        detail["transaction_hash"] = challenge.transaction_hash.hex()
    return detail if known else detail | {"claimed_card": str(attempt.proof.card_uuid)}


def _verdict(attempt: Attempt, judged: _Judged, draft: Draft) -> VerifiedCard | ServiceError:
    challenge, holder = judged.challenge, judged.holder
    if judged.refusal is not None or challenge is None or holder is None:
        return judged.refusal or CardUnknown()
    return VerifiedCard(
        card_id=holder.card_id,
        card_uuid=holder.card_uuid,
        citizen_id=holder.citizen_id,
        level=challenge.level,
        record_id=draft.id,
        transaction_hash=challenge.transaction_hash,
        verified_at=attempt.now,
    )
