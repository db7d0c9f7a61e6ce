"""Finding applications."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from cardsvc.audit.service import steps_of
from cardsvc.cards.models import Card
from cardsvc.cards.repository import history
from cardsvc.citizens.models import Citizen
from cardsvc.citizens.service import open_person
from cardsvc.issuance.errors import ApplicationNotFound
from cardsvc.issuance.models import Application
from cardsvc.paging import Page, Wanted, page
from cardsvc.trust.keystore import Keystore
from cardsvc.wire import lifecycle
from cardsvc.wire.lifecycle import ApplicationState

OPEN: Final = (
    ApplicationState.DRAFT,
    ApplicationState.SUBMITTED,
    ApplicationState.APPROVED,
    ApplicationState.PERSONALISING,
    ApplicationState.PRODUCED,
)
"""The states of an application that is not done."""


def get_application(session: Session, application_id: UUID, *, to_change: bool = False) -> Application:
    """The application; ``to_change`` waits for whoever is changing it. Raises ApplicationNotFound."""
    application = session.get(Application, application_id, with_for_update=to_change or None)
    if application is None:
        raise ApplicationNotFound
    return application


def find_open_application(session: Session, citizen_id: UUID) -> Application | None:
    """What was asked for, for this person, and is not done."""
    return session.scalar(select(Application).where(Application.citizen_id == citizen_id, Application.state.in_(OPEN)))


def open_applications(session: Session, responsible: str | None, wanted: Wanted) -> Page[Application]:
    """Oldest first; of one officer, if one is named. Raises CursorRefused."""
    statement = select(Application).where(Application.state.in_(OPEN))
    if responsible is not None:
        seen_to_by = func.coalesce(Application.responsible, Application.requested_by)
        statement = statement.where(seen_to_by == responsible)
    return page(session, statement, Application.id, wanted)


def summarise(session: Session, applications: Sequence[Application]) -> list[lifecycle.ApplicationSummary]:
    """The applications without anything of the people."""
    wanted = [application.card_id for application in applications if application.card_id is not None]
    uuids = {row.id: row.uuid for row in session.execute(select(Card.id, Card.uuid).where(Card.id.in_(wanted)))}
    return [
        _summary(application, uuids.get(application.card_id) if application.card_id else None)
        for application in applications
    ]


def _summary(application: Application, card_uuid: UUID | None) -> lifecycle.ApplicationSummary:
    return lifecycle.ApplicationSummary(
        id=application.id,
        kind=application.kind,
        state=application.state,
        responsible=application.responsible or application.requested_by,
        appointment=application.appointment,
        card_uuid=card_uuid,
        created_at=application.created_at,
    )


def find_application_of(session: Session, card_id: UUID) -> Application | None:
    """The application that a card answers."""
    return session.scalar(select(Application).where(Application.card_id == card_id))


def submitters_of(session: Session, application_id: UUID) -> set[str]:
    """Who submitted it."""
    steps = steps_of(session, application_id)
    return {step.actor for step in steps if step.state == ApplicationState.SUBMITTED}


def describe(session: Session, keystore: Keystore, application: Application) -> lifecycle.Application:
    """The application as clerks' tools see it, with the person's data opened. Raises PersonErased."""
    session.flush()
    citizen = session.get_one(Citizen, application.citizen_id)
    card = session.get(Card, application.card_id) if application.card_id else None
    replaces = session.get(Card, application.replaces_id) if application.replaces_id else None
    return lifecycle.Application(
        id=application.id,
        state=application.state,
        person=open_person(keystore, citizen),
        kind=application.kind,
        citizen_id=application.citizen_id,
        cause=application.cause,
        appointment=application.appointment,
        guardian_id=application.guardian_id,
        consent=application.consent,
        replaces_uuid=replaces.uuid if replaces else None,
        requested_by=application.requested_by,
        responsible=application.responsible or application.requested_by,
        approved_by=application.approved_by,
        card_uuid=card.uuid if card else None,
        history=history(session, application.id),
    )
