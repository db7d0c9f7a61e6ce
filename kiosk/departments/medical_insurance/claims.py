"""What treatments cost in the last two years, and who pays: never what they were for, which stays with the doctor."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any, Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from cardsvc.wire.levels import Level
from cardsvc.wire.manifest import OutcomeField, ResultKind, ServiceDescription, Texts
from kiosk.departments.contract.clock import city_date
from kiosk.departments.contract.declaration import Answer, Service, Visit
from kiosk.departments.contract.money import yuan
from kiosk.departments.contract.storage import insert_into
from kiosk.departments.contract.texts import texts
from kiosk.departments.medical_insurance.clinics import CLINICS
from kiosk.departments.medical_insurance.models import Claim

LOOKED_BACK: Final = timedelta(days=730)
MOST: Final = 12
"""So many are shown one by one; all count in the sums."""
FIRST_CLAIMS: Final[tuple[dict[str, Any], ...]] = (
    {"number": "HQ24-1107-0031", "document_number": "M1234567", "clinic": "hengqin-hospital",
     "treated_on": date(2024, 11, 7), "fund_fen": 212_40, "own_fen": 53_10},
    {"number": "HQ25-0318-0112", "document_number": "M1234567", "clinic": "xiaohengqin-clinic",
     "treated_on": date(2025, 3, 18), "fund_fen": 64_00, "own_fen": 16_00},
    {"number": "HQ26-0109-0007", "document_number": "M1234567", "clinic": "hengqin-hospital",
     "treated_on": date(2026, 1, 9), "fund_fen": 1_480_75, "own_fen": 370_20},
    {"number": "HQ26-0120-0044", "document_number": "H7654321", "clinic": "macau-new-neighbourhood-clinic",
     "treated_on": date(2026, 1, 20), "fund_fen": 96_00, "own_fen": 24_00},
)  # fmt: skip
"""What was settled on the day the department opened."""
NOTHING: Final = texts(
    "There are no claims of the last two years", "近两年没有报销记录", "Não há reembolsos nos últimos dois anos"
)


def claims(session: Session, visit: Visit) -> Answer:
    """What was settled for this person, the newest first."""
    document = visit.visitor.told("document_number")
    since = city_date(visit.now) - LOOKED_BACK
    theirs = (Claim.document_number == document, Claim.treated_on >= since)
    fund, own, number = session.execute(
        select(func.sum(Claim.fund_fen), func.sum(Claim.own_fen), func.count()).where(*theirs)
    ).one()
    if not number:
        return Answer(title=NOTHING)
    newest = select(Claim).where(*theirs).order_by(Claim.treated_on.desc(), Claim.number).limit(MOST)
    sums = (
        _sum(texts("The fund pays", "基金支付", "O fundo paga"), int(fund)),
        _sum(texts("You pay", "个人支付", "Paga você"), int(own)),
    )
    return Answer(
        title=texts("Your claims", "您的报销记录", "Os seus reembolsos"),
        fields=(*sums, *map(_line, session.scalars(newest))),
    )


def seed_claims(session: Session) -> None:
    """Put in the first claims, where they are not there yet."""
    for claim in FIRST_CLAIMS:
        row = insert_into(session, Claim).values(cost_fen=claim["fund_fen"] + claim["own_fen"], **claim)
        session.execute(row.on_conflict_do_nothing(index_elements=[Claim.number]))


def _sum(label: Texts, fen: int) -> OutcomeField:
    return OutcomeField(label=label, value=yuan(fen), prominent=True)


def _line(claim: Claim) -> OutcomeField:
    label = {language: f"{claim.treated_on} · {name}" for language, name in CLINICS[claim.clinic].items()}
    cost, own = yuan(claim.cost_fen), yuan(claim.own_fen)
    said = texts(f"{cost}, of which you pay {own}", f"{cost}，其中个人支付{own}", f"{cost}, dos quais paga {own}")
    return OutcomeField(label=label, value=said)


CLAIMS: Final = Service(
    ServiceDescription(
        code="claims",
        titles=texts("My claims", "我的报销", "Os meus reembolsos"),
        summaries=texts(
            "See what treatments cost, and what the fund paid.",
            "查询就诊费用和基金支付情况。",
            "Veja quanto custaram os tratamentos e o que o fundo pagou.",
        ),
        level=Level.PIN,
        attributes=("document_number",),
        purposes=texts(
            "To find the claims that clinics settled for you.",
            "用于查询诊所为您结算的报销记录。",
            "Para encontrar os reembolsos que as clínicas trataram por si.",
        ),
        result=ResultKind.INFORMATION,
    ),
    claims,
    confirm_online=True,
)
