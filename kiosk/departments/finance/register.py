"""The register of subsidies: what the city granted, to whom, and what waits to be paid."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from cardsvc.wire.manifest import Texts
from kiosk.departments.contract.storage import insert_into, new_id
from kiosk.departments.contract.texts import texts
from kiosk.departments.finance.models import Subsidy

SCHEMES: Final[Mapping[str, Texts]] = {
    "childcare": texts("Childcare subsidy", "育儿补贴", "Subsídio de infância"),
    "elderly": texts("Old-age allowance", "高龄津贴", "Subsídio para idosos"),
    "rent": texts("Rent subsidy", "住房租赁补贴", "Subsídio de renda"),
    "training": texts("Training subsidy", "技能培训补贴", "Subsídio de formação"),
}
STATES: Final[Mapping[str, Texts]] = {
    "review": texts("Being looked at", "审核中", "Em análise"),
    "granted": texts("Granted, to be paid", "已批准，待发放", "Concedido, por pagar"),
    "paid": texts("Paid", "已发放", "Pago"),
    "refused": texts("Not granted", "未获批准", "Não concedido"),
}
FIRST_SUBSIDIES: Final[tuple[tuple[str, str, int, int, str, date | None], ...]] = (
    ("M1234567", "childcare", 2025, 3_600_00, "paid", date(2026, 1, 15)),
    ("M1234567", "childcare", 2026, 3_600_00, "granted", None),
    ("M1234567", "training", 2026, 1_500_00, "review", None),
    ("H7654321", "rent", 2025, 7_200_00, "paid", date(2025, 12, 10)),
    ("H7654321", "rent", 2026, 7_800_00, "granted", None),
    ("H7654321", "training", 2025, 2_000_00, "refused", None),
)
"""What the register held on the day the department opened."""


def subsidies_of(session: Session, document: str) -> Sequence[Subsidy]:
    """What was asked for in this person's name, the newest first."""
    mine = select(Subsidy).where(Subsidy.document_number == document)
    return session.scalars(mine.order_by(Subsidy.year.desc(), Subsidy.scheme)).all()


def due_to(session: Session, document: str) -> int:
    """Fen that were granted to this person and wait to be paid."""
    granted = (Subsidy.document_number == document, Subsidy.state == "granted")
    return int(session.scalar(select(func.sum(Subsidy.amount_fen)).where(*granted)) or 0)


def seed_subsidies(session: Session) -> None:
    """Put in the first subsidies, where they are not there yet."""
    for document, scheme, year, amount_fen, state, paid_on in FIRST_SUBSIDIES:
        row = insert_into(session, Subsidy).values(
            id=new_id(),
            document_number=document,
            scheme=scheme,
            year=year,
            amount_fen=amount_fen,
            state=state,
            paid_on=paid_on,
        )
        one_each = [Subsidy.document_number, Subsidy.scheme, Subsidy.year]
        session.execute(row.on_conflict_do_nothing(index_elements=one_each))
