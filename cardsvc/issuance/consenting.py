"""A guardian agrees to a card for a minor: with their own card and PIN, or on a form that is scanned."""

from __future__ import annotations

from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from cardsvc.approvals.service import require_not_recipient
from cardsvc.audit.service import OK, Draft, record, record_all
from cardsvc.authentication.challenges import own_challenge, read_handle
from cardsvc.authentication.errors import ChallengeUnknown
from cardsvc.authentication.proofs import Acceptance, ProofVerifier
from cardsvc.callers.principal import Principal
from cardsvc.cards.models import Card
from cardsvc.citizens.errors import DocumentUnknown, GuardianRefused
from cardsvc.citizens.guardians import acts_for
from cardsvc.citizens.models import Citizen, Document
from cardsvc.citizens.service import open_person
from cardsvc.errors import ServiceError
from cardsvc.issuance.errors import ConsentNotNeeded, ConsentNotProved, NotADraft
from cardsvc.issuance.models import Application
from cardsvc.issuance.repository import get_application
from cardsvc.issuance.rules import RULES, Rules
from cardsvc.trust.keystore import Keystore
from cardsvc.trust.models import CertificateStatus
from cardsvc.wire.authentication import CardProof
from cardsvc.wire.levels import Level
from cardsvc.wire.lifecycle import ApplicationState, CardState, Consent, ConsentRequest
from cardsvc.wire.signed import consent_hash

CONSENT: Final = Acceptance(
    event="guardian.consent",
    levels=frozenset({Level.PIN}),
    states=frozenset({CardState.ACTIVE}),
    statuses=frozenset({CertificateStatus.VALID}),
)


def consent(
    session: Session,
    verifier: ProofVerifier,
    application_id: UUID,
    request: ConsentRequest,
    *,
    actor: Principal,
    now: datetime,
    rules: Rules = RULES,
) -> Application | ServiceError:
    """Note that the guardian agreed to a draft.

    A proof that is refused is given back, not raised: it is on record, its challenge is spent, and that is to be
    committed. Gives back ConsentNotProved and every ProofRefused; raises ApplicationNotFound, NotADraft,
    RecipientDecides, ConsentNotNeeded, GuardianRefused, DocumentUnknown, PersonErased.
    """
    application = get_application(session, application_id, to_change=True)
    _check(session, verifier.keystore, application, request.guardian_id, actor=actor, now=now, rules=rules)
    if request.proof is not None:
        proof = request.proof
        if not _is_meant(session, verifier.keystore, proof, application, request.guardian_id):
            return _refuse(session, verifier.keystore, proof, application, actor=actor, now=now)
        verified = verifier.verify(session, proof, actor=actor, now=now, acceptance=CONSENT)
        if isinstance(verified, ServiceError):
            return verified
    elif request.document_id is not None:
        document = session.get(Document, request.document_id)
        if document is None or document.application_id != application.id:
            raise DocumentUnknown
    application.guardian_id = request.guardian_id
    application.consent = Consent.PAPER if request.proof is None else Consent.CARD
    _record(session, application, actor, now)
    return application


def _check(
    session: Session,
    keystore: Keystore,
    application: Application,
    guardian_id: UUID,
    *,
    actor: Principal,
    now: datetime,
    rules: Rules,
) -> None:
    if application.state is not ApplicationState.DRAFT:
        raise NotADraft(application.state)
    for citizen_id in (application.citizen_id, guardian_id):
        require_not_recipient(session, actor.client_id, citizen_id)
    person = open_person(keystore, session.get_one(Citizen, application.citizen_id))
    if not rules.needs_consent(person.birth_date, now.date()):
        raise ConsentNotNeeded
    if not acts_for(session, guardian_id, application.citizen_id):
        raise GuardianRefused("does-not-act", "This person does not act for that one.")


def _is_meant(
    session: Session, keystore: Keystore, proof: CardProof, application: Application, guardian_id: UUID
) -> bool:
    """The guardian entered their PIN for this application: another's card, or a proof made for anything else, is none.

    Of a card or a challenge that is not ours the verifier says so, and records it.
    """
    holder = session.scalar(select(Card.citizen_id).where(Card.uuid == proof.card_uuid))
    if holder not in {None, guardian_id}:
        return False
    try:
        challenge = read_handle(keystore, proof.challenge_handle)
    except ChallengeUnknown:
        return True
    return challenge.transaction_hash == consent_hash(application.id)


def _refuse(
    session: Session, keystore: Keystore, proof: CardProof, application: Application, *, actor: Principal, now: datetime
) -> ConsentNotProved:
    refusal, spent = ConsentNotProved(), own_challenge(keystore, proof.challenge_handle, actor)
    session.flush()
    record_all(
        session.connection(),
        [Draft(CONSENT.event, refusal.code, actor.client_id, now, application.citizen_id, challenge_id=spent)],
    )
    return refusal


def _record(session: Session, application: Application, actor: Principal, now: datetime) -> None:
    for citizen_id in (application.citizen_id, application.guardian_id):
        record(
            session,
            event="application.consent",
            outcome=OK,
            actor=actor.client_id,
            now=now,
            citizen_id=citizen_id,
            application=str(application.id),
            by=None if application.consent is None else application.consent.value,
        )
