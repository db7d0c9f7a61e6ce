"""Evidence of a verification, for the department that was told.

It says what that department was told before, and nothing that is true now. That it was fetched is on record all the
same: the citizen can see who still reads what.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import inspect
from sqlalchemy.orm import Session

from cardsvc.audit.leaf import leaf_of
from cardsvc.audit.models import AuditRecord
from cardsvc.audit.reading import find_place
from cardsvc.audit.service import OK
from cardsvc.audit.service import record as record_event
from cardsvc.audit.signing import LogSigner
from cardsvc.callers.principal import Principal
from cardsvc.citizens.errors import PersonErased
from cardsvc.citizens.models import Citizen
from cardsvc.departments.pseudonym import pseudonym
from cardsvc.evidence.errors import EvidenceNotFound
from cardsvc.evidence.signing import EvidenceSigner
from cardsvc.evidence.statements import statement_of
from cardsvc.trust.keystore import Keystore
from cardsvc.wire.authentication import Verification
from cardsvc.wire.evidence import Evidence, EvidenceClaims
from cardsvc.wire.merkle import leaf_hash

EVENT: Final = "evidence.fetch"


@dataclass(frozen=True)
class Attestor:
    """Attests what the service told departments."""

    keystore: Keystore
    signer: EvidenceSigner
    log: LogSigner
    issuer: str

    def evidence(self, session: Session, verification_id: UUID, *, actor: Principal, now: datetime) -> Evidence:
        """Signed now, with what the audit log says by now.

        Raises EvidenceNotFound; PersonErased, after which only what was fetched before is evidence.
        """
        record = session.get(AuditRecord, verification_id)
        if record is None or record.actor != actor.client_id:
            raise EvidenceNotFound
        claims = self._claims(session, record, actor, now)
        record_event(
            session,
            event=EVENT,
            outcome=OK,
            actor=actor.client_id,
            now=now,
            citizen_id=record.citizen_id,
            verification=str(record.id),
        )
        place = find_place(session.connection(), record.id, claims.leaf_hash, signer=self.log, now=now)
        return Evidence(evidence=self.signer.sign(claims, now), place=place)

    def attest(self, session: Session, verification: Verification, *, actor: Principal, now: datetime) -> Verification:
        """The verification with its evidence, in the transaction that writes its record."""
        record = session.get_one(AuditRecord, verification.verification_id)
        signed = self.signer.sign(self._claims(session, record, actor, now), now)
        return verification.model_copy(update={"evidence": signed})

    def _claims(self, session: Session, record: AuditRecord, actor: Principal, now: datetime) -> EvidenceClaims:
        citizen = session.get(Citizen, record.citizen_id) if record.citizen_id else None
        if citizen is None:
            raise EvidenceNotFound
        if citizen.wrapped_key is None:
            raise PersonErased
        verified = statement_of(session, self.keystore, record)
        if verified is None:
            raise EvidenceNotFound
        return EvidenceClaims(
            iss=self.issuer,
            aud=actor.audience,
            sub=pseudonym(self.keystore, actor.client_id, citizen.id),
            jti=record.id,
            iat=int(now.timestamp()),
            verified_at=int(record.at.timestamp()),
            policy_version=record.detail["policy_version"],
            verified=verified,
            log=str(self.log.key),
            leaf_hash=leaf_hash(_leaf(record)),
        )


def _leaf(record: AuditRecord) -> bytes:
    return leaf_of({column.key: getattr(record, column.key) for column in inspect(AuditRecord).columns})
