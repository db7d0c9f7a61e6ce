"""Objecting to a permit that was published: within its time, once a person; an officer says what comes of it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Final

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from cardsvc.wire.levels import Level
from cardsvc.wire.manifest import OutcomeField, ServiceDescription, Texts
from kiosk.departments.contract.clock import city_date
from kiosk.departments.contract.declaration import Answer, Draft, NewCase, Service, Visit
from kiosk.departments.contract.forms import digits, form, text
from kiosk.departments.contract.luhn import check_digit_is_right
from kiosk.departments.contract.refusals import ServiceRefused
from kiosk.departments.contract.storage import insert_into
from kiosk.departments.contract.texts import texts
from kiosk.departments.environment.models import Objection, Permit

UPHELD: Final = "upheld"
VERDICTS: Final[Mapping[str, Texts]] = {
    UPHELD: texts(
        "You are right; the permit is being reviewed.",
        "您的异议成立，该许可正在复核。",
        "Tem razão; a licença está a ser revista.",
    ),
    "dismissed": texts(
        "We have looked at it, and the permit stands.",
        "经审查，该许可维持不变。",
        "Analisámos e a licença mantém-se.",
    ),
}
FIRST_PERMITS: Final[Mapping[str, tuple[str, date]]] = {
    "9026000019": ("横琴天沐河夜间施工 Night works at the Tianmu river", date(2027, 3, 31)),
    "9026000027": ("芒洲餐饮排烟口 Kitchen exhaust at Mangzhou", date(2027, 1, 31)),
    "9026000035": ("港口堆场 Storage yard at the port", date(2026, 1, 31)),
}
"""What was published when the department opened: what it is for, and the last day for objections."""


class PermitMisread(ServiceRefused):
    """Raised when the check digit is wrong."""

    code = "permit-misread"
    title = "The check digit of the permit is wrong"
    message = texts(
        "That number is not quite right. Please compare it with the notice.",
        "号码有误，请对照公示核对。",
        "Esse número não está certo. Compare-o com o aviso, por favor.",
    )


class PermitUnknown(ServiceRefused):
    """Raised when no permit of this number was published."""

    code = "permit-unknown"
    title = "No permit of this number was published"
    message = texts(
        "We find no permit of this number. Please ask at the counter.",
        "未找到该编号的许可，请到服务台咨询。",
        "Não encontramos nenhuma licença com este número. Pergunte no balcão, por favor.",
    )


class ObjectionTooLate(ServiceRefused):
    """Raised when the time for objections is over."""

    code = "objection-too-late"
    title = "The time for objections to this permit is over"
    message = texts(
        "The time for objections to this permit is over.",
        "该许可的异议期已结束。",
        "O prazo para objeções a esta licença já terminou.",
    )


class AlreadyObjected(ServiceRefused):
    """Raised when this person has objected to this permit."""

    code = "already-objected"
    title = "This person has objected to this permit before"
    message = texts(
        "You have objected to this permit already.",
        "您已对该许可提出过异议。",
        "Já apresentou uma objeção a esta licença.",
    )


def prepare(session: Session, visit: Visit) -> Draft:
    """What the citizen signs, once it is clear that they may object."""
    return Draft(
        title=texts("Objection to a permit", "许可异议书", "Objeção a uma licença"),
        statement=texts(
            "I object to this permit for the reason below.",
            "本人基于以下理由对该许可提出异议。",
            "Oponho-me a esta licença pelo motivo abaixo.",
        ),
        lines=_objected(session, visit),
    )


def object_to(session: Session, visit: Visit) -> Answer:
    """Put the objection before the officers."""
    lines = _objected(session, visit)
    return Answer(
        title=texts("Thank you, we will look at it", "谢谢，我们会跟进处理", "Obrigado, vamos verificar"),
        fields=lines,
        case=NewCase(lines),
    )


def settle(session: Session, receipt: str, verdict: str, now: datetime) -> None:
    """Where the objection is upheld, the permit is reviewed."""
    if verdict == UPHELD:
        number = select(Objection.permit).where(Objection.receipt == receipt).scalar_subquery()
        waiting = update(Permit).where(Permit.number == number, Permit.reviewed_since.is_(None))
        session.execute(waiting.values(reviewed_since=now))


def withdraw(session: Session, receipt: str, _now: datetime) -> None:
    """What its citizen took back; they can object again while there is time."""
    session.execute(delete(Objection).where(Objection.receipt == receipt))


def seed_permits(session: Session) -> None:
    """Put in the first permits, where they are not there yet."""
    for number, (subject, until) in FIRST_PERMITS.items():
        row = insert_into(session, Permit).values(number=number, subject=subject, objections_until=until)
        session.execute(row.on_conflict_do_nothing(index_elements=[Permit.number]))


def _objected(session: Session, visit: Visit) -> tuple[OutcomeField, ...]:
    permit = _permit(session, visit)
    row = insert_into(session, Objection).values(
        receipt=visit.receipt, permit=permit.number, pseudonym=visit.visitor.pseudonym, made_at=visit.now
    )
    if session.scalars(row.on_conflict_do_nothing().returning(Objection.receipt)).one_or_none() is None:
        raise AlreadyObjected
    return (
        OutcomeField(label=_NUMBER, value=permit.number),
        OutcomeField(label=texts("Permit for", "许可事项", "Licença para"), value=permit.subject),
        OutcomeField(label=_REASON, value=visit.input["words"]),
    )


def _permit(session: Session, visit: Visit) -> Permit:
    number = visit.input["permit"]
    if not check_digit_is_right(number):
        raise PermitMisread
    permit = session.get(Permit, number)
    if permit is None:
        raise PermitUnknown
    if city_date(visit.now) > permit.objections_until:
        raise ObjectionTooLate
    return permit


_NUMBER: Final = texts("Number of the permit", "许可编号", "Número da licença")
_REASON: Final = texts("Your reason", "您的理由", "O seu motivo")

PERMIT_OBJECTION: Final = Service(
    ServiceDescription(
        code="permit-objection",
        titles=texts("Object to a permit", "对许可提出异议", "Objetar a uma licença"),
        summaries=texts(
            "Object to a permit that was published, with your reason.",
            "对已公示的许可提出异议并说明理由。",
            "Apresente uma objeção a uma licença publicada, com o seu motivo.",
        ),
        level=Level.SIGN,
        input=form(
            permit=digits(
                _NUMBER,
                texts("10 digits, on the notice", "10位数字，位于公示上", "10 algarismos, no aviso"),
                length=10,
                first="90",
                example="9026000019",
            ),
            words=text(
                _REASON,
                texts("Why should it not be permitted?", "为何不应许可？", "Porque não deve ser autorizado?"),
                longest=200,
            ),
        ),
    ),
    object_to,
    prepare=prepare,
    verdicts=VERDICTS,
    settled=settle,
    withdrawn=withdraw,
)
