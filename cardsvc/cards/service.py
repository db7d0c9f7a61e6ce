"""A card's way through its states, as clerks move it. Personalisation is in `cardsvc.issuance`."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy.orm import Session

from cardsvc.approvals.service import require_not_recipient, spend
from cardsvc.audit.service import OK, record
from cardsvc.callers.principal import Principal
from cardsvc.cards.collecting import note_proxy
from cardsvc.cards.ending import revoke_card
from cardsvc.cards.errors import FoundTooLate, HoldStands, NotTemporary, TakesTwo
from cardsvc.cards.holding import hold as hold_card
from cardsvc.cards.holding import is_held_for, is_over, restore
from cardsvc.cards.models import Card
from cardsvc.cards.recording import record_card
from cardsvc.cards.repository import get_card
from cardsvc.issuance.grounds import lock_cards
from cardsvc.issuance.repository import find_application_of
from cardsvc.losses.repository import close_report, find_open_report
from cardsvc.registry.repository import require_alive
from cardsvc.transitions import CARD_TRANSITIONS, TransitionRefused, check_card, move_application, move_card
from cardsvc.trust.keystore import Keystore
from cardsvc.wire.approvals import ApprovalKind
from cardsvc.wire.lifecycle import (
    ApplicationKind,
    ApplicationState,
    CardState,
    HoldReason,
    Proxy,
    RevocationReason,
)
from cardsvc.wire.losses import LossOutcome

_BY_REGISTRY: Final = frozenset({RevocationReason.DECEASED, RevocationReason.MOVED_AWAY})
"""These an officer does not find out alone."""
_REINSTATED: Final = frozenset({HoldReason.LOST, HoldReason.SUSPICION})
"""The holds that two officers lift."""
_LAPSED: Final = frozenset({CardState.EXPIRED, CardState.REVOKED, CardState.DESTROYED})
"""A temporary card that is over and was not brought back yet."""
_DESTRUCTION: Final[Mapping[CardState, ApprovalKind]] = {CardState.QUARANTINED: ApprovalKind.STOCK_WRITE_OFF}
"""Whoever destroys a card that was never handed out writes off stock: that takes two."""


def release(session: Session, card_uuid: UUID, *, actor: Principal, now: datetime) -> Card:
    """Give a reserved card back to stock, unwritten: its application is approved still, for another card.

    Raises CardNotFound, TransitionRefused, ChangedMeanwhile.
    """
    card = get_card(session, card_uuid, to_change=True)
    release_card(session, card, actor=actor.client_id, now=now)
    return card


def release_card(session: Session, card: Card, *, actor: str, now: datetime) -> None:
    """As `release`, for whoever has the card at hand, locked."""
    citizen_id, application = card.citizen_id, find_application_of(session, card.id)
    move_card(session, card, CardState.STOCK, actor=actor, now=now, citizen_id=None, expires_on=None)
    if application is not None:
        move_application(session, application, ApplicationState.APPROVED, actor=actor, now=now, card_id=None)
    record(
        session,
        event="card.release",
        outcome=OK,
        actor=actor,
        now=now,
        citizen_id=citizen_id,
        card_id=card.id,
    )


def deliver(
    session: Session, keystore: Keystore, card_uuid: UUID, proxy: Proxy | None, *, actor: Principal, now: datetime
) -> Card:
    """Hand the sealed card to its citizen, or to whoever collects it for them: then who that is stays on file, sealed.

    Raises CardNotFound, RecipientDecides, RegistryEventStands, TransitionRefused, ChangedMeanwhile, PersonErased.
    """
    card = get_card(session, card_uuid)
    check_card(card.state, CardState.DELIVERED)
    _require_fit(session, card, actor)
    move_card(session, card, CardState.DELIVERED, actor=actor.client_id, now=now, custodian=None)
    if proxy is not None:
        note_proxy(session, keystore, card, proxy, actor=actor.client_id, now=now)
    record_card(session, "card.deliver", card, actor=actor.client_id, now=now, by_proxy=str(proxy is not None).lower())
    return card


def hold(session: Session, card_uuid: UUID, note: str, *, actor: Principal, now: datetime) -> Card:
    """Stop a card that something is wrong with; two officers lift that again.

    Raises CardNotFound, RecipientDecides, TransitionRefused, ChangedMeanwhile.
    """
    card = get_card(session, card_uuid, to_change=True)
    check_card(card.state, CardState.HELD)
    require_not_recipient(session, actor.client_id, card.citizen_id)
    hold_card(session, card, HoldReason.SUSPICION, held_for=None, actor=actor.client_id, now=now, note=note)
    return card


def reinstate(session: Session, card_uuid: UUID, *, actor: Principal, now: datetime) -> Card:
    """Put a card that was lost and found, or held on suspicion, into force again. Takes an approval.

    Raises CardNotFound, TransitionRefused, HoldStands, FoundTooLate, CardOver, AnotherCardActive, RegistryEventStands,
    ChangedMeanwhile, and what `spend` raises (NotApproved, SamePerson, RecipientDecides …).
    """
    card = get_card(session, card_uuid, to_change=True)
    if card.state is not CardState.HELD:
        raise TransitionRefused("card", card.state, CardState.ACTIVE, CARD_TRANSITIONS[card.state])
    if card.hold_reason not in _REINSTATED:
        raise HoldStands(card.hold_reason)
    report = find_open_report(session, card.id)
    if report is not None and now >= report.found_until:
        raise FoundTooLate
    _require_fit(session, card, actor)
    spend(session, ApprovalKind.REINSTATEMENT, card.uuid, actor=actor.client_id, now=now)
    restore(session, card, actor=actor.client_id, now=now, note="reinstated")
    close_report(session, card.id, LossOutcome.FOUND, now=now)
    return card


def return_temporary(session: Session, card_uuid: UUID, *, actor: Principal, now: datetime) -> Card:
    """Take a temporary card back: it is revoked, and the one that was forgotten is in force again.

    One that lapsed is taken back, too: until then the other one stays held. Raises CardNotFound, NotTemporary,
    RecipientDecides, TransitionRefused, AnotherCardActive, ChangedMeanwhile.
    """
    card = get_card(session, card_uuid)
    application = find_application_of(session, card.id)
    if application is None or application.kind is not ApplicationKind.TEMPORARY or application.replaces_id is None:
        raise NotTemporary
    require_not_recipient(session, actor.client_id, card.citizen_id)
    lock_cards(session, application.citizen_id)
    original = session.get_one(Card, application.replaces_id)
    waits = is_held_for(original, application.id) and not is_over(original, now)
    if card.state not in _LAPSED or not waits:
        revoke_card(session, card, RevocationReason.SUPERSEDED, actor=actor.client_id, now=now, note="returned")
    if is_held_for(original, application.id) and waits:
        restore(session, original, actor=actor.client_id, now=now, note="temporary card returned")
    record_card(session, "card.return", card, actor=actor.client_id, now=now)
    return card


def revoke(session: Session, card_uuid: UUID, reason: RevocationReason, *, actor: Principal, now: datetime) -> Card:
    """Withdraw a card for good: its certificates, and the visits it began, end in the same transaction.

    Raises CardNotFound, TakesTwo, TransitionRefused, ChangedMeanwhile.
    """
    card = get_card(session, card_uuid, to_change=True)
    check_card(card.state, CardState.REVOKED)
    if reason in _BY_REGISTRY:
        raise TakesTwo(ApprovalKind.DEATH, "Report what the registry told; a colleague confirms it.")
    revoke_card(session, card, reason, actor=actor.client_id, now=now)
    return card


def destroy(session: Session, card_uuid: UUID, note: str, *, actor: Principal, now: datetime) -> Card:
    """A card was shredded, or is given up. One that was never handed out needs a write-off that a colleague approved.

    Raises CardNotFound, TransitionRefused, ChangedMeanwhile, and what `spend` raises.
    """
    card = get_card(session, card_uuid, to_change=True)
    check_card(card.state, CardState.DESTROYED)
    kind = _DESTRUCTION.get(card.state)
    if kind is not None:
        spend(session, kind, card.uuid, actor=actor.client_id, now=now)
    move_card(session, card, CardState.DESTROYED, actor=actor.client_id, now=now, reason=note, custodian=None)
    record_card(session, "card.destroy", card, actor=actor.client_id, now=now)
    return card


def _require_fit(session: Session, card: Card, actor: Principal) -> None:
    if card.citizen_id is not None:
        require_not_recipient(session, actor.client_id, card.citizen_id)
        require_alive(session, card.citizen_id)
