"""How the cards of people stand."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from cardsvc.callers.principal import Principal
from cardsvc.cards.models import Card
from cardsvc.departments.inquiries import open_inquiry
from cardsvc.wire.departments import CardStanding, CardStandings, StandingAnswer, StandingQuestion
from cardsvc.wire.lifecycle import CardState

EVENT: Final = "card-standing.ask"

_SAYS: Final[Mapping[CardState, CardStanding]] = {
    CardState.ACTIVE: CardStanding.IN_FORCE,
    CardState.HELD: CardStanding.HELD,
}
"""Everything else is no card as far as a department is concerned: one that was never in force, or is no more."""


def ask(session: Session, question: StandingQuestion, *, actor: Principal, now: datetime) -> CardStandings:
    """Answer in the order of the question. Raises PurposeNotCovered, DepartmentNotFound."""
    inquiry = open_inquiry(session, question, event=EVENT, actor=actor, now=now)
    found = _best(session, _in_question(inquiry.known.values()).with_for_update(read=True))
    standings = {name: found.get(citizen, CardStanding.NONE) for name, citizen in inquiry.known.items()}
    records = {
        name: inquiry.answered(citizen, standing=standings[name].value) for name, citizen in inquiry.known.items()
    }
    inquiry.close(session, records.values())
    return CardStandings(
        asked_at=now,
        policy_version=inquiry.policy.version,
        answers=[
            StandingAnswer(
                pseudonym=name,
                standing=standings.get(name, CardStanding.UNKNOWN),
                verification_id=records[name].id if name in records else None,
            )
            for name in question.pseudonyms
        ],
    )


def standing_of(session: Session, citizen_id: UUID) -> CardStanding:
    """How a person's cards stand for whoever has changed one of them. Locks nothing more."""
    return _best(session, _in_question([citizen_id])).get(citizen_id, CardStanding.NONE)


def _in_question(citizens: Collection[UUID]) -> Select[UUID | None, CardState]:
    return (
        select(Card.citizen_id, Card.state)
        .where(Card.citizen_id.in_(citizens), Card.state.in_(list(_SAYS)))
        .order_by(Card.id)
    )


def _best(session: Session, statement: Select[UUID | None, CardState]) -> dict[UUID, CardStanding]:
    """The best that one of each person's cards has: a temporary card is in force while the other is held."""
    found: dict[UUID, CardStanding] = {}
    for citizen_id, state in session.execute(statement):
        if citizen_id is not None and found.get(citizen_id) is not CardStanding.IN_FORCE:
            found[citizen_id] = _SAYS[state]
    return found
