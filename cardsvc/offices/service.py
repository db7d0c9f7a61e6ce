"""Opening, renaming and closing offices."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from cardsvc.audit.service import OK, record
from cardsvc.callers.models import Caller
from cardsvc.db import new_id
from cardsvc.offices.errors import OfficeExists, OfficeInUse, OfficeUnknown
from cardsvc.offices.models import Office
from cardsvc.paging import Page, Wanted, page
from cardsvc.wire import officers as wire


def open_office(session: Session, code: str, title: str, *, actor: str, now: datetime) -> Office:
    """Open an office. Raises OfficeExists."""
    office = Office(id=new_id(), code=code, title=title, created_at=now)
    try:
        with session.begin_nested():
            session.add(office)
    except IntegrityError:
        raise OfficeExists(code) from None
    record(session, event="office.open", outcome=OK, actor=actor, now=now, office=code)
    return office


def rename_office(session: Session, code: str, title: str, *, actor: str, now: datetime) -> Office:
    """Give an open office another title; its code stays. Raises OfficeUnknown."""
    office = get_office(session, code)
    office.title = title
    record(session, event="office.change", outcome=OK, actor=actor, now=now, office=code, changed=["title"])
    return office


def close_office(session: Session, code: str, *, actor: str, now: datetime) -> Office:
    """Close an office where nobody works. Raises OfficeUnknown, OfficeInUse."""
    office = get_office(session, code)
    working = (
        select(func.count()).select_from(Caller).where(Caller.office_id == office.id, Caller.disabled_at.is_(None))
    )
    callers = session.scalar(working) or 0
    if callers:
        raise OfficeInUse(callers)
    office.closed_at = now
    record(session, event="office.close", outcome=OK, actor=actor, now=now, office=code)
    return office


def get_office(session: Session, code: str) -> Office:
    """An open office, locked, so that it is not closed meanwhile. Raises OfficeUnknown."""
    statement = select(Office).where(Office.code == code, Office.closed_at.is_(None)).with_for_update()
    office = session.scalar(statement)
    if office is None:
        raise OfficeUnknown(code)
    return office


def code_of(session: Session, office_id: UUID | None) -> str | None:
    """The code of an office, open or closed."""
    return None if office_id is None else session.get_one(Office, office_id).code


def list_offices(session: Session, wanted: Wanted) -> Page[Office]:
    """By code, closed ones too. Raises CursorRefused."""
    return page(session, select(Office), Office.code, wanted)


def describe(office: Office) -> wire.Office:
    """As administrators see it."""
    return wire.Office(**{name: getattr(office, name) for name in wire.Office.model_fields})
