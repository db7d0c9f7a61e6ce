"""Applying for a place at a school: the citizen signs which ones are wanted for which child, an officer decides."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Final

from sqlalchemy.orm import Session

from cardsvc.wire.levels import Level
from cardsvc.wire.manifest import OutcomeField, ServiceDescription, Texts
from kiosk.departments.contract.declaration import Answer, Draft, NewCase, Service, Visit
from kiosk.departments.contract.forms import choice, day, document_number, form
from kiosk.departments.contract.texts import texts
from kiosk.departments.education.models import PlaceApplication, Round
from kiosk.departments.education.places import Applicant, apply, offer, refuse, withdraw
from kiosk.departments.education.schools import NAMES

OFFERED: Final = "offered"
VERDICTS: Final[Mapping[str, Texts]] = {
    OFFERED: texts(
        "There is a place. The school will write to you.",
        "已录取，学校将与您联系。",
        "Há vaga. A escola vai escrever-lhe.",
    ),
    "refused": texts(
        "There is no place for you at these schools. Please ask at the counter.",
        "所填报学校暂无学位，请到服务台咨询。",
        "Não há vaga nestas escolas. Pergunte no balcão, por favor.",
    ),
}
NONE: Final = "none"
_RANKS: Final = (
    texts("First choice", "第一志愿", "Primeira escolha"),
    texts("Second choice", "第二志愿", "Segunda escolha"),
    texts("Third choice", "第三志愿", "Terceira escolha"),
)
_OR_NONE: Final[Mapping[str, Texts]] = {**NAMES, NONE: texts("No other school", "不再填报", "Nenhuma outra escola")}
_CHILD: Final = texts("The child's document", "儿童证件号码", "Documento da criança")
_BORN: Final = texts("The child was born on", "儿童出生日期", "A criança nasceu em")
_SCHOOL_AGE: Final = timedelta(days=20 * 365)
"""Children are younger. For which there are places, the rounds say."""
_DISTRICT: Final = texts("Lives in", "居住区域", "Vive em")


def prepare(session: Session, visit: Visit) -> Draft:
    """What the citizen signs, once it is clear that they may apply."""
    return Draft(
        title=texts("Application for a school place", "学位申请表", "Pedido de vaga escolar"),
        statement=texts(
            "I am a parent or guardian of this child, who lives with me. I apply for a place at one of these schools.",
            "本人系该儿童的父母或监护人，与其共同居住，现申请以下学校之一的学位。",
            "Sou pai, mãe ou tutor desta criança, que vive comigo, e peço uma vaga numa destas escolas.",
        ),
        lines=_applied(session, visit),
    )


def apply_for_place(session: Session, visit: Visit) -> Answer:
    """Put it before the officers."""
    lines = _applied(session, visit)
    return Answer(
        title=texts(
            "Thank you. We decide when the round is over",
            "谢谢，报名截止后将统一审核",
            "Obrigado. Decidimos quando terminar o prazo",
        ),
        fields=lines,
        case=NewCase(lines),
    )


def settle(session: Session, receipt: str, verdict: str, now: datetime) -> None:
    """What an officer said."""
    (offer if verdict == OFFERED else refuse)(session, receipt, now)


def told(session: Session, receipt: str) -> tuple[OutcomeField, ...]:
    """At which school there is a place."""
    school = session.get_one(PlaceApplication, receipt).school
    return () if school is None else (OutcomeField(label=_SCHOOL, value=NAMES[school], prominent=True),)


def _applied(session: Session, visit: Visit) -> tuple[OutcomeField, ...]:
    document, district = visit.visitor.told("document_number"), visit.visitor.told("district")
    born = date.fromisoformat(visit.input["born"])
    schools = [visit.input[rank] for rank in ("first", "second", "third") if visit.input[rank] != NONE]
    made = apply(session, Applicant(visit.receipt, document, visit.input["child"], born, district), schools, visit.now)
    closes_on = session.get_one(Round, made.round).closes_on
    return (
        OutcomeField(label=texts("Identity document", "证件号码", "Documento de identificação"), value=document),
        OutcomeField(label=_DISTRICT, value=district),
        OutcomeField(label=_CHILD, value=made.child),
        OutcomeField(label=_BORN, value=born.isoformat()),
        *(OutcomeField(label=rank, value=NAMES[school]) for rank, school in zip(_RANKS, schools, strict=False)),
        OutcomeField(
            label=texts("The round ends on", "报名截止日期", "O prazo termina em"), value=closes_on.isoformat()
        ),
    )


_SCHOOL: Final = texts("Your school", "录取学校", "A sua escola")

SCHOOL_PLACE: Final = Service(
    ServiceDescription(
        code="school-place",
        titles=texts("School place", "学位申请", "Vaga escolar"),
        summaries=texts(
            "Apply for a place at a school for your child.",
            "为您的孩子申请学位。",
            "Peça uma vaga numa escola para o seu filho.",
        ),
        level=Level.SIGN,
        attributes=("document_number", "district"),
        purposes=texts(
            "To know who applies, and where you live: a school takes its neighbours first.",
            "用于确认申请人及居住区域；学校优先录取本区居民。",
            "Para saber quem pede e onde vive: uma escola aceita primeiro os vizinhos.",
        ),
        input=form(
            child=document_number(_CHILD),
            born=day(_BORN, before=_SCHOOL_AGE),
            first=choice(_RANKS[0], NAMES),
            second=choice(_RANKS[1], _OR_NONE),
            third=choice(_RANKS[2], _OR_NONE),
        ),
    ),
    apply_for_place,
    prepare=prepare,
    verdicts=VERDICTS,
    settled=settle,
    withdrawn=withdraw,
    told=told,
)
