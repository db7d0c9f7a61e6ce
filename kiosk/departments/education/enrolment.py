"""A proof of where somebody is enrolled today: a sealed paper from the register of schools."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from cardsvc.wire.levels import Level
from cardsvc.wire.manifest import OutcomeField, ResultKind, ServiceDescription
from kiosk.departments.contract.clock import city_date
from kiosk.departments.contract.declaration import Answer, Paper, Service, Visit
from kiosk.departments.contract.refusals import ServiceRefused
from kiosk.departments.contract.storage import insert_into, new_id
from kiosk.departments.contract.texts import texts
from kiosk.departments.education.models import Enrolment

VALID_FOR: Final = timedelta(days=90)
TITLE: Final = texts("Proof of enrolment", "在读证明", "Comprovativo de matrícula")
STATEMENT: Final = texts(
    "The register of schools of the city shows the person below as enrolled on the day of issue.",
    "经查询本市学籍登记，下列人员于签发之日在以下学校就读。",
    "Na data de emissão, o registo escolar da cidade mostra a pessoa abaixo indicada como matriculada.",
)
FIRST_ENROLMENTS: Final[tuple[dict[str, Any], ...]] = (
    {
        "document_number": "M1234567",
        "school": "横琴社区学院 Hengqin Community College",
        "course": "葡萄牙语夜校 Evening course in Portuguese",
        "since": date(2025, 9, 1),
        "until": date(2027, 7, 15),
    },
    {
        "document_number": "H7654321",
        "school": "横琴社区学院 Hengqin Community College",
        "course": "普通话初级班 Mandarin for beginners",
        "since": date(2024, 9, 2),
        "until": date(2025, 7, 11),
    },
)
"""What the register held on the day the department opened: a course that goes on, one that is over."""


class NotEnrolled(ServiceRefused):
    """Raised when the register shows nothing for today."""

    code = "not-enrolled"
    title = "The register shows no enrolment today"
    message = texts(
        "We find no school where you are enrolled today. If you think there should be one, ask at the counter.",
        "未查询到您当前的在读记录。如有疑问，请到服务台咨询。",
        "Não encontramos nenhuma escola onde esteja matriculado hoje. Se acha que devia haver, pergunte no balcão.",
    )


def certify(session: Session, visit: Visit) -> Answer:
    """Where this person is enrolled today."""
    name, document = visit.visitor.told("name"), visit.visitor.told("document_number")
    enrolled = _enrolled(session, document, city_date(visit.now))
    if not enrolled:
        raise NotEnrolled
    lines = [line for each in enrolled for line in _lines(each)]
    person = (
        OutcomeField(label=texts("Name", "姓名", "Nome"), value=name),
        OutcomeField(label=texts("Identity document", "证件号码", "Documento de identificação"), value=document),
    )
    return Answer(title=TITLE, fields=tuple(lines), paper=Paper(TITLE, STATEMENT, (*person, *lines), VALID_FOR))


def seed_enrolments(session: Session) -> None:
    """Put in the first enrolments, where they are not there yet."""
    unique = [Enrolment.document_number, Enrolment.school, Enrolment.since]
    for enrolment in FIRST_ENROLMENTS:
        row = insert_into(session, Enrolment).values(id=new_id(), **enrolment)
        session.execute(row.on_conflict_do_nothing(index_elements=unique))


def _enrolled(session: Session, document: str, today: date) -> Sequence[Enrolment]:
    now = (Enrolment.document_number == document, Enrolment.since <= today, Enrolment.until >= today)
    return session.scalars(select(Enrolment).where(*now).order_by(Enrolment.since, Enrolment.school)).all()


def _lines(enrolment: Enrolment) -> tuple[OutcomeField, ...]:
    return (
        OutcomeField(label=texts("School", "学校", "Escola"), value=enrolment.school, prominent=True),
        OutcomeField(label=texts("Course", "课程", "Curso"), value=enrolment.course),
        OutcomeField(label=texts("Since", "入学日期", "Desde"), value=enrolment.since.isoformat()),
        OutcomeField(label=texts("Until", "预计结业", "Até"), value=enrolment.until.isoformat()),
    )


ENROLMENT_PROOF: Final = Service(
    ServiceDescription(
        code="enrolment-proof",
        titles=texts("Proof of enrolment", "在读证明", "Comprovativo de matrícula"),
        summaries=texts(
            "A sealed paper that says at which school you are enrolled.",
            "开具您的在读证明文件。",
            "Um documento selado que diz em que escola está matriculado.",
        ),
        level=Level.PIN,
        attributes=("name", "document_number"),
        purposes=texts(
            "To find you in the register of schools, and to write the paper in your name.",
            "用于查询学籍登记并以您的名义开具证明。",
            "Para o encontrar no registo escolar e passar o documento em seu nome.",
        ),
        result=ResultKind.INFORMATION,
    ),
    certify,
    gives_papers=True,
    confirm_online=True,
)
