"""Looks that show nothing but how something of a citizen's stands: they are looks all the same, and go on record.

What shows the person is recorded where it is opened, with its purpose.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from cardsvc.audit.service import OK, record
from cardsvc.callers.principal import Principal
from cardsvc.cards.models import Card
from cardsvc.cards.repository import get_card
from cardsvc.citizens import documents
from cardsvc.citizens.models import Citizen, Document
from cardsvc.issuance.repository import get_application
from cardsvc.losses.models import LossReport
from cardsvc.losses.repository import get_report
from cardsvc.paging import Page, Wanted
from cardsvc.registry.models import RegistryEvent
from cardsvc.registry.repository import events_of


def look_at_card(session: Session, card_uuid: UUID, *, actor: Principal, now: datetime) -> Card:
    """A card, blank or somebody's. Raises CardNotFound."""
    card = get_card(session, card_uuid)
    if card.citizen_id is not None:
        _record(session, "card.view", card.citizen_id, actor, now, card_id=card.id)
    return card


def look_at_report(session: Session, number: str, *, actor: Principal, now: datetime) -> LossReport:
    """A loss report, by its number. Raises LossReportNotFound."""
    report = get_report(session, number)
    _record(session, "card.report.view", report.citizen_id, actor, now, card_id=report.card_id)
    return report


def look_at_registry(
    session: Session, citizen_id: UUID, wanted: Wanted, *, actor: Principal, now: datetime
) -> Page[RegistryEvent]:
    """What the registry told about a person; nothing about nobody. Raises CursorRefused."""
    if session.get(Citizen, citizen_id) is None:
        return Page([], None)
    _record(session, "registry.view", citizen_id, actor, now)
    return events_of(session, citizen_id, wanted)


def look_at_documents(
    session: Session, application_id: UUID, wanted: Wanted, *, actor: Principal, now: datetime
) -> Page[Document]:
    """Which documents an application has. Raises ApplicationNotFound, CursorRefused."""
    citizen_id = get_application(session, application_id).citizen_id
    _record(session, "document.list", citizen_id, actor, now, application=str(application_id))
    return documents.list_documents(session, application_id, wanted)


def _record(session: Session, event: str, citizen_id: UUID, actor: Principal, now: datetime, **about: Any) -> None:
    record(session, event=event, outcome=OK, actor=actor.client_id, now=now, citizen_id=citizen_id, **about)
