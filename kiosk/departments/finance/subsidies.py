"""How it stands with somebody's subsidies, and where they are paid to."""

from __future__ import annotations

from typing import Final

from sqlalchemy.orm import Session

from cardsvc.wire.levels import Level
from cardsvc.wire.manifest import OutcomeField, ResultKind, ServiceDescription
from kiosk.departments.contract.declaration import Answer, Service, Visit
from kiosk.departments.contract.money import yuan
from kiosk.departments.contract.texts import texts
from kiosk.departments.finance.models import Subsidy
from kiosk.departments.finance.payees import masked, payee_in_force
from kiosk.departments.finance.register import SCHEMES, STATES, due_to, subsidies_of

NOTHING: Final = texts(
    "No subsidy was asked for in your name", "没有您的补贴申请记录", "Não há pedidos de subsídio em seu nome"
)
NO_ACCOUNT: Final = texts("No bank account named yet", "尚未登记银行账户", "Conta bancária ainda não indicada")


def status(session: Session, visit: Visit) -> Answer:
    """What the register says about this person."""
    document = visit.visitor.told("document_number")
    subsidies = subsidies_of(session, document)
    if not subsidies:
        return Answer(title=NOTHING)
    due = OutcomeField(
        label=texts("Waiting to be paid", "待发放金额", "Por pagar"),
        value=yuan(due_to(session, document)),
        prominent=True,
    )
    payee = payee_in_force(session, visit.visitor.pseudonym)
    account = OutcomeField(
        label=texts("Paid to", "收款账户", "Pago para"), value=NO_ACCOUNT if payee is None else masked(payee)
    )
    return Answer(
        title=texts("Your subsidies", "您的补贴", "Os seus subsídios"), fields=(due, *map(_line, subsidies), account)
    )


def _line(subsidy: Subsidy) -> OutcomeField:
    label = {language: f"{title} · {subsidy.year}" for language, title in SCHEMES[subsidy.scheme].items()}
    day = "" if subsidy.paid_on is None else f" · {subsidy.paid_on.isoformat()}"
    amount = yuan(subsidy.amount_fen)
    said = {language: f"{word} · {amount}{day}" for language, word in STATES[subsidy.state].items()}
    return OutcomeField(label=label, value=said)


SUBSIDY_STATUS: Final = Service(
    ServiceDescription(
        code="subsidy-status",
        titles=texts("My subsidies", "我的补贴", "Os meus subsídios"),
        summaries=texts(
            "See what was granted to you, what was paid and what is still to come.",
            "查询补贴的审批和发放情况。",
            "Veja o que lhe foi concedido, o que foi pago e o que falta pagar.",
        ),
        level=Level.PIN,
        attributes=("document_number",),
        purposes=texts(
            "To find you in the register of subsidies.",
            "用于查询您的补贴登记。",
            "Para o encontrar no registo de subsídios.",
        ),
        result=ResultKind.INFORMATION,
    ),
    status,
    confirm_online=True,
)
