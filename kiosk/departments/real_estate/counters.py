"""A ticket for one of the counters. Who comes again while they wait gets the number that they have."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from cardsvc.wire.levels import Level
from cardsvc.wire.manifest import OutcomeField, ResultKind, ServiceDescription, Texts
from kiosk.departments.contract.clock import city_date
from kiosk.departments.contract.counting import count
from kiosk.departments.contract.declaration import Answer, Service, Visit
from kiosk.departments.contract.forms import choice, form
from kiosk.departments.contract.storage import insert_into
from kiosk.departments.contract.texts import texts
from kiosk.departments.real_estate.models import WAITING, CounterDay, Ticket

COUNTERS: Final[Mapping[str, Texts]] = {
    "registration": texts("Register a purchase or a sale", "买卖登记", "Registar uma compra ou venda"),
    "mortgage": texts("Mortgages", "抵押登记", "Hipotecas"),
    "inheritance": texts("Inheritance and gifts", "继承与赠与", "Heranças e doações"),
    "housing-fund": texts("Housing fund", "住房公积金", "Fundo de habitação"),
    "enquiries": texts("Enquiries", "咨询", "Informações"),
}
LETTERS: Final = dict(zip(COUNTERS, "ABCDE", strict=True))
"""Stands before the number, so that a hall with five counters is understood."""


def queue(session: Session, visit: Visit) -> Answer:
    """Give the next number of the counter's day, or the one that this person waits with."""
    counter, day = visit.input["counter"], city_date(visit.now)
    ticket = _waiting(session, visit, counter, day) or _next(session, visit, counter, day)
    return Answer(
        title=texts("Your ticket", "您的排队号码", "A sua senha"),
        fields=(
            OutcomeField(
                label=texts("Number", "号码", "Número"), value=f"{LETTERS[counter]}{ticket.number:03}", prominent=True
            ),
            OutcomeField(label=texts("Counter", "窗口业务", "Balcão"), value=COUNTERS[counter]),
            OutcomeField(
                label=texts("Waiting before you", "前面等候人数", "À sua frente"), value=str(_ahead(session, ticket))
            ),
        ),
    )


def _waiting(session: Session, visit: Visit, counter: str, day: date) -> Ticket | None:
    _lock(session, counter, day)  # two requests of one person come one after the other
    mine = (Ticket.pseudonym == visit.visitor.pseudonym, Ticket.counter == counter, Ticket.day == day)
    return session.scalars(select(Ticket).where(*mine, WAITING)).one_or_none()


def _lock(session: Session, counter: str, day: date) -> None:
    first = insert_into(session, CounterDay).values(counter=counter, day=day, last_number=0)
    session.execute(first.on_conflict_do_nothing(index_elements=[CounterDay.counter, CounterDay.day]))
    session.get_one(CounterDay, (counter, day), with_for_update=True)


def _next(session: Session, visit: Visit, counter: str, day: date) -> Ticket:
    number = count(session, CounterDay, {"counter": counter, "day": day}, CounterDay.last_number)
    ticket = Ticket(counter=counter, day=day, number=number, pseudonym=visit.visitor.pseudonym, issued_at=visit.now)
    session.add(ticket)
    session.flush()
    return ticket


def _ahead(session: Session, ticket: Ticket) -> int:
    same_queue = (Ticket.counter == ticket.counter, Ticket.day == ticket.day, Ticket.number < ticket.number)
    return session.scalar(select(func.count()).select_from(Ticket).where(*same_queue, WAITING)) or 0


QUEUE_TICKET: Final = Service(
    ServiceDescription(
        code="queue-ticket",
        titles=texts("Queue ticket", "取号排队", "Senha de atendimento"),
        summaries=texts(
            "Take a number for a counter of the property registry.",
            "领取不动产登记窗口的排队号码。",
            "Tire uma senha para um balcão do registo predial.",
        ),
        level=Level.TAP,
        input=form(counter=choice(texts("What is it about?", "您要办理什么业务？", "De que se trata?"), COUNTERS)),
        result=ResultKind.TICKET,
    ),
    queue,
)
