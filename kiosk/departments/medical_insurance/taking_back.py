"""What somebody has with medical insurance: a ticket for today, a filing; and giving it back.

A ticket that is given back is gone. A filing that has not begun never was; one that is in force ends with today, since
bills of the days before are settled by it.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from cardsvc.wire.manifest import OutcomeField, Texts
from kiosk.departments.contract.clock import city_date
from kiosk.departments.contract.declaration import Answer, Visit
from kiosk.departments.contract.matters import CANCEL, Kind, Matter
from kiosk.departments.contract.refusals import NothingToTakeBack
from kiosk.departments.contract.texts import texts
from kiosk.departments.medical_insurance.clinics import CLINICS
from kiosk.departments.medical_insurance.filings import REGIONS
from kiosk.departments.medical_insurance.models import Filing, Ticket

_END: Final = texts("End it today", "今日终止", "Terminar hoje")
_TICKET: Final = texts("Clinic ticket", "诊所排队号", "Senha da clínica")
_FILING: Final = texts("Treatment in another region", "异地就医备案", "Tratamento noutra região")
_GIVEN_BACK: Final = texts("You gave the ticket back", "您已退号", "Devolveu a senha")
_CANCELLED: Final = texts("The filing is cancelled", "备案已取消", "O registo foi cancelado")
_ENDS: Final = texts("The filing ends today", "备案今日终止", "O registo termina hoje")


def tickets_of(session: Session, pseudonym: str, now: datetime) -> Iterable[Matter]:
    """Those of today."""
    mine = select(Ticket).where(Ticket.pseudonym == pseudonym, Ticket.day == city_date(now)).order_by(Ticket.issued_at)
    return [
        Matter(
            OutcomeField(
                label=_label(_TICKET, CLINICS[ticket.clinic]),
                value=str(ticket.number),
                action=TICKETS.back(str(ticket.id), CANCEL),
            )
        )
        for ticket in session.scalars(mine)
    ]


def give_back(session: Session, visit: Visit, reference: str) -> Answer:
    """Give a ticket of today back."""
    mine = (Ticket.pseudonym == visit.visitor.pseudonym, Ticket.day == city_date(visit.now))
    gone = delete(Ticket).where(Ticket.id == _id(reference), *mine).returning(Ticket.clinic, Ticket.number)
    row = session.execute(gone).one_or_none()
    if row is None:
        raise NothingToTakeBack
    said = OutcomeField(label=_label(_TICKET, CLINICS[row.clinic]), value=str(row.number))
    return Answer(title=_GIVEN_BACK, fields=(said,))


def filings_of(session: Session, pseudonym: str, now: datetime) -> Iterable[Matter]:
    """The one that is not over."""
    today = city_date(now)
    filing = session.scalars(select(Filing).where(Filing.pseudonym == pseudonym, Filing.until >= today)).one_or_none()
    if filing is None:
        return ()
    action = None
    if filing.until > today:
        action = FILINGS.back(filing.receipt, CANCEL if filing.since > today else _END)
    said = f"{filing.since} – {filing.until}"
    return (Matter(OutcomeField(label=_label(_FILING, REGIONS[filing.region]), value=said, action=action)),)


def cancel(session: Session, visit: Visit, receipt: str) -> Answer:
    """Take a filing back before it begins; afterwards, have it end today."""
    today = city_date(visit.now)
    mine = (Filing.receipt == receipt, Filing.pseudonym == visit.visitor.pseudonym)
    gone = delete(Filing).where(*mine, Filing.since > today).returning(Filing.region)
    region, title = session.scalars(gone).one_or_none(), _CANCELLED
    if region is None:
        ended = update(Filing).where(*mine, Filing.since <= today, Filing.until > today).values(until=today)
        region, title = session.scalars(ended.returning(Filing.region)).one_or_none(), _ENDS
    if region is None:
        raise NothingToTakeBack
    return Answer(title=title, fields=(OutcomeField(label=_FILING, value=REGIONS[region]),))


def _label(what: Texts, which: Texts) -> Texts:
    return {language: f"{word} · {which[language]}" for language, word in what.items()}


def _id(reference: str) -> UUID:
    try:
        return UUID(reference)
    except ValueError:
        raise NothingToTakeBack from None


TICKETS: Final = Kind("ticket", _TICKET, tickets_of, give_back)
FILINGS: Final = Kind("filing", _FILING, filings_of, cancel)
