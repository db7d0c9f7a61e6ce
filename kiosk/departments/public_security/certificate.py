"""A certificate that the register of convictions has nothing about somebody: a sealed paper."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Final

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from cardsvc.wire.manifest import OutcomeField, Texts
from kiosk.departments.contract.clock import city_date
from kiosk.departments.contract.declaration import Paper
from kiosk.departments.contract.refusals import ServiceRefused
from kiosk.departments.contract.storage import insert_into, new_id
from kiosk.departments.contract.texts import texts
from kiosk.departments.public_security.models import Conviction

VALID_FOR: Final = timedelta(days=180)
TITLE: Final = texts("Certificate of no criminal record", "无犯罪记录证明", "Certidão de ausência de registo criminal")
STATEMENT: Final = texts(
    "The register of the city has no conviction of the person below on the day of issue.",
    "经查询，截至签发之日，未发现下列人员有犯罪记录。",
    "Na data de emissão, o registo da cidade não tem nenhuma condenação da pessoa abaixo indicada.",
)
PURPOSES: Final[Mapping[str, Texts]] = {
    "employment": texts("Employment", "就业", "Emprego"),
    "visa": texts("Visa or residence abroad", "签证或境外居留", "Visto ou residência no estrangeiro"),
    "adoption": texts("Adoption", "收养", "Adoção"),
    "study": texts("Study", "求学", "Estudos"),
}
FIRST_CONVICTIONS: Final[tuple[tuple[str, str, date | None], ...]] = (
    ("(2009)珠香法刑初字第417号", "H7654321", date(2016, 5, 1)),
    ("(2024)粤0402刑初88号", "T0000042", None),
)
"""What the register held on the day the department opened: one that is spent, one that is not."""


class NotAtAKiosk(ServiceRefused):
    """Raised when there is something that the certificate would deny. The screen does not say what: others may look."""

    code = "not-at-a-kiosk"
    title = "This certificate cannot be given out at a kiosk"
    message = texts(
        "We cannot give out this paper here. Please come to our counter with your card.",
        "此处无法开具该证明，请携卡到服务台办理。",
        "Não podemos passar este documento aqui. Venha ao nosso balcão com o seu cartão, por favor.",
    )


def certify(session: Session, *, name: str, document: str, purpose: str, now: datetime) -> Paper:
    """The paper for this person. Raises NotAtAKiosk."""
    if _has_one(session, document, city_date(now)):
        raise NotAtAKiosk
    lines = (
        OutcomeField(label=texts("Name", "姓名", "Nome"), value=name),
        OutcomeField(label=texts("Identity document", "证件号码", "Documento de identificação"), value=document),
        OutcomeField(label=texts("For", "用途", "Finalidade"), value=PURPOSES[purpose]),
    )
    return Paper(TITLE, STATEMENT, lines, VALID_FOR)


def seed_convictions(session: Session) -> None:
    """Put in the first convictions, where they are not there yet."""
    for case_number, document, spent_on in FIRST_CONVICTIONS:
        row = insert_into(session, Conviction).values(
            id=new_id(), case_number=case_number, document_number=document, spent_on=spent_on
        )
        session.execute(row.on_conflict_do_nothing(index_elements=[Conviction.case_number]))


def _has_one(session: Session, document: str, today: date) -> bool:
    unspent = or_(Conviction.spent_on.is_(None), Conviction.spent_on > today)
    found = select(Conviction.id).where(Conviction.document_number == document, unspent)
    return session.scalars(found.limit(1)).first() is not None
