"""What became of a person's applications and cards, for somebody who says why they look."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from cardsvc.audit.service import OK, record
from cardsvc.callers.principal import Principal
from cardsvc.cards.models import Card
from cardsvc.cards.repository import describe as describe_card
from cardsvc.cards.repository import history
from cardsvc.citizens.models import PersonVersion
from cardsvc.citizens.searching import reference_of
from cardsvc.citizens.service import get_citizen
from cardsvc.issuance.models import Application
from cardsvc.losses.models import LossReport
from cardsvc.registry.repository import describe as describe_event
from cardsvc.registry.repository import events_of
from cardsvc.wire import lives as wire
from cardsvc.wire.people import CorrectionCause, Occasion


def open_life(
    session: Session, citizen_id: UUID, occasion: Occasion, *, actor: Principal, now: datetime
) -> wire.PersonLife:
    """The look and its purpose are on record. Raises CitizenNotFound."""
    get_citizen(session, citizen_id)
    mine = select(Card).where(Card.citizen_id == citizen_id).order_by(Card.id)
    cards = {card.id: card for card in session.scalars(mine)}
    life = wire.PersonLife(
        applications=_applications(session, citizen_id, {key: card.uuid for key, card in cards.items()}),
        cards=[describe_card(session, card) for card in cards.values()],
        losses=_losses(session, citizen_id, {key: card.uuid for key, card in cards.items()}),
        registry_events=[describe_event(event) for event in reversed(events_of(session, citizen_id).rows)],
        corrections=_corrections(session, citizen_id),
    )
    record(
        session,
        event="person.open-life",
        outcome=OK,
        actor=actor.client_id,
        now=now,
        citizen_id=citizen_id,
        purpose=occasion.purpose.value,
        **reference_of(occasion),
    )
    return life


def _applications(session: Session, citizen_id: UUID, uuids: dict[UUID, UUID]) -> list[wire.PastApplication]:
    mine = select(Application).where(Application.citizen_id == citizen_id).order_by(Application.id)
    return [
        wire.PastApplication(
            id=row.id,
            kind=row.kind,
            cause=row.cause,
            state=row.state,
            requested_by=row.requested_by,
            responsible=row.responsible or row.requested_by,
            card_uuid=None if row.card_id is None else uuids.get(row.card_id),
            replaces_uuid=None if row.replaces_id is None else uuids.get(row.replaces_id),
            history=history(session, row.id),
        )
        for row in session.scalars(mine)
    ]


def _losses(session: Session, citizen_id: UUID, uuids: dict[UUID, UUID]) -> list[wire.Loss]:
    mine = select(LossReport).where(LossReport.citizen_id == citizen_id).order_by(LossReport.id)
    return [
        wire.Loss(
            number=row.number,
            kind=row.kind,
            channel=row.channel,
            card_uuid=uuids[row.card_id],
            reported_by=row.reported_by,
            reported_at=row.reported_at,
            found_until=row.found_until,
            outcome=row.outcome,
            closed_at=row.closed_at,
        )
        for row in session.scalars(mine)
    ]


def _corrections(session: Session, citizen_id: UUID) -> list[wire.Correction]:
    columns = (PersonVersion.until, PersonVersion.corrected_by, PersonVersion.cause)
    rows = session.execute(
        select(*columns).where(PersonVersion.citizen_id == citizen_id).order_by(PersonVersion.version)
    )
    return [wire.Correction(at=until, corrected_by=by, cause=CorrectionCause(cause)) for until, by, cause in rows]
