"""Holding cards and restoring them: a held card proves nothing, and its certificates are on hold with it."""

from __future__ import annotations

from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import update
from sqlalchemy.orm import Session

from cardsvc.approvals.service import lapse
from cardsvc.authentication.models import Visit
from cardsvc.cards.errors import CardOver
from cardsvc.cards.models import Card
from cardsvc.cards.recording import record_card
from cardsvc.transitions import check_card, move_card
from cardsvc.trust.certificates import put_into_force, put_on_hold
from cardsvc.webhooks.outbox import announce
from cardsvc.wire.approvals import ApprovalKind
from cardsvc.wire.lifecycle import CardState, HoldReason
from cardsvc.wire.reach import RevocationKind

_ORDER: Final = {reason: place for place, reason in enumerate(HoldReason)}


def hold(
    session: Session,
    card: Card,
    reason: HoldReason,
    *,
    held_for: UUID | None,
    actor: str,
    now: datetime,
    note: str | None = None,
) -> None:
    """Hold an active card, for what is to restore it one day. One that is held already is held for the graver reason.

    The visits that the card began end, and nobody's earlier yes lifts this hold. Raises TransitionRefused,
    ChangedMeanwhile.
    """
    lapse(session, ApprovalKind.REINSTATEMENT, card.uuid, actor=actor, now=now)
    if card.state is CardState.HELD:
        if card.hold_reason is None or _ORDER[reason] > _ORDER[card.hold_reason]:
            card.hold_reason, card.held_for = reason, held_for
            record_card(session, "card.hold", card, actor=actor, now=now, reason=reason.value)
        return
    move_card(
        session,
        card,
        CardState.HELD,
        actor=actor,
        now=now,
        reason=note or reason.value,
        hold_reason=reason,
        held_for=held_for,
    )
    put_on_hold(session, card.id, now)
    end_visits(session, card.id, now)
    record_card(session, "card.hold", card, actor=actor, now=now, reason=reason.value)
    announce(session, card, RevocationKind.HELD, now=now)


def is_held_for(card: Card, held_for: UUID) -> bool:
    """Whether this, and nothing graver since, holds the card."""
    return card.state is CardState.HELD and card.held_for == held_for


def restore(session: Session, card: Card, *, actor: str, now: datetime, note: str | None = None) -> None:
    """Put a held card into force again, with its certificates.

    Raises TransitionRefused, CardOver, AnotherCardActive, ChangedMeanwhile.
    """
    check_card(card.state, CardState.ACTIVE)
    if is_over(card, now):
        raise CardOver
    reason = card.hold_reason
    move_card(session, card, CardState.ACTIVE, actor=actor, now=now, reason=note)
    put_into_force(session, card.id)
    record_card(session, "card.restore", card, actor=actor, now=now, reason=None if reason is None else reason.value)
    announce(session, card, RevocationKind.RESTORED, now=now)


def end_visits(session: Session, card_id: UUID, now: datetime) -> None:
    """Whoever stands at a kiosk with the card is sent away."""
    session.execute(
        update(Visit)
        .where(Visit.card_id == card_id, Visit.ended_at.is_(None))
        .values(ended_at=now)
        .execution_options(synchronize_session=False)
    )


def is_over(card: Card, now: datetime) -> bool:
    """Whether the card's last day has passed."""
    return card.expires_on is not None and now.date() > card.expires_on
