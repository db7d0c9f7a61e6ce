"""A proof of the homes that somebody owns in the city, or that they own none: a sealed paper from the land register."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from cardsvc.wire.levels import Level
from cardsvc.wire.manifest import OutcomeField, ResultKind, ServiceDescription, Texts
from kiosk.departments.contract.clock import city_date
from kiosk.departments.contract.declaration import Answer, Paper, Service, Visit
from kiosk.departments.contract.storage import insert_into, new_id
from kiosk.departments.contract.texts import texts
from kiosk.departments.real_estate.models import Title

VALID_FOR: Final = timedelta(days=30)
"""The register may change tomorrow; whoever asks for the proof wants a recent one."""

FIRST_TITLES: Final[tuple[dict[str, Any], ...]] = (
    {
        "property_number": "HQ-2019-004417",
        "address": "横琴港澳大道868号1栋1204",
        "area": 8_916,
        "share": "1/1",
        "owner_document": "M1234567",
        "since": date(2019, 6, 3),
    },
    {
        "property_number": "HQ-2021-000952",
        "address": "横琴荣澳道12号3栋801",
        "area": 10_240,
        "share": "1/2",
        "owner_document": "H7654321",
        "since": date(2021, 11, 19),
    },
)
"""What the register held on the day the department opened."""

OWNED: Final = texts("Proof of home ownership", "房屋所有权证明", "Certidão de propriedade de habitação")
NONE: Final = texts("Proof of owning no home", "无房证明", "Certidão de inexistência de habitação própria")
_STATEMENT: Final[dict[bool, Texts]] = {
    True: texts(
        "The land register of the city shows these homes in the name of the person below on the day of issue.",
        "经查询本市不动产登记簿，下列人员于签发之日名下登记有以下房屋。",
        "Na data de emissão, o registo predial da cidade mostra estas habitações em nome da pessoa abaixo indicada.",
    ),
    False: texts(
        "The land register of the city shows no home in the name of the person below on the day of issue.",
        "经查询本市不动产登记簿，下列人员于签发之日名下无房屋登记。",
        "Na data de emissão, o registo predial da cidade não mostra habitação em nome da pessoa abaixo indicada.",
    ),
}


def prove(session: Session, visit: Visit) -> Answer:
    """What the register says about this person today."""
    name, document = visit.visitor.told("name"), visit.visitor.told("document_number")
    titles = _titles(session, document)
    kind = OWNED if titles else NONE
    return Answer(
        title=kind,
        fields=(
            OutcomeField(label=texts("Homes", "房屋套数", "Habitações"), value=str(len(titles)), prominent=True),
            OutcomeField(label=texts("As of", "截至", "À data de"), value=city_date(visit.now).isoformat()),
        ),
        paper=Paper(kind, _STATEMENT[bool(titles)], (*_person(name, document), *map(_home, titles)), VALID_FOR),
    )


def seed_titles(session: Session) -> None:
    """Put in the first titles, where they are not there yet."""
    for title in FIRST_TITLES:
        row = insert_into(session, Title).values(id=new_id(), **title)
        session.execute(row.on_conflict_do_nothing(index_elements=[Title.property_number, Title.owner_document]))


def _titles(session: Session, document: str) -> Sequence[Title]:
    mine = (Title.owner_document == document, Title.until.is_(None))
    return session.scalars(select(Title).where(*mine).order_by(Title.since, Title.property_number)).all()


def _person(name: str, document: str) -> tuple[OutcomeField, ...]:
    return (
        OutcomeField(label=texts("Name", "姓名", "Nome"), value=name),
        OutcomeField(label=texts("Identity document", "证件号码", "Documento de identificação"), value=document),
    )


def _home(title: Title) -> OutcomeField:
    about = f"{title.address} · {title.area / 100:.2f} m² · {title.share} · {title.property_number}"
    return OutcomeField(label=texts("Home", "房屋", "Habitação"), value=about)


HOME_PROOF: Final = Service(
    ServiceDescription(
        code="home-proof",
        titles=texts("Proof of home or no home", "有房/无房证明", "Certidão de habitação"),
        summaries=texts(
            "A sealed paper that says which homes you own here, or that you own none.",
            "开具名下有房或无房的证明文件。",
            "Um documento selado que diz que habitações tem aqui, ou que não tem nenhuma.",
        ),
        level=Level.PIN,
        attributes=("name", "document_number"),
        purposes=texts(
            "To find you in the land register, and to write the paper in your name.",
            "用于查询不动产登记簿并以您的名义开具证明。",
            "Para o encontrar no registo predial e passar o documento em seu nome.",
        ),
        result=ResultKind.INFORMATION,
    ),
    prove,
    gives_papers=True,
    confirm_online=True,
)
