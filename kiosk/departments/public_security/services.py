"""What public security offers: the citizen signs, an officer decides where a person must."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Final

from sqlalchemy.orm import Session

from cardsvc.wire.levels import Level
from cardsvc.wire.manifest import OutcomeField, ServiceDescription, Texts
from kiosk.departments.contract.declaration import Answer, Draft, NewCase, Service, Visit
from kiosk.departments.contract.forms import choice, day, form, text
from kiosk.departments.contract.texts import texts
from kiosk.departments.public_security.applications import Applicant, withdraw
from kiosk.departments.public_security.certificate import PURPOSES, TITLE, certify
from kiosk.departments.public_security.models import Move, Renewal
from kiosk.departments.public_security.moves import (
    DISTRICTS,
    LATEST,
    Address,
    apply_for_move,
    decide_move,
)
from kiosk.departments.public_security.renewals import (
    MAKING,
    REASONS,
    STATIONS,
    apply_for_renewal,
    decide_renewal,
)

GRANTED: Final = "granted"
_REFUSED: Final = texts(
    "We could not agree to it. Please ask at the counter.",
    "申请未获批准，请到服务台咨询。",
    "Não foi possível deferir. Pergunte no balcão, por favor.",
)
RENEWAL_VERDICTS: Final[Mapping[str, Texts]] = {
    GRANTED: texts(
        f"Granted. It lies ready at the station from {MAKING.days} days after that on.",
        f"已批准，自批准之日起{MAKING.days}天后可到所选地点领取。",
        f"Deferido. Pode levantá-lo na esquadra a partir de {MAKING.days} dias depois.",
    ),
    "refused": _REFUSED,
}
MOVE_VERDICTS: Final[Mapping[str, Texts]] = {
    GRANTED: texts("Your new residence is in the register.", "新住址已登记。", "A sua nova morada está registada."),
    "refused": _REFUSED,
}
_DOCUMENT: Final = texts("Identity document", "证件号码", "Documento de identificação")
_WE_DECIDE: Final = texts("Thank you, we will look at it", "谢谢，我们会尽快审核", "Obrigado, vamos analisar o pedido")


def prepare_renewal(session: Session, visit: Visit) -> Draft:
    """What the citizen signs, once it is clear that they may ask for it."""
    return Draft(
        title=texts("Application for a new identity document", "证件换领申请", "Pedido de novo documento"),
        statement=texts(
            "I apply for a new identity document and will fetch it in person.",
            "本人申请换领身份证件，并将亲自领取。",
            "Peço um novo documento de identificação e vou levantá-lo pessoalmente.",
        ),
        lines=_renewal(session, visit),
    )


def renew(session: Session, visit: Visit) -> Answer:
    """Put the application before the officers."""
    return _waits(_renewal(session, visit))


def settle_renewal(session: Session, receipt: str, verdict: str, now: datetime) -> None:
    """What an officer said."""
    decide_renewal(session, receipt, granted=verdict == GRANTED, now=now)


def prepare_certificate(session: Session, visit: Visit) -> Draft:
    """What the citizen signs, once it is clear that the paper can be given."""
    return Draft(
        title=texts(
            "Application for a certificate of no criminal record",
            "无犯罪记录证明申请",
            "Pedido de certidão de ausência de registo criminal",
        ),
        statement=texts(
            "I apply for this certificate about myself and agree that the register of convictions is searched for it.",
            "本人申请开具本人的无犯罪记录证明，并同意为此查询犯罪记录登记。",
            "Peço esta certidão sobre mim e concordo que para isso se consulte o registo criminal.",
        ),
        lines=certify(
            session,
            name=visit.visitor.told("name"),
            document=visit.visitor.told("document_number"),
            purpose=visit.input["purpose"],
            now=visit.now,
        ).lines,
    )


def give_certificate(session: Session, visit: Visit) -> Answer:
    """The sealed paper."""
    purpose = visit.input["purpose"]
    paper = certify(
        session,
        name=visit.visitor.told("name"),
        document=visit.visitor.told("document_number"),
        purpose=purpose,
        now=visit.now,
    )
    said = OutcomeField(label=texts("For", "用途", "Finalidade"), value=PURPOSES[purpose])
    return Answer(title=TITLE, fields=(said,), paper=paper)


def prepare_move(session: Session, visit: Visit) -> Draft:
    """What the citizen signs, once it is clear that it can be so."""
    return Draft(
        title=texts("Change of residence", "住址变更申报", "Mudança de residência"),
        statement=texts(
            "I declare that I have lived at this address since that day.",
            "本人声明自该日起居住于以下住址。",
            "Declaro que vivo nesta morada desde esse dia.",
        ),
        lines=_move(session, visit),
    )


def move(session: Session, visit: Visit) -> Answer:
    """Put the declaration before the officers."""
    return _waits(_move(session, visit))


def settle_move(session: Session, receipt: str, verdict: str, now: datetime) -> None:
    """What an officer said; the register follows."""
    decide_move(session, receipt, granted=verdict == GRANTED, now=now)


def _renewal(session: Session, visit: Visit) -> tuple[OutcomeField, ...]:
    who, reason, station = _applicant(visit), visit.input["reason"], visit.input["station"]
    apply_for_renewal(session, who, reason, station, visit.now)
    return (
        OutcomeField(label=_DOCUMENT, value=who.document_number),
        OutcomeField(label=texts("Reason", "原因", "Motivo"), value=REASONS[reason]),
        OutcomeField(label=texts("To be fetched at", "领取地点", "A levantar em"), value=STATIONS[station]),
    )


def _move(session: Session, visit: Visit) -> tuple[OutcomeField, ...]:
    who, to = _applicant(visit), Address(visit.input["district"], visit.input["address"])
    moved_on = date.fromisoformat(visit.input["moved_on"])
    apply_for_move(session, who, to, moved_on, visit.now)
    return (
        OutcomeField(label=_DOCUMENT, value=who.document_number),
        OutcomeField(label=texts("District", "区域", "Zona"), value=DISTRICTS[to.district]),
        OutcomeField(label=texts("Address", "住址", "Morada"), value=to.street),
        OutcomeField(label=texts("Moved on", "迁入日期", "Data da mudança"), value=moved_on.isoformat()),
    )


def _applicant(visit: Visit) -> Applicant:
    return Applicant(visit.receipt, visit.visitor.pseudonym, visit.visitor.told("document_number"))


def _waits(lines: tuple[OutcomeField, ...]) -> Answer:
    return Answer(title=_WE_DECIDE, fields=lines, case=NewCase(lines))


_PURPOSES: Final = texts(
    "To find you in our registers.", "用于在登记簿中查询您的信息。", "Para o encontrar nos nossos registos."
)

ID_RENEWAL: Final = Service(
    ServiceDescription(
        code="id-renewal",
        titles=texts("Renew your identity document", "换领身份证件", "Renovar o documento"),
        summaries=texts(
            "Apply for a new identity document.", "申请换领身份证件。", "Peça um novo documento de identificação."
        ),
        level=Level.SIGN,
        attributes=("document_number",),
        purposes=_PURPOSES,
        input=form(
            reason=choice(texts("Why?", "换领原因", "Porquê?"), REASONS),
            station=choice(texts("Where will you fetch it?", "领取地点", "Onde o vai levantar?"), STATIONS),
        ),
    ),
    renew,
    prepare=prepare_renewal,
    verdicts=RENEWAL_VERDICTS,
    settled=settle_renewal,
    withdrawn=lambda session, receipt, now: withdraw(session, Renewal, receipt, now),
)

NO_RECORD_CERTIFICATE: Final = Service(
    ServiceDescription(
        code="no-record-certificate",
        titles=texts("Certificate of no criminal record", "无犯罪记录证明", "Certidão de registo criminal"),
        summaries=texts(
            "A sealed paper for an employer, a visa or a school.",
            "开具用于就业、签证或求学的证明文件。",
            "Um documento selado para um empregador, um visto ou uma escola.",
        ),
        level=Level.SIGN,
        attributes=("name", "document_number"),
        purposes=texts(
            "To search the register of convictions, and to write the paper in your name.",
            "用于查询犯罪记录并以您的名义开具证明。",
            "Para consultar o registo criminal e passar o documento em seu nome.",
        ),
        input=form(purpose=choice(texts("What is it for?", "用途", "Para que fim?"), PURPOSES)),
    ),
    give_certificate,
    prepare=prepare_certificate,
    gives_papers=True,
)

_TOO_LATE: Final = timedelta(days=30)
"""Whoever chooses a day that is still to come hears why it cannot be, instead of not finding its year."""

CHANGE_OF_RESIDENCE: Final = Service(
    ServiceDescription(
        code="change-of-residence",
        titles=texts("Change of residence", "住址变更", "Mudança de residência"),
        summaries=texts("Tell us that you have moved.", "申报您的新住址。", "Comunique que mudou de casa."),
        level=Level.SIGN,
        attributes=("document_number",),
        purposes=_PURPOSES,
        input=form(
            district=choice(texts("District", "区域", "Zona"), DISTRICTS),
            address=text(
                texts("Address", "住址", "Morada"),
                texts("Street, house number, flat", "街道、门牌号、房号", "Rua, número, apartamento"),
                longest=120,
            ),
            moved_on=day(texts("When did you move?", "何时迁入？", "Quando se mudou?"), before=LATEST, after=_TOO_LATE),
        ),
    ),
    move,
    prepare=prepare_move,
    verdicts=MOVE_VERDICTS,
    settled=settle_move,
    withdrawn=lambda session, receipt, now: withdraw(session, Move, receipt, now),
)
