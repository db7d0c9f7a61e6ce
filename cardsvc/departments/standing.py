"""How the cards of people stand, asked by the names a department knows them by.

A department may ask about whoever was with it, and about nobody else: a pseudonym that it was never told is unknown to
it, whether there is such a person or not. Every answer is in the person's own history, with its purpose.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from cardsvc.audit.service import OK, Draft, record_all
from cardsvc.callers.principal import Principal
from cardsvc.cards.models import Card
from cardsvc.db import insert_new, new_id
from cardsvc.departments.errors import DepartmentNotFound
from cardsvc.departments.models import Acquaintance, Department
from cardsvc.departments.repository import find_by_code, rules_in_force
from cardsvc.wire.departments import CardStanding, CardStandings, StandingAnswer, StandingQuestion
from cardsvc.wire.lifecycle import CardState

EVENT: Final = "card-standing.ask"

_SAYS: Final[Mapping[CardState, CardStanding]] = {
    CardState.ACTIVE: CardStanding.IN_FORCE,
    CardState.HELD: CardStanding.HELD,
}
"""Everything else is no card as far as a department is concerned: one that was never in force, or is no more."""


def make_acquainted(
    session: Session, department: Department, pseudonym: str, citizen_id: UUID, *, now: datetime
) -> None:
    """Remember that the department was told about this person; once is enough."""
    row = {
        "id": new_id(),
        "department_id": department.id,
        "pseudonym": pseudonym,
        "citizen_id": citizen_id,
        "since": now,
    }
    insert_new(session.connection(), Acquaintance, [row], unique=["department_id", "pseudonym"])


def ask(session: Session, question: StandingQuestion, *, actor: Principal, now: datetime) -> CardStandings:
    """Answer in the order of the question.

    Raises PurposeNotCovered; DepartmentNotFound for callers that are no department.
    """
    department = find_by_code(session, actor.client_id)
    if department is None:
        raise DepartmentNotFound
    policy = rules_in_force(session, department)
    policy.rules.require_purpose(question.purpose)
    known = _acquaintances(session, department, question.pseudonyms)
    standings = _standings(session, known.values())
    asked = [known[pseudonym] for pseudonym in question.pseudonyms if pseudonym in known]
    detail = {"purpose": question.purpose, "policy_version": policy.version}
    drafts = [Draft(EVENT, OK, actor.client_id, now, citizen_id=citizen_id, detail=detail) for citizen_id in asked]
    unknown = len(question.pseudonyms) - len(asked)
    if unknown:
        drafts.append(
            Draft(EVENT, CardStanding.UNKNOWN.value, actor.client_id, now, detail=detail | {"count": unknown})
        )
    record_all(session.connection(), drafts)
    return CardStandings(
        asked_at=now,
        policy_version=policy.version,
        answers=[
            StandingAnswer(pseudonym=pseudonym, standing=_answer(known.get(pseudonym), standings))
            for pseudonym in question.pseudonyms
        ],
    )


def _acquaintances(session: Session, department: Department, pseudonyms: Sequence[str]) -> dict[str, UUID]:
    statement = select(Acquaintance.pseudonym, Acquaintance.citizen_id).where(
        Acquaintance.department_id == department.id, Acquaintance.pseudonym.in_(pseudonyms)
    )
    return dict(session.execute(statement).all())


def _standings(session: Session, citizens: Collection[UUID]) -> dict[UUID, CardStanding]:
    """The best that one of each person's cards has: a temporary card is in force while the other is held."""
    statement = (
        select(Card.citizen_id, Card.state)
        .where(Card.citizen_id.in_(citizens), Card.state.in_(list(_SAYS)))
        .order_by(Card.id)
        .with_for_update(read=True)
    )
    found: dict[UUID, CardStanding] = {}
    for citizen_id, state in session.execute(statement):
        if citizen_id is not None and found.get(citizen_id) is not CardStanding.IN_FORCE:
            found[citizen_id] = _SAYS[state]
    return found


def _answer(citizen_id: UUID | None, standings: Mapping[UUID, CardStanding]) -> CardStanding:
    return CardStanding.UNKNOWN if citizen_id is None else standings.get(citizen_id, CardStanding.NONE)
