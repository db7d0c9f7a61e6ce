"""Photographs of people, sealed."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from cardsvc.approvals.service import require_not_recipient
from cardsvc.audit.service import OK, record
from cardsvc.callers.principal import Principal
from cardsvc.citizens.errors import PhotoMissing, PhotoRefused
from cardsvc.citizens.models import Citizen, Photo
from cardsvc.citizens.pictures import PictureUnreadable, Portrait, read_portrait
from cardsvc.citizens.searching import reference_of
from cardsvc.citizens.service import get_citizen, open_data_key
from cardsvc.trust import sealing
from cardsvc.trust.keystore import Keystore
from cardsvc.wire import people as wire


def judge(raw: bytes) -> Portrait:
    """The photograph as it would be kept. Needs no database: comes before the transaction. Raises PhotoRefused."""
    try:
        return read_portrait(raw)
    except PictureUnreadable as error:
        raise PhotoRefused(error.reason, str(error)) from None


def store(
    session: Session, keystore: Keystore, citizen_id: UUID, portrait: Portrait, *, actor: Principal, now: datetime
) -> wire.PhotoInfo:
    """Keep it instead of the one before. Raises CitizenNotFound, RecipientDecides, PersonErased."""
    citizen = get_citizen(session, citizen_id, to_change=True)
    require_not_recipient(session, actor.client_id, citizen.id)
    photo = session.get(Photo, citizen.id) or Photo(citizen_id=citizen.id)
    photo.sealed = sealing.seal(open_data_key(keystore, citizen), portrait.jpeg, _context(citizen.id))
    photo.width, photo.height = portrait.width, portrait.height
    photo.stored_by, photo.stored_at = actor.client_id, now
    session.add(photo)
    _record(session, "photo.store", citizen.id, actor, now)
    return wire.PhotoInfo(width=photo.width, height=photo.height, stored_by=photo.stored_by, stored_at=now)


def show(
    session: Session,
    keystore: Keystore,
    citizen_id: UUID,
    occasion: wire.Occasion,
    *,
    actor: Principal,
    now: datetime,
) -> bytes:
    """The photograph as JPEG; the look is on record. Raises CitizenNotFound, PersonErased, PhotoMissing."""
    citizen = get_citizen(session, citizen_id)
    jpeg = open_photo(session, keystore, citizen)
    if jpeg is None:
        raise PhotoMissing
    _record(session, "photo.open", citizen.id, actor, now, purpose=occasion.purpose.value, **reference_of(occasion))
    return jpeg


def open_photo(session: Session, keystore: Keystore, citizen: Citizen) -> bytes | None:
    """The photograph as JPEG, for the card. Raises PersonErased."""
    data_key = open_data_key(keystore, citizen)
    photo = session.get(Photo, citizen.id)
    return None if photo is None else sealing.unseal(data_key, photo.sealed, _context(citizen.id))


def _record(session: Session, event: str, citizen_id: UUID, actor: Principal, now: datetime, **detail: Any) -> None:
    record(session, event=event, outcome=OK, actor=actor.client_id, now=now, citizen_id=citizen_id, **detail)


def _context(citizen_id: UUID) -> bytes:
    return b"citizen/photo/" + citizen_id.bytes
