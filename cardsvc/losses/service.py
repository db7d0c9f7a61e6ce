"""Reporting a card lost or stolen: at a desk, or by telephone at any hour."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from cardsvc.approvals.service import require_not_recipient
from cardsvc.callers.principal import Principal
from cardsvc.cards.ending import revoke_card
from cardsvc.cards.holding import hold
from cardsvc.cards.models import Card
from cardsvc.cards.recording import record_card
from cardsvc.citizens.service import get_citizen
from cardsvc.db import new_id
from cardsvc.issuance.grounds import lock_cards
from cardsvc.losses.errors import AlreadyReported, CallerNotVerified, NothingToReport
from cardsvc.losses.models import LossReport
from cardsvc.losses.numbers import draw_number
from cardsvc.losses.receipts import Receipts
from cardsvc.losses.repository import find_open_report
from cardsvc.wire.lifecycle import CardState, HoldReason, RevocationReason
from cardsvc.wire.losses import Channel, LossKind, LossOutcome, LossReportRequest

_CARRIED: Final = (CardState.ACTIVE, CardState.HELD, CardState.DELIVERED)
"""The states of a card that somebody can lose; the likeliest first."""


def report(
    session: Session,
    receipts: Receipts,
    request: LossReportRequest,
    *,
    found: timedelta,
    questions: int,
    actor: Principal,
    now: datetime,
) -> LossReport:
    """Hold the card at once; a stolen one, and one that was never activated, is revoked. The receipt proves when.

    ``found`` is how long a lost card may be found, ``questions`` how many somebody who calls must answer. Raises
    CitizenNotFound, RecipientDecides, CallerNotVerified, NothingToReport, AlreadyReported, ChangedMeanwhile.
    """
    get_citizen(session, request.citizen_id)
    require_not_recipient(session, actor.client_id, request.citizen_id)
    _check_caller(request, questions)
    card = _card(lock_cards(session, request.citizen_id), request.card_uuid)
    given = None if request.verification is None else request.verification.model_dump(mode="json")
    return enter(
        session,
        receipts,
        card,
        request.kind,
        request.channel,
        verification=given,
        found=found,
        actor=actor,
        now=now,
    )


def enter(
    session: Session,
    receipts: Receipts,
    card: Card,
    kind: LossKind,
    channel: Channel,
    *,
    verification: dict[str, Any] | None,
    found: timedelta,
    actor: Principal,
    now: datetime,
) -> LossReport:
    """Write the report and stop the card, which is locked. Raises AlreadyReported, ChangedMeanwhile."""
    earlier = find_open_report(session, card.id)
    if earlier is not None and kind is LossKind.LOST:
        raise AlreadyReported(earlier.number)
    if earlier is not None:  # lost, it was thought: it turns out that it was stolen
        earlier.outcome, earlier.closed_at = LossOutcome.REVOKED, now
        session.flush()
    number = _free_number(session)
    row = LossReport(
        id=new_id(),
        number=number,
        card_id=card.id,
        citizen_id=card.citizen_id,
        kind=kind,
        channel=channel,
        verification=verification,
        reported_by=actor.client_id,
        reported_at=now,
        found_until=now + found,
        receipt=receipts.sign(number, card.uuid, kind, at=now, found_until=now + found),
    )
    session.add(row)
    session.flush()
    _stop(session, card, row, actor, now)
    told = {"number": number, "kind": kind.value, "channel": channel.value}
    record_card(session, "card.report", card, actor=actor.client_id, now=now, **told)
    return row


def _check_caller(request: LossReportRequest, questions: int) -> None:
    """Whoever stands at the desk shows a document; a voice on the telephone answers questions."""
    if request.channel is Channel.DESK:
        return
    given = request.verification
    if given is None or len(given.right) < questions or given.right != given.asked:
        raise CallerNotVerified(questions)


def _card(cards: list[Card], card_uuid: UUID | None) -> Card:
    """The card that is meant: the one named, or the newest that the citizen carries."""
    for state in _CARRIED:
        for card in reversed(cards):
            if card.state is state and card_uuid in (None, card.uuid):
                return card
    raise NothingToReport


def _free_number(session: Session) -> str:
    while True:
        number = draw_number()
        if session.scalar(select(LossReport.id).where(LossReport.number == number)) is None:
            return number


def _stop(session: Session, card: Card, row: LossReport, actor: Principal, now: datetime) -> None:
    if row.kind is LossKind.STOLEN:
        revoke_card(session, card, RevocationReason.STOLEN, actor=actor.client_id, now=now)
    elif card.state is CardState.DELIVERED:
        revoke_card(session, card, RevocationReason.LOST, actor=actor.client_id, now=now)
    else:
        hold(session, card, HoldReason.LOST, held_for=row.id, actor=actor.client_id, now=now)
