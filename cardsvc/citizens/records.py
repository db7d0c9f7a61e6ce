"""Opening a person: everything that is known, for somebody who says why."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from cardsvc.audit.service import OK, record
from cardsvc.callers.principal import Principal
from cardsvc.cards.models import Card
from cardsvc.citizens.guardians import guardians_of
from cardsvc.citizens.models import Citizen, PersonVersion, Photo
from cardsvc.citizens.searching import reference_of
from cardsvc.citizens.service import get_citizen, open_person
from cardsvc.trust.keystore import Keystore
from cardsvc.wire import people as wire


def open_record(
    session: Session,
    keystore: Keystore,
    citizen_id: UUID,
    occasion: wire.Occasion,
    *,
    actor: Principal,
    now: datetime,
) -> wire.PersonRecord:
    """A person, with the reason for the look on record. Raises CitizenNotFound, PersonErased."""
    citizen = get_citizen(session, citizen_id)
    described = describe(session, keystore, citizen)
    record(
        session,
        event="person.open",
        outcome=OK,
        actor=actor.client_id,
        now=now,
        citizen_id=citizen.id,
        purpose=occasion.purpose.value,
        **reference_of(occasion),
    )
    return described


def describe(session: Session, keystore: Keystore, citizen: Citizen) -> wire.PersonRecord:
    """The person as officers' tools see them. Raises PersonErased."""
    session.flush()
    versions = select(func.count()).select_from(PersonVersion).where(PersonVersion.citizen_id == citizen.id)
    return wire.PersonRecord(
        id=citizen.id,
        person=open_person(keystore, citizen),
        photo=_photo(session, citizen.id),
        cards=_cards(session, citizen.id),
        guardians=guardians_of(session, citizen.id),
        corrections=session.scalar(versions) or 0,
    )


def _photo(session: Session, citizen_id: UUID) -> wire.PhotoInfo | None:
    columns = (Photo.width, Photo.height, Photo.stored_by, Photo.stored_at)
    row = session.execute(select(*columns).where(Photo.citizen_id == citizen_id)).one_or_none()
    return None if row is None else wire.PhotoInfo(**row._asdict())


def _cards(session: Session, citizen_id: UUID) -> list[wire.PersonCard]:
    statement = select(Card).where(Card.citizen_id == citizen_id).order_by(Card.id)
    return [
        wire.PersonCard(uuid=card.uuid, stock_number=card.stock_number, state=card.state, expires_on=card.expires_on)
        for card in session.scalars(statement)
    ]
