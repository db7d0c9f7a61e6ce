"""Proving once a year that one is alive: an attendant compares the face with the photograph on the card.

Two cards in turn, and two people: the pensioner asks, the attendant confirms with a card of their own, within minutes.
The photograph is on the pensioner's card behind the PIN; the kiosk reads it and shows it to the attendant, once this
department has said that they are one. The department sees neither photograph nor face.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from cardsvc.wire.levels import Level
from cardsvc.wire.manifest import OutcomeField, ServiceDescription, Texts
from kiosk.departments.contract.clock import city_date
from kiosk.departments.contract.declaration import Answer, SecondTurn, Service, Visit
from kiosk.departments.contract.forms import choice, form
from kiosk.departments.contract.refusals import ServiceRefused
from kiosk.departments.contract.storage import insert_into
from kiosk.departments.contract.texts import texts
from kiosk.departments.social_insurance.models import Attendant, Pensioner, ProofOfLife

WITHIN: Final = timedelta(minutes=10)
"""The attendant is near, and the pensioner stays until then."""
SAME: Final = "same"
FACES: Final[Mapping[str, Texts]] = {
    SAME: texts("It is the same person", "为同一人", "É a mesma pessoa"),
    "different": texts(
        "It is somebody else, or I am not sure", "不是本人或无法确认", "É outra pessoa, ou não tenho a certeza"
    ),
}
_YEAR: Final = texts("For the year", "年度", "Para o ano")


class NoPension(ServiceRefused):
    """Raised for whom no pension is paid."""

    code = "no-pension"
    title = "No pension is paid to this person"
    message = texts(
        "We pay you no pension, so there is nothing to prove. Please ask at the counter if you think we should.",
        "未查询到您的养老金领取记录，无需认证。如有疑问，请到服务台咨询。",
        "Não lhe pagamos pensão, por isso nada há a provar. Se acha que devíamos pagar, pergunte no balcão.",
    )


class ProvedAlready(ServiceRefused):
    """Raised when it was proved for this year."""

    code = "proved-already"
    title = "It was proved for this year"
    message = texts(
        "This is done for this year. Thank you.",
        "您本年度已完成认证，谢谢。",
        "Já está feito para este ano. Obrigado.",
    )


class NoAttendant(ServiceRefused):
    """Raised when whoever would confirm it may not."""

    code = "no-attendant"
    title = "This person is no attendant of this department"
    message = texts(
        "Only an attendant can confirm this. Please ask at the counter.",
        "仅限工作人员确认，请到服务台咨询。",
        "Só um funcionário pode confirmar. Pergunte no balcão, por favor.",
    )


class FaceDiffers(ServiceRefused):
    """Raised when the attendant does not confirm it."""

    code = "face-differs"
    title = "The attendant did not see the person of the photograph"
    message = texts(
        "This was not confirmed. Please go to the counter with an identity document.",
        "未能确认，请携带身份证件到服务台办理。",
        "Não foi confirmado. Dirija-se ao balcão com um documento de identificação.",
    )


def ask(session: Session, visit: Visit) -> Answer:
    """Look whether there is something to prove; then the attendant is called."""
    document, year = visit.visitor.told("document_number"), city_date(visit.now).year
    if session.get(Pensioner, document) is None:
        raise NoPension
    proved = (ProofOfLife.document_number == document, ProofOfLife.year == year)
    if session.scalars(select(ProofOfLife.receipt).where(*proved)).one_or_none() is not None:
        raise ProvedAlready
    return Answer(
        title=texts("Please call an attendant", "请呼叫工作人员", "Chame um funcionário, por favor"),
        fields=(OutcomeField(label=_YEAR, value=str(year)),),
    )


def admit(session: Session, visit: Visit) -> None:
    """Only an attendant may see the photograph."""
    _attendant(session, visit)


def confirm(session: Session, visit: Visit) -> Answer:
    """Write down that the attendant saw them."""
    attendant = _attendant(session, visit)
    if visit.input["face"] != SAME:
        raise FaceDiffers
    first = visit.begun
    year = city_date(first.begun_at).year
    row = insert_into(session, ProofOfLife).values(
        receipt=first.receipt,
        document_number=first.attributes["document_number"],
        year=year,
        attendant=attendant.pseudonym,
        proved_at=visit.now,
    )
    if session.scalars(row.on_conflict_do_nothing().returning(ProofOfLife.receipt)).one_or_none() is None:
        raise ProvedAlready
    return Answer(
        title=texts("It is proved for this year", "本年度认证已完成", "Está provado para este ano"),
        fields=(
            OutcomeField(label=_YEAR, value=str(year)),
            OutcomeField(label=texts("Confirmed by", "确认人", "Confirmado por"), value=attendant.name),
        ),
    )


def _attendant(session: Session, visit: Visit) -> Attendant:
    """Who the visitor is. Raises NoAttendant."""
    attendant = session.get(Attendant, visit.visitor.pseudonym)
    if attendant is None or attendant.until is not None:
        raise NoAttendant
    return attendant


PROOF_OF_LIFE: Final = Service(
    ServiceDescription(
        code="proof-of-life",
        titles=texts("Pension: proof of life", "养老金资格认证", "Pensão: prova de vida"),
        summaries=texts(
            "Once a year, with an attendant beside you.",
            "每年一次，需工作人员在场。",
            "Uma vez por ano, com um funcionário ao seu lado.",
        ),
        level=Level.PIN,
        attributes=("document_number",),
        purposes=texts("To find your pension.", "用于查询您的养老金记录。", "Para encontrar a sua pensão."),
    ),
    ask,
    second=SecondTurn(
        Service(
            ServiceDescription(
                code="proof-of-life-attending",
                titles=texts("Attendant: confirm", "工作人员确认", "Funcionário: confirmar"),
                summaries=texts(
                    "Compare the face with the photograph on the card.",
                    "将本人与卡内照片比对。",
                    "Compare o rosto com a fotografia no cartão.",
                ),
                level=Level.PIN,
                input=form(face=choice(texts("Is it the same person?", "是否为同一人？", "É a mesma pessoa?"), FACES)),
            ),
            confirm,
            confirm_online=True,
        ),
        WITHIN,
        admits=admit,
    ),
    confirm_online=True,
)
