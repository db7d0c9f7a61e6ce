"""A certificate of the contributions of a year or of all years: a sealed paper from the register."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from itertools import groupby
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from cardsvc.wire.levels import Level
from cardsvc.wire.manifest import OutcomeField, ResultKind, ServiceDescription, Texts
from kiosk.departments.contract.clock import city_date
from kiosk.departments.contract.declaration import Answer, Paper, Service, Visit
from kiosk.departments.contract.forms import choice, form
from kiosk.departments.contract.money import yuan
from kiosk.departments.contract.refusals import ServiceRefused
from kiosk.departments.contract.texts import texts
from kiosk.departments.social_insurance.models import Contribution

VALID_FOR: Final = timedelta(days=90)
TITLE: Final = texts(
    "Certificate of social insurance contributions",
    "社会保险缴费证明",
    "Certidão de contribuições para a segurança social",
)
STATEMENT: Final = texts(
    "These contributions to the pension fund of the city are booked for the person below.",
    "下列人员在本市养老保险基金的缴费情况如下。",
    "Estão registadas as seguintes contribuições para o fundo de pensões da cidade em nome da pessoa abaixo indicada.",
)
PERIODS: Final[Mapping[str, Texts]] = {
    "this-year": texts("This year", "本年度", "Este ano"),
    "last-year": texts("Last year", "上一年度", "O ano passado"),
    "all": texts("All years", "全部年度", "Todos os anos"),
}


class NothingPaidIn(ServiceRefused):
    """Raised when no contribution is booked for the period."""

    code = "nothing-paid-in"
    title = "No contribution is booked for this period"
    message = texts(
        "No contributions are booked for you in that time. If you think there should be, ask at the counter.",
        "该期间没有您的缴费记录。如有疑问，请到服务台咨询。",
        "Não há contribuições registadas em seu nome nesse período. Se acha que devia haver, pergunte no balcão.",
    )


def certify(session: Session, visit: Visit) -> Answer:
    """What was paid in for this person."""
    name, document = visit.visitor.told("name"), visit.visitor.told("document_number")
    paid = _paid(session, document, visit.input["period"], city_date(visit.now))
    if not paid:
        raise NothingPaidIn
    total = sum(each.employer_fen + each.own_fen for each in paid)
    months = OutcomeField(label=texts("Months", "缴费月数", "Meses"), value=str(len(paid)))
    sum_line = OutcomeField(label=texts("Total", "缴费合计", "Total"), value=yuan(total), prominent=True)
    person = (
        OutcomeField(label=texts("Name", "姓名", "Nome"), value=name),
        OutcomeField(label=texts("Identity document", "证件号码", "Documento de identificação"), value=document),
    )
    return Answer(
        title=TITLE,
        fields=(sum_line, months),
        paper=Paper(TITLE, STATEMENT, (*person, *_by_year(paid), months, sum_line), VALID_FOR),
    )


def _paid(session: Session, document: str, period: str, today: date) -> Sequence[Contribution]:
    years = {"this-year": today.year, "last-year": today.year - 1}
    mine = select(Contribution).where(Contribution.document_number == document).order_by(Contribution.month)
    if period in years:
        year = years[period]
        mine = mine.where(Contribution.month.between(date(year, 1, 1), date(year, 12, 31)))
    return session.scalars(mine).all()


def _by_year(paid: Sequence[Contribution]) -> list[OutcomeField]:
    lines = []
    for (year, employer), months in groupby(paid, key=lambda each: (each.month.year, each.employer)):
        booked = list(months)
        total = yuan(sum(each.employer_fen + each.own_fen for each in booked))
        label = texts(f"{year}, {len(booked)} months", f"{year}年，{len(booked)}个月", f"{year}, {len(booked)} meses")
        lines.append(OutcomeField(label=label, value=f"{employer} · {total}"))
    return lines


CONTRIBUTION_CERTIFICATE: Final = Service(
    ServiceDescription(
        code="contribution-certificate",
        titles=texts("Contribution certificate", "缴费证明", "Certidão de contribuições"),
        summaries=texts(
            "A sealed paper of what was paid in for your pension.",
            "开具养老保险缴费证明。",
            "Um documento selado do que foi pago para a sua pensão.",
        ),
        level=Level.PIN,
        attributes=("name", "document_number"),
        purposes=texts(
            "To find you in the register of contributions, and to write the paper in your name.",
            "用于查询缴费记录并以您的名义开具证明。",
            "Para o encontrar no registo de contribuições e passar o documento em seu nome.",
        ),
        input=form(period=choice(texts("For which time?", "哪个期间？", "Para que período?"), PERIODS)),
        result=ResultKind.INFORMATION,
    ),
    certify,
    gives_papers=True,
    confirm_online=True,
)
