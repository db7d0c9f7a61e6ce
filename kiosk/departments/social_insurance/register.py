"""What the register of contributions holds from the first day."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Final

from sqlalchemy.orm import Session

from kiosk.departments.contract.storage import insert_into, new_id
from kiosk.departments.social_insurance.models import Contribution, Insured, Pensioner

EMPLOYER_PERCENT: Final = 16
OWN_PERCENT: Final = 8
"""Of the wage, for the pension fund."""


@dataclass(frozen=True, slots=True)
class Employment:
    """Months at one employer, at one wage."""

    employer: str
    first: date
    last: date
    wage_fen: int

    @property
    def months(self) -> Iterator[date]:
        """The first days of its months, both ends among them."""
        count = (self.last.year - self.first.year) * 12 + self.last.month - self.first.month + 1
        for later in range(count):
            years, month = divmod(self.first.month - 1 + later, 12)
            yield date(self.first.year + years, month + 1, 1)


FIRST_EMPLOYMENTS: Final = {
    "M1234567": (
        Employment("横琴创新科技有限公司", date(2023, 3, 1), date(2024, 8, 1), 980_000),
        Employment("珠海市第一幼儿园", date(2024, 9, 1), date(2026, 10, 1), 1_120_000),
    ),
    "H7654321": (Employment("Padaria Central, Lda.", date(2025, 1, 1), date(2026, 10, 1), 760_000),),
}


FIRST_PENSIONERS: Final = {"M1234567": date(2026, 1, 1), "H7654321": date(2025, 7, 1)}
"""Who draws a pension, since when (a survivor's pension, say)."""


def seed(session: Session) -> None:
    """Put in the first insured, their contributions and the first pensioners, where they are not there yet."""
    for document, since in FIRST_PENSIONERS.items():
        pensioner = insert_into(session, Pensioner).values(document_number=document, since=since)
        session.execute(pensioner.on_conflict_do_nothing(index_elements=[Pensioner.document_number]))
    for document, employments in FIRST_EMPLOYMENTS.items():
        insured = insert_into(session, Insured).values(document_number=document, since=employments[0].first)
        session.execute(insured.on_conflict_do_nothing(index_elements=[Insured.document_number]))
        rows = [_row(document, employment, month) for employment in employments for month in employment.months]
        paid = insert_into(session, Contribution).values(rows)
        session.execute(paid.on_conflict_do_nothing(index_elements=[Contribution.document_number, Contribution.month]))


def _row(document: str, employment: Employment, month: date) -> dict[str, object]:
    return {
        "id": new_id(),
        "document_number": document,
        "month": month,
        "employer": employment.employer,
        "employer_fen": employment.wage_fen * EMPLOYER_PERCENT // 100,
        "own_fen": employment.wage_fen * OWN_PERCENT // 100,
    }
