"""Booking a visit of the home-care service: a kind of help, a day, a half of that day; a carer who is free comes.

A slot is taken by writing it down, and the table takes each only once: whoever is a moment later gets the next one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from cardsvc.wire.levels import Level
from cardsvc.wire.manifest import OutcomeField, ResultKind, ServiceDescription, Texts
from kiosk.departments.community.models import Appointment, Carer
from kiosk.departments.contract.clock import city_date
from kiosk.departments.contract.declaration import Answer, Service, Visit
from kiosk.departments.contract.forms import choice, form, number
from kiosk.departments.contract.refusals import ServiceRefused
from kiosk.departments.contract.storage import insert_into, new_id
from kiosk.departments.contract.texts import texts

KINDS: Final[Mapping[str, Texts]] = {
    "nursing": texts("Nursing: dressings, blood pressure", "护理：换药、量血压", "Enfermagem: pensos, tensão arterial"),
    "washing": texts("Washing and dressing", "洗浴与更衣", "Banho e vestir"),
    "meals": texts("Cooking and meals", "做饭与用餐", "Cozinhar e refeições"),
    "house": texts("Cleaning and shopping", "打扫与采购", "Limpeza e compras"),
}
SLOTS: Final[Mapping[str, tuple[str, ...]]] = {
    "morning": ("08:30", "09:30", "10:30", "11:30"),
    "afternoon": ("14:00", "15:00", "16:00", "17:00"),
}
HALVES: Final[Mapping[str, Texts]] = {
    "morning": texts("In the morning", "上午", "De manhã"),
    "afternoon": texts("In the afternoon", "下午", "À tarde"),
}
LONGEST_AHEAD: Final = 14
"""Days that can be booked beforehand."""
FIRST_CARERS: Final[Mapping[str, str]] = {
    "hc-01": "林美华 Lam Mei Wa",
    "hc-02": "Teresa Gomes",
    "hc-03": "黄志强 Huang Zhiqiang",
}


class DayFull(ServiceRefused):
    """Raised when nobody is free in that half of the day."""

    code = "day-full"
    title = "No carer is free then"
    message = texts(
        "Nobody is free at that time. Please choose another day, or the other half of the day.",
        "该时段已约满，请选择其他日期或另一时段。",
        "Ninguém está livre a essa hora. Escolha outro dia ou a outra metade do dia, por favor.",
    )


class AlreadyBooked(ServiceRefused):
    """Raised when the person has an appointment on that day."""

    code = "already-booked"
    title = "There is an appointment on that day already"
    message = texts(
        "You have an appointment on that day already.",
        "您当天已有预约。",
        "Já tem uma marcação nesse dia.",
    )


def book(session: Session, visit: Visit) -> Answer:
    """Take the first free slot."""
    day = city_date(visit.now) + timedelta(days=visit.input["days"])
    if _has_one(session, visit, day):
        raise AlreadyBooked
    taken = next(_tries(session, visit, day), None)
    if taken is None:
        raise AlreadyBooked if _has_one(session, visit, day) else DayFull
    slot, carer = taken
    return Answer(
        title=texts("Your appointment", "您的预约", "A sua marcação"),
        fields=(
            OutcomeField(label=texts("Day", "日期", "Dia"), value=day.isoformat(), prominent=True),
            OutcomeField(label=texts("From", "开始时间", "A partir das"), value=slot, prominent=True),
            OutcomeField(label=texts("Who comes", "上门人员", "Quem vai"), value=carer.name),
            OutcomeField(label=texts("For", "服务内容", "Para"), value=KINDS[visit.input["kind"]]),
        ),
    )


def seed(session: Session) -> None:
    """Put in the first carers, where they are not there yet."""
    for code, name in FIRST_CARERS.items():
        carer = insert_into(session, Carer).values(code=code, name=name)
        session.execute(carer.on_conflict_do_nothing(index_elements=[Carer.code]))


def _has_one(session: Session, visit: Visit, day: date) -> bool:
    mine = (Appointment.pseudonym == visit.visitor.pseudonym, Appointment.day == day)
    return session.scalars(select(Appointment.id).where(*mine)).one_or_none() is not None


def _tries(session: Session, visit: Visit, day: date) -> Iterator[tuple[str, Carer]]:
    """Slots that were free and are this person's now; the first is enough."""
    carers = session.scalars(select(Carer).order_by(Carer.code)).all()
    for slot in SLOTS[visit.input["half"]]:
        for carer in carers:
            if _take(session, visit, day, slot, carer):
                yield slot, carer


def _take(session: Session, visit: Visit, day: date, slot: str, carer: Carer) -> bool:
    row = insert_into(session, Appointment).values(
        id=new_id(),
        carer=carer.code,
        day=day,
        slot=slot,
        kind=visit.input["kind"],
        pseudonym=visit.visitor.pseudonym,
        booked_at=visit.now,
    )
    taken: UUID | None = session.scalars(row.on_conflict_do_nothing().returning(Appointment.id)).one_or_none()
    return taken is not None


HOME_CARE: Final = Service(
    ServiceDescription(
        code="home-care",
        titles=texts("Home care", "居家照护预约", "Apoio domiciliário"),
        summaries=texts(
            "Book a visit of the home-care service.",
            "预约居家照护上门服务。",
            "Marque uma visita do apoio domiciliário.",
        ),
        level=Level.PIN,
        input=form(
            kind=choice(texts("What do you need?", "您需要什么服务？", "De que precisa?"), KINDS),
            days=number(
                texts("In how many days?", "几天以后？", "Daqui a quantos dias?"),
                texts("1 for tomorrow, 14 at most", "填1表示明天，最多14天", "1 para amanhã, 14 no máximo"),
                least=1,
                most=LONGEST_AHEAD,
            ),
            half=choice(texts("When?", "什么时段？", "Quando?"), HALVES),
        ),
        result=ResultKind.RECEIPT,
    ),
    book,
    confirm_online=True,
)
