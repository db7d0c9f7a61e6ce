"""The visits that somebody has booked, and cancelling one: its slot is free again at once."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, time
from typing import Final
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from cardsvc.wire.manifest import OutcomeField, Texts
from kiosk.departments.community.care import KINDS
from kiosk.departments.community.models import Appointment, Carer
from kiosk.departments.contract.clock import CITY_TIME, city_date
from kiosk.departments.contract.declaration import Answer, Visit
from kiosk.departments.contract.matters import CANCEL, Kind, Matter
from kiosk.departments.contract.refusals import NothingToTakeBack
from kiosk.departments.contract.texts import texts

CANCELLED: Final = texts("Cancelled. Nobody comes", "已取消，不再上门", "Cancelado. Ninguém vai")
_TITLES: Final = texts("Home care", "居家照护", "Apoio domiciliário")


def appointments_of(session: Session, pseudonym: str, now: datetime) -> Iterable[Matter]:
    """Those that have not begun, the next one first."""
    mine = select(Appointment, Carer.name).join(Carer, Carer.code == Appointment.carer)
    ahead = mine.where(Appointment.pseudonym == pseudonym, Appointment.day >= city_date(now))
    rows = session.execute(ahead.order_by(Appointment.day, Appointment.slot))
    return [
        _matter(appointment, carer) for appointment, carer in rows if _begins(appointment.day, appointment.slot) > now
    ]


def cancel(session: Session, visit: Visit, reference: str) -> Answer:
    """Cancel one, as long as it has not begun."""
    gone = delete(Appointment).where(Appointment.id == _id(reference), Appointment.pseudonym == visit.visitor.pseudonym)
    row = session.execute(gone.returning(Appointment.day, Appointment.slot, Appointment.kind)).one_or_none()
    if row is None or _begins(row.day, row.slot) <= visit.now:
        raise NothingToTakeBack
    return Answer(title=CANCELLED, fields=(OutcomeField(label=_label(row.kind), value=f"{row.day} {row.slot}"),))


def _matter(appointment: Appointment, carer: str) -> Matter:
    said = f"{appointment.day} {appointment.slot} · {carer}"
    action = APPOINTMENTS.back(str(appointment.id), CANCEL)
    return Matter(OutcomeField(label=_label(appointment.kind), value=said, action=action))


def _label(kind: str) -> Texts:
    return {language: f"{title} · {KINDS[kind][language]}" for language, title in _TITLES.items()}


def _begins(day: date, slot: str) -> datetime:
    return datetime.combine(day, time.fromisoformat(slot), CITY_TIME)


def _id(reference: str) -> UUID:
    try:
        return UUID(reference)
    except ValueError:
        raise NothingToTakeBack from None


APPOINTMENTS: Final = Kind("appointment", texts("Appointment", "预约", "Marcação"), appointments_of, cancel)
