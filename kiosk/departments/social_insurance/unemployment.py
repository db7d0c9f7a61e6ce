"""Claiming benefit after one lost one's work: who may, and for how long (Social Insurance Law, articles 45 and 46)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from enum import StrEnum
from typing import Final

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from cardsvc.wire.levels import Level
from cardsvc.wire.manifest import OutcomeField, ServiceDescription, Texts
from kiosk.departments.contract.clock import city_date
from kiosk.departments.contract.declaration import Answer, Draft, NewCase, Service, Visit
from kiosk.departments.contract.forms import choice, form
from kiosk.departments.contract.refusals import ServiceRefused
from kiosk.departments.contract.storage import insert_into
from kiosk.departments.contract.texts import texts
from kiosk.departments.social_insurance.models import Contribution, UnemploymentClaim

LEAST_PAID: Final = 12
"""Months for which contributions must have been paid (article 45)."""
LONGEST: Final = ((120, 24), (60, 18), (LEAST_PAID, 12))
"""Months paid at least → months of benefit at most (article 46)."""
REASONS: Final[Mapping[str, Texts]] = {
    "dismissed": texts("I was dismissed", "被用人单位解除劳动合同", "Fui despedido"),
    "ended": texts("My contract ended", "劳动合同期满终止", "O meu contrato terminou"),
    "closed": texts("My employer closed", "用人单位停业", "O meu empregador fechou"),
}
"""Who left of their own will has no claim (article 45)."""
GRANTED: Final = "granted"
VERDICTS: Final[Mapping[str, Texts]] = {
    GRANTED: texts(
        "Granted. Benefit is paid from next month on.",
        "已批准，自下月起发放失业保险金。",
        "Deferido. O subsídio é pago a partir do próximo mês.",
    ),
    "refused": texts(
        "We could not agree to it. Please ask at the counter.",
        "申请未获批准，请到服务台咨询。",
        "Não foi possível deferir. Pergunte no balcão, por favor.",
    ),
}


class State(StrEnum):
    """How it stands with a claim."""

    OPEN = "open"
    GRANTED = "granted"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"


class PaidTooBriefly(ServiceRefused):
    """Raised when contributions were paid for less than a year."""

    code = "paid-too-briefly"
    title = "Contributions were paid for less than a year"
    message = texts(
        "Benefit takes contributions of a year, and we find fewer. Please ask at the counter.",
        "领取失业保险金需累计缴费满一年，您的缴费记录不足，请到服务台咨询。",
        "O subsídio exige um ano de contribuições e encontramos menos. Pergunte no balcão, por favor.",
    )


class StillEmployed(ServiceRefused):
    """Raised when a contribution of this month is booked."""

    code = "still-employed"
    title = "An employer pays contributions this month"
    message = texts(
        "An employer pays contributions for you this month. Please come again when that has ended.",
        "本月仍有用人单位为您缴费，请在停止缴费后再办理。",
        "Um empregador paga contribuições por si este mês. Volte quando isso tiver terminado.",
    )


class ClaimedAlready(ServiceRefused):
    """Raised when benefit was claimed for this employment."""

    code = "claimed-already"
    title = "Benefit was claimed for this employment before"
    message = texts(
        "You have claimed benefit for this already.",
        "您已就此申请过失业保险金。",
        "Já pediu o subsídio por este motivo.",
    )


def prepare(session: Session, visit: Visit) -> Draft:
    """What the citizen signs, once it is clear that they may claim."""
    return Draft(
        title=texts("Claim for unemployment benefit", "失业保险金申领", "Pedido de subsídio de desemprego"),
        statement=texts(
            "I am without work against my will and look for work. I claim unemployment benefit.",
            "本人非因本人意愿中断就业并有求职要求，申请领取失业保险金。",
            "Estou sem trabalho contra a minha vontade e procuro trabalho. Peço o subsídio de desemprego.",
        ),
        lines=_claimed(session, visit),
    )


def claim(session: Session, visit: Visit) -> Answer:
    """Put the claim before the officers."""
    lines = _claimed(session, visit)
    return Answer(
        title=texts("Thank you, we will look at it", "谢谢，我们会尽快审核", "Obrigado, vamos analisar o pedido"),
        fields=lines,
        case=NewCase(lines),
    )


def settle(session: Session, receipt: str, verdict: str, now: datetime) -> None:
    """What an officer said."""
    _close(session, receipt, State.GRANTED if verdict == GRANTED else State.REFUSED, now)


def withdraw(session: Session, receipt: str, now: datetime) -> None:
    """What its citizen took back; it can be claimed again."""
    _close(session, receipt, State.WITHDRAWN, now)


def _close(session: Session, receipt: str, state: State, now: datetime) -> None:
    waiting = update(UnemploymentClaim).where(
        UnemploymentClaim.receipt == receipt, UnemploymentClaim.state == State.OPEN
    )
    session.execute(waiting.values(state=state, decided_at=now))


def longest_benefit(months_paid: int) -> int:
    """Months of benefit at most. Raises PaidTooBriefly."""
    for least, benefit in LONGEST:
        if months_paid >= least:
            return benefit
    raise PaidTooBriefly


def _claimed(session: Session, visit: Visit) -> tuple[OutcomeField, ...]:
    document, reason = visit.visitor.told("document_number"), visit.input["reason"]
    paid, last = _paid(session, document)
    months = longest_benefit(paid)
    if last >= city_date(visit.now).replace(day=1):
        raise StillEmployed
    row = insert_into(session, UnemploymentClaim).values(
        receipt=visit.receipt,
        document_number=document,
        reason=reason,
        last_paid=last,
        months=months,
        state=State.OPEN,
        made_at=visit.now,
    )
    if session.scalars(row.on_conflict_do_nothing().returning(UnemploymentClaim.receipt)).one_or_none() is None:
        raise ClaimedAlready
    return (
        OutcomeField(label=texts("Identity document", "证件号码", "Documento de identificação"), value=document),
        OutcomeField(label=texts("Reason", "原因", "Motivo"), value=REASONS[reason]),
        OutcomeField(label=texts("Months paid in", "累计缴费月数", "Meses de contribuições"), value=str(paid)),
        OutcomeField(label=texts("Last month paid", "最后缴费月份", "Último mês pago"), value=f"{last:%Y-%m}"),
        OutcomeField(
            label=texts("Benefit at most, in months", "最长领取月数", "Subsídio, meses no máximo"), value=str(months)
        ),
    )


def _paid(session: Session, document: str) -> tuple[int, date]:
    mine = select(func.count(), func.max(Contribution.month)).where(Contribution.document_number == document)
    paid, last = session.execute(mine).one()
    if last is None:
        raise PaidTooBriefly
    return paid, last


UNEMPLOYMENT_CLAIM: Final = Service(
    ServiceDescription(
        code="unemployment-claim",
        titles=texts("Unemployment benefit", "失业保险金申领", "Subsídio de desemprego"),
        summaries=texts(
            "Claim benefit after you lost your work.",
            "失业后申请失业保险金。",
            "Peça o subsídio depois de perder o trabalho.",
        ),
        level=Level.SIGN,
        attributes=("document_number",),
        purposes=texts(
            "To find what was paid in for you.", "用于查询您的缴费记录。", "Para encontrar o que foi pago por si."
        ),
        input=form(reason=choice(texts("How did you lose your work?", "失业原因", "Como perdeu o trabalho?"), REASONS)),
    ),
    claim,
    prepare=prepare,
    verdicts=VERDICTS,
    settled=settle,
    withdrawn=withdraw,
)
