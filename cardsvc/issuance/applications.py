"""An application's way from enrolment to a card that is reserved for it."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from cardsvc.approvals.errors import SamePerson
from cardsvc.audit.service import OK, record, record_change
from cardsvc.callers.principal import Principal
from cardsvc.cards.models import Card
from cardsvc.cards.repository import get_stock_card
from cardsvc.citizens.service import enrol
from cardsvc.db import new_id
from cardsvc.issuance.models import Application
from cardsvc.issuance.repository import get_application, submitters_of
from cardsvc.transitions import move_application, move_card
from cardsvc.trust.keystore import Keystore
from cardsvc.wire.lifecycle import ApplicationState, CardState, Person


def create(session: Session, keystore: Keystore, person: Person, *, actor: Principal, now: datetime) -> Application:
    """Enrol a person and ask for their first card."""
    citizen = enrol(session, keystore, person, now)
    application = Application(
        id=new_id(),
        citizen_id=citizen.id,
        state=ApplicationState.DRAFT,
        requested_by=actor.client_id,
        created_at=now,
    )
    session.add(application)
    session.flush()
    record_change(session, application.id, application.state, actor=actor.client_id, now=now)
    _record(session, "application.create", application, actor, now)
    return application


def view(session: Session, application_id: UUID, *, actor: Principal, now: datetime) -> Application:
    """Look at an application. It shows personal data, so the look is recorded. Raises ApplicationNotFound."""
    application = get_application(session, application_id)
    _record(session, "application.view", application, actor, now)
    return application


def submit(session: Session, application_id: UUID, *, actor: Principal, now: datetime) -> Application:
    """Lay it before a colleague. Raises ApplicationNotFound, TransitionRefused, ChangedMeanwhile."""
    application = get_application(session, application_id)
    move_application(session, application, ApplicationState.SUBMITTED, actor=actor.client_id, now=now)
    _record(session, "application.submit", application, actor, now)
    return application


def approve(session: Session, application_id: UUID, *, actor: Principal, now: datetime) -> Application:
    """Say yes. Raises ApplicationNotFound, SamePerson, TransitionRefused, ChangedMeanwhile."""
    application = get_application(session, application_id)
    # Both are needed: else whoever wrote it could have a colleague's submission approved by themselves.
    if actor.client_id in {application.requested_by, *submitters_of(session, application.id)}:
        raise SamePerson
    move_application(
        session,
        application,
        ApplicationState.APPROVED,
        actor=actor.client_id,
        now=now,
        approved_by=actor.client_id,
    )
    _record(session, "application.approve", application, actor, now)
    return application


def reject(session: Session, application_id: UUID, reason: str, *, actor: Principal, now: datetime) -> Application:
    """Say no. Raises ApplicationNotFound, TransitionRefused, ChangedMeanwhile."""
    application = get_application(session, application_id)
    move_application(session, application, ApplicationState.REJECTED, actor=actor.client_id, now=now, reason=reason)
    _record(session, "application.reject", application, actor, now)
    return application


def reserve_card(
    session: Session, application_id: UUID, stock_number: str, *, years: int, actor: Principal, now: datetime
) -> Card:
    """Reserve a blank card for an approved application; it will be valid for ``years``.

    Raises ApplicationNotFound, CardNotFound, TransitionRefused (of either), ChangedMeanwhile.
    """
    application = get_application(session, application_id)
    card = get_stock_card(session, stock_number)
    move_card(
        session,
        card,
        CardState.RESERVED,
        actor=actor.client_id,
        now=now,
        citizen_id=application.citizen_id,
        expires_on=_years_after(now.date(), years),
    )
    move_application(
        session, application, ApplicationState.PERSONALISING, actor=actor.client_id, now=now, card_id=card.id
    )
    _record(session, "card.reserve", application, actor, now, card_id=card.id)
    return card


def _years_after(day: date, years: int) -> date:
    """The same day so many years later; 28 February for a 29th that is not there."""
    try:
        return day.replace(year=day.year + years)
    except ValueError:
        return day.replace(year=day.year + years, day=28)


def _record(
    session: Session, event: str, application: Application, actor: Principal, now: datetime, **about: Any
) -> None:
    record(
        session,
        event=event,
        outcome=OK,
        actor=actor.client_id,
        now=now,
        citizen_id=application.citizen_id,
        application=str(application.id),
        **about,
    )
