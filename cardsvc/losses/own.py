"""Reporting one's other card lost at a kiosk, with the PIN of the card that is there.

Of a person's cards one is in force, so the other one is held: it was forgotten, it was thought, and the citizen has a
temporary card. Reported lost it stays held, and returning the temporary card no longer restores it. A level ``pin``
changes no more than what can be undone: what is stolen, or was never activated, would be revoked and is for the desk.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from cardsvc.authentication.visits import VisitTimes, citizen_of_visit
from cardsvc.callers.principal import Principal
from cardsvc.cards.models import Card
from cardsvc.cards.own import open_at_pin
from cardsvc.issuance.grounds import lock_cards
from cardsvc.losses.errors import NothingToReport
from cardsvc.losses.models import LossReport
from cardsvc.losses.receipts import Receipts
from cardsvc.losses.service import enter
from cardsvc.wire.lifecycle import CardState
from cardsvc.wire.losses import Channel, LossKind
from cardsvc.wire.own_cards import OwnLoss, OwnLossRequest


def report_own(
    session: Session,
    receipts: Receipts,
    request: OwnLossRequest,
    *,
    found: timedelta,
    actor: Principal,
    now: datetime,
    times: VisitTimes,
) -> OwnLoss:
    """Hold the citizen's newest held card as lost.

    ``found`` is how long it may be found. Raises VisitRefused, StepUpRequired, LockedByCitizen, NothingToReport,
    AlreadyReported, ChangedMeanwhile.
    """
    cards = lock_cards(session, citizen_of_visit(session, request.visit_token))
    visit = open_at_pin(session, request.visit_token, actor, now, times)
    others = [card for card in cards if card.state is CardState.HELD and card.id != visit.card_id]
    if not others:
        raise NothingToReport
    return _describe(_enter(session, receipts, others[-1], found=found, actor=actor, now=now))


def _enter(
    session: Session, receipts: Receipts, card: Card, *, found: timedelta, actor: Principal, now: datetime
) -> LossReport:
    return enter(
        session, receipts, card, LossKind.LOST, Channel.KIOSK, verification=None, found=found, actor=actor, now=now
    )


def _describe(row: LossReport) -> OwnLoss:
    return OwnLoss(number=row.number, reported_at=row.reported_at, found_until=row.found_until)
