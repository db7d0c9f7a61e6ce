"""Activation: the citizen, with a PIN of their own, proves at the desk that the delivered card works."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from cardsvc.approvals.errors import RecipientDecides
from cardsvc.approvals.service import require_not_recipient
from cardsvc.audit.service import Draft, record_all
from cardsvc.authentication.challenges import own_challenge, read_handle
from cardsvc.authentication.errors import ChallengeUnknown
from cardsvc.authentication.proofs import ACTIVATION, ProofVerifier
from cardsvc.callers.principal import Principal
from cardsvc.cards.errors import ProofNotForActivation, ProofOfAnotherCard
from cardsvc.cards.models import Card
from cardsvc.cards.repository import get_card
from cardsvc.errors import ServiceError
from cardsvc.issuance import escrow
from cardsvc.issuance.grounds import lock_cards
from cardsvc.issuance.models import SecretKind
from cardsvc.issuance.repository import find_application_of
from cardsvc.issuance.superseding import supersede
from cardsvc.locks.repository import write_on_cards
from cardsvc.registry.errors import RegistryEventStands
from cardsvc.registry.repository import require_alive
from cardsvc.transitions import TransitionRefused, check_card, move_application, move_card
from cardsvc.trust.certificates import put_into_force
from cardsvc.trust.keystore import Keystore
from cardsvc.webhooks.outbox import tell
from cardsvc.wire.authentication import CardProof
from cardsvc.wire.lifecycle import ApplicationState, CardState
from cardsvc.wire.signed import activation_hash
from cardsvc.wire.webhooks import EventType


def activate(
    session: Session, verifier: ProofVerifier, card_uuid: UUID, proof: CardProof, *, actor: Principal, now: datetime
) -> Card | ServiceError:
    """Put a delivered card and its certificates into force; its transport PIN is forgotten.

    What the citizen had before is revoked with it, unless this one is temporary. A refusal is given back, not raised:
    it is on record, the challenge is spent with it, and that is to be committed. Gives back TransitionRefused,
    RecipientDecides, RegistryEventStands, ProofOfAnotherCard, ProofNotForActivation, AnotherCardActive,
    ChangedMeanwhile and every ProofRefused; raises CardNotFound.
    """
    card = get_card(session, card_uuid)
    if card.citizen_id is not None:
        lock_cards(session, card.citizen_id)
    refusal = _refusal(session, verifier.keystore, card, proof, actor)
    if refusal is not None:
        return _refuse(session, verifier.keystore, card, proof, refusal, actor=actor, now=now)
    try:
        with session.begin_nested():
            verified = verifier.verify(session, proof, actor=actor, now=now, acceptance=ACTIVATION)
            if isinstance(verified, ServiceError):
                return verified
            _come_into_force(session, card, actor=actor, now=now)
    except ServiceError as late:  # with what was done goes the record that says it worked: this one takes its place
        return _refuse(session, verifier.keystore, card, proof, late, actor=actor, now=now)
    return card


def _come_into_force(session: Session, card: Card, *, actor: Principal, now: datetime) -> None:
    application = find_application_of(session, card.id)
    if application is not None:
        supersede(session, application, card, actor=actor.client_id, now=now)
    move_card(session, card, CardState.ACTIVE, actor=actor.client_id, now=now)
    put_into_force(session, card.id)
    if card.citizen_id is not None:
        write_on_cards(session, card.citizen_id, [card])
    escrow.forget(session, card.id, SecretKind.TRANSPORT_PIN)
    if application is not None:
        move_application(session, application, ApplicationState.CLOSED, actor=actor.client_id, now=now)
    if card.citizen_id is not None:
        tell(session, card.citizen_id, EventType.CARD_REPLACED, now=now)  # to whoever knew them by another card


def _refuse(
    session: Session,
    keystore: Keystore,
    card: Card,
    proof: CardProof,
    refusal: ServiceError,
    *,
    actor: Principal,
    now: datetime,
) -> ServiceError:
    spent = own_challenge(keystore, proof.challenge_handle, actor)
    draft = Draft(ACTIVATION.event, refusal.code, actor.client_id, now, card.citizen_id, card.id, spent)
    session.flush()
    record_all(session.connection(), [draft])
    return refusal


def _refusal(
    session: Session, keystore: Keystore, card: Card, proof: CardProof, actor: Principal
) -> ServiceError | None:
    """What is wrong before the proof itself is looked at."""
    try:
        check_card(card.state, CardState.ACTIVE)
        if card.citizen_id is not None:
            require_not_recipient(session, actor.client_id, card.citizen_id)
            require_alive(session, card.citizen_id)
    except (TransitionRefused, RecipientDecides, RegistryEventStands) as refusal:
        return refusal
    if proof.card_uuid != card.uuid:
        return ProofOfAnotherCard()
    try:
        challenge = read_handle(keystore, proof.challenge_handle)
    except ChallengeUnknown:
        return None  # the verifier says so, and records it
    # The citizen entered their PIN to activate this card; a PIN entered for a service must not do it behind their back.
    return None if challenge.transaction_hash == activation_hash(card.uuid) else ProofNotForActivation()
