"""The queue tickets with which somebody waits, and giving one back: those behind move up."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from cardsvc.wire.manifest import OutcomeField
from kiosk.departments.contract.clock import city_date
from kiosk.departments.contract.declaration import Answer, Visit
from kiosk.departments.contract.matters import CANCEL, Kind, Matter
from kiosk.departments.contract.refusals import NothingToTakeBack
from kiosk.departments.contract.texts import texts
from kiosk.departments.real_estate.counters import COUNTERS, LETTERS
from kiosk.departments.real_estate.models import WAITING, Ticket

_GIVEN_BACK: Final = texts("You gave the ticket back", "您已退号", "Devolveu a senha")


def tickets_of(session: Session, pseudonym: str, now: datetime) -> Iterable[Matter]:
    """Those of today that were not called."""
    mine = select(Ticket).where(Ticket.pseudonym == pseudonym, Ticket.day == city_date(now), WAITING)
    return [
        Matter(_line(ticket.counter, ticket.number).model_copy(update={"action": TICKETS.back(str(ticket.id), CANCEL)}))
        for ticket in session.scalars(mine.order_by(Ticket.issued_at))
    ]


def give_back(session: Session, visit: Visit, reference: str) -> Answer:
    """Give one back that was not called."""
    try:
        ticket = UUID(reference)
    except ValueError:
        raise NothingToTakeBack from None
    mine = (Ticket.id == ticket, Ticket.pseudonym == visit.visitor.pseudonym, Ticket.day == city_date(visit.now))
    gone = delete(Ticket).where(*mine, WAITING).returning(Ticket.counter, Ticket.number)
    row = session.execute(gone).one_or_none()
    if row is None:
        raise NothingToTakeBack
    return Answer(title=_GIVEN_BACK, fields=(_line(row.counter, row.number),))


def _line(counter: str, number: int) -> OutcomeField:
    label = {language: f"{word} · {COUNTERS[counter][language]}" for language, word in TICKETS.titles.items()}
    return OutcomeField(label=label, value=f"{LETTERS[counter]}{number:03}")


TICKETS: Final = Kind("ticket", texts("Queue ticket", "排队号", "Senha"), tickets_of, give_back)
