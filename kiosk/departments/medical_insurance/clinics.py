"""Check-in at a clinic: a ticket for the queue, and a count for public health."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Final

from sqlalchemy.orm import Session

from cardsvc.wire.levels import Level
from cardsvc.wire.manifest import OutcomeField, ResultKind, ServiceDescription, Texts
from kiosk.departments.contract.clock import city_date
from kiosk.departments.contract.counting import count
from kiosk.departments.contract.declaration import Answer, Service, Visit
from kiosk.departments.contract.forms import choice, form
from kiosk.departments.contract.texts import texts
from kiosk.departments.medical_insurance.models import ClinicDay, ComplaintCount, Ticket

CLINICS: Final[Mapping[str, Texts]] = {
    "hengqin-hospital": texts("Hengqin Hospital", "横琴医院", "Hospital de Hengqin"),
    "xiaohengqin-clinic": texts("Xiaohengqin Community Clinic", "小横琴社区卫生站", "Clínica de Xiaohengqin"),
    "macau-new-neighbourhood-clinic": texts(
        "Macau New Neighbourhood Clinic", "澳门新街坊卫生站", "Clínica do Novo Bairro de Macau"
    ),
}

COMPLAINT_GROUPS: Final[Mapping[str, Texts]] = {
    "respiratory": texts("Cough, cold, breathing", "咳嗽、感冒、呼吸不适", "Tosse, constipação, respiração"),
    "gastro-intestinal": texts("Stomach or bowels", "肠胃不适", "Estômago ou intestinos"),
    "fever": texts("Fever", "发热", "Febre"),
    "injury": texts("Injury", "外伤", "Ferimento ou lesão"),
    "skin": texts("Skin", "皮肤问题", "Pele"),
    "other": texts("Something else", "其他", "Outro motivo"),
}

UNDISCLOSED: Final = "undisclosed"
"""The district of people who did not want to tell theirs."""


def check_in(session: Session, visit: Visit) -> Answer:
    """Give the next number of the clinic's day. What the person came for is counted without a name to it."""
    clinic, day = visit.input["clinic"], city_date(visit.now)
    number = count(session, ClinicDay, {"clinic": clinic, "day": day}, ClinicDay.last_number)
    _write_ticket(session, visit, clinic, day, number)
    _count(session, visit, day)
    return Answer(
        title=texts("Your ticket", "您的排队号码", "A sua senha"),
        fields=(
            OutcomeField(label=texts("Number", "号码", "Número"), value=str(number), prominent=True),
            OutcomeField(label=texts("Clinic", "诊所", "Clínica"), value=CLINICS[clinic]),
            OutcomeField(label=texts("Day", "日期", "Dia"), value=day.isoformat()),
        ),
    )


def _write_ticket(session: Session, visit: Visit, clinic: str, day: date, number: int) -> None:
    pseudonym = visit.visitor.pseudonym
    session.add(Ticket(clinic=clinic, day=day, number=number, pseudonym=pseudonym, issued_at=visit.now))


def _count(session: Session, visit: Visit, day: date) -> None:
    week = day.isocalendar()
    group = {
        "district": visit.visitor.attributes.get("district", UNDISCLOSED),
        "iso_year": week.year,
        "iso_week": week.week,
        "complaint_group": visit.input["complaint_group"],
    }
    count(session, ComplaintCount, group, ComplaintCount.check_ins)


CHECK_IN: Final = Service(
    ServiceDescription(
        code="clinic-check-in",
        titles=texts("Clinic check-in", "诊所挂号", "Registo na clínica"),
        summaries=texts(
            "Take a number for today's queue at a clinic.",
            "领取今日诊所的排队号码。",
            "Tire uma senha para a fila de hoje numa clínica.",
        ),
        level=Level.TAP,
        attributes=("district",),
        purposes=texts(
            "To count how many people in each district fall ill. The count holds no names.",
            "用于统计各区的患病人数，统计中不含姓名。",
            "Para contar quantas pessoas adoecem em cada bairro. A contagem não contém nomes.",
        ),
        input=form(
            clinic=choice(texts("Clinic", "诊所", "Clínica"), CLINICS),
            complaint_group=choice(
                texts("What brings you here?", "您哪里不舒服？", "Qual é o motivo da visita?"), COMPLAINT_GROUPS
            ),
        ),
        result=ResultKind.TICKET,
    ),
    check_in,
)
