"""A carer's mandate: somebody lets another person act for them, and both sign the very same document, in turn.

Nothing is in force until the carer has signed, within the hour, with a card of their own.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from cardsvc.wire.levels import Level
from cardsvc.wire.manifest import OutcomeField, ServiceDescription, Texts
from kiosk.departments.community.models import Mandate
from kiosk.departments.contract.clock import city_date
from kiosk.departments.contract.declaration import Answer, Draft, SecondTurn, Service, Visit
from kiosk.departments.contract.forms import choice, document_number, form
from kiosk.departments.contract.refusals import ServiceRefused
from kiosk.departments.contract.storage import insert_into
from kiosk.departments.contract.texts import texts

WITHIN: Final = timedelta(hours=1)
SCOPES: Final[Mapping[str, Texts]] = {
    "home-care": texts("Home-care appointments", "居家照护预约", "Marcações de apoio domiciliário"),
    "errands": texts("Errands at the community centre", "社区中心事务办理", "Assuntos no centro comunitário"),
}
DAYS: Final[Mapping[str, Texts]] = {
    "90": texts("90 days", "90天", "90 dias"),
    "365": texts("One year", "一年", "Um ano"),
}
_CARER: Final = texts("The carer's document", "照护人证件号码", "Documento do cuidador")


class OwnCarer(ServiceRefused):
    """Raised when somebody would be their own carer."""

    code = "own-carer"
    title = "Principal and carer are one person"
    message = texts(
        "A mandate is for somebody else. Please enter the number of the carer's document.",
        "受托人须为他人，请输入照护人的证件号码。",
        "O mandato é para outra pessoa. Introduza o número do documento do cuidador.",
    )


class NotTheCarer(ServiceRefused):
    """Raised when somebody else than the carer who is named would accept."""

    code = "not-the-carer"
    title = "This is not the carer whom the document names"
    message = texts(
        "The mandate names somebody else. Only that person can accept it.",
        "委托书载明的照护人并非您本人，仅该人可以接受。",
        "O mandato indica outra pessoa. Só ela o pode aceitar.",
    )


class MandateStands(ServiceRefused):
    """Raised when there is such a mandate already, for as long or longer."""

    code = "mandate-stands"
    title = "There is such a mandate already"
    message = texts(
        "There is such a mandate already, for as long or longer.",
        "已有同等或更长期限的委托。",
        "Já há um mandato assim, pelo mesmo tempo ou mais.",
    )


def prepare(session: Session, visit: Visit) -> Draft:
    """What the principal signs."""
    return _draft(session, visit.visitor.told("document_number"), visit.input, visit.now)


def give(session: Session, visit: Visit) -> Answer:
    """It waits for the carer."""
    prepare(session, visit)
    return Answer(
        title=texts("Now the carer has to sign", "现请照护人签署", "Agora tem de assinar o cuidador"),
        fields=(OutcomeField(label=_CARER, value=visit.input["carer"]),),
    )


def prepare_accepting(session: Session, visit: Visit) -> Draft:
    """What the carer signs: the very same."""
    first = visit.begun
    if visit.visitor.told("document_number") != first.input["carer"]:
        raise NotTheCarer
    return _draft(session, first.attributes["document_number"], first.input, first.begun_at)


def accept(session: Session, visit: Visit) -> Answer:
    """It is in force."""
    first = visit.begun
    if visit.visitor.told("document_number") != first.input["carer"]:
        raise NotTheCarer
    until = _until(first.input, first.begun_at)
    row = insert_into(session, Mandate).values(
        receipt=first.receipt,
        accepted=visit.receipt,
        principal=first.attributes["document_number"],
        carer=first.input["carer"],
        scope=first.input["scope"],
        since=visit.now,
        until=until,
        principal_pseudonym=first.pseudonym,
        carer_pseudonym=visit.visitor.pseudonym,
    )
    if session.scalars(row.on_conflict_do_nothing().returning(Mandate.receipt)).one_or_none() is None:
        raise MandateStands
    return Answer(
        title=texts("The mandate is in force", "委托已生效", "O mandato está em vigor"),
        fields=(
            OutcomeField(
                label=texts("Receipt of the principal", "委托人回执", "Recibo do mandante"), value=first.receipt
            ),
            OutcomeField(label=_UNTIL, value=until.isoformat(), prominent=True),
        ),
    )


def _draft(session: Session, principal: str, entered: Mapping[str, Any], at: datetime) -> Draft:
    carer, scope, until = entered["carer"], entered["scope"], _until(entered, at)
    if carer == principal:
        raise OwnCarer
    same = (Mandate.principal == principal, Mandate.carer == carer, Mandate.scope == scope, Mandate.until >= until)
    if session.scalars(select(Mandate.receipt).where(*same, Mandate.ended_at.is_(None)).limit(1)).first() is not None:
        raise MandateStands
    return Draft(
        title=texts("Mandate for a carer", "照护委托书", "Mandato de cuidador"),
        statement=texts(
            "The principal lets the carer act for them in this, until the day below. The carer accepts. Both sign.",
            "委托人授权照护人在以下期限内代办以下事项，照护人接受委托。双方均签署。",
            "O mandante deixa o cuidador agir por si nisto, até ao dia abaixo. O cuidador aceita. Ambos assinam.",
        ),
        lines=(
            OutcomeField(
                label=texts("The principal's document", "委托人证件号码", "Documento do mandante"), value=principal
            ),
            OutcomeField(label=_CARER, value=carer),
            OutcomeField(label=texts("For", "委托事项", "Para"), value=SCOPES[scope]),
            OutcomeField(label=_UNTIL, value=until.isoformat()),
        ),
    )


def _until(entered: Mapping[str, Any], at: datetime) -> date:
    return city_date(at) + timedelta(days=int(entered["days"]))


_UNTIL: Final = texts("Until", "有效期至", "Até")
_PURPOSES: Final = texts(
    "To write the document, and to know who signs it.",
    "用于制作文件并确认签署人。",
    "Para escrever o documento e saber quem o assina.",
)

CARER_MANDATE: Final = Service(
    ServiceDescription(
        code="carer-mandate",
        titles=texts("Mandate for a carer", "照护委托", "Mandato de cuidador"),
        summaries=texts(
            "Let somebody act for you; both of you sign, one after the other.",
            "授权他人为您代办，双方先后签署。",
            "Deixe alguém agir por si; assinam os dois, um a seguir ao outro.",
        ),
        level=Level.SIGN,
        attributes=("document_number",),
        purposes=_PURPOSES,
        input=form(
            carer=document_number(_CARER),
            scope=choice(texts("What may they do?", "委托事项", "O que pode fazer?"), SCOPES),
            days=choice(texts("For how long?", "期限", "Por quanto tempo?"), DAYS),
        ),
    ),
    give,
    prepare=prepare,
    second=SecondTurn(
        Service(
            ServiceDescription(
                code="carer-mandate-accepting",
                titles=texts("Accept a mandate", "接受照护委托", "Aceitar um mandato"),
                summaries=texts(
                    "Sign what the person you care for has signed.",
                    "签署委托人已签署的委托书。",
                    "Assine o que já assinou a pessoa de quem cuida.",
                ),
                level=Level.SIGN,
                attributes=("document_number",),
                purposes=_PURPOSES,
            ),
            accept,
            prepare=prepare_accepting,
        ),
        WITHIN,
    ),
)
