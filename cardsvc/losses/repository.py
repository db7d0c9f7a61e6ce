"""Finding loss reports, and closing them."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from cardsvc.cards.models import Card
from cardsvc.losses.errors import LossReportNotFound
from cardsvc.losses.models import LossReport
from cardsvc.losses.numbers import is_number
from cardsvc.wire import losses as wire


def get_report(session: Session, number: str) -> LossReport:
    """Raises LossReportNotFound."""
    report = session.scalar(select(LossReport).where(LossReport.number == number))
    if report is None:
        raise LossReportNotFound(misheard=not is_number(number))
    return report


def find_open_report(session: Session, card_id: UUID) -> LossReport | None:
    """The report about a card of which nothing came yet."""
    return session.scalar(select(LossReport).where(LossReport.card_id == card_id, LossReport.outcome.is_(None)))


def was_reported(session: Session, card_id: UUID) -> bool:
    """Whether the card was reported lost or stolen and not found."""
    statement = select(LossReport.id).where(
        LossReport.card_id == card_id, LossReport.outcome.is_distinct_from(wire.LossOutcome.FOUND)
    )
    return session.scalar(statement.limit(1)) is not None


def close_report(session: Session, card_id: UUID, outcome: wire.LossOutcome, *, now: datetime) -> None:
    """What came of the open report about a card, if there is one."""
    report = find_open_report(session, card_id)
    if report is not None:
        report.outcome, report.closed_at = outcome, now


def describe(session: Session, report: LossReport) -> wire.LossReport:
    """As officers' tools see it."""
    session.flush()
    card = session.get_one(Card, report.card_id)
    return wire.LossReport(
        number=report.number,
        kind=report.kind,
        channel=report.channel,
        card_uuid=card.uuid,
        card_state=card.state,
        reported_by=report.reported_by,
        reported_at=report.reported_at,
        found_until=report.found_until,
        outcome=report.outcome,
        closed_at=report.closed_at,
        receipt=report.receipt,
    )
