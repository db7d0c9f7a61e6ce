"""Paying a fee at the kiosk: the citizen signs which, and how much, and it leaves the purse."""

from __future__ import annotations

from typing import Final

from sqlalchemy.orm import Session

from cardsvc.wire.levels import Level
from cardsvc.wire.manifest import OutcomeField, ServiceDescription
from kiosk.departments.contract.declaration import Answer, Draft, Service, Visit
from kiosk.departments.contract.forms import digits, form
from kiosk.departments.contract.money import yuan
from kiosk.departments.contract.texts import texts
from kiosk.departments.finance.fees import KINDS, fee_of, pay
from kiosk.departments.finance.models import Fee
from kiosk.departments.finance.purse import held_after_voucher

_NOTICE: Final = texts("Number of the notice", "缴费通知单号", "Número do aviso")
_NUMBER: Final = digits(
    _NOTICE,
    texts("12 digits, at the top of the notice", "12位数字，位于通知单上方", "12 algarismos, no topo do aviso"),
    length=12,
    example="802600000011",
)
_KIND: Final = texts("Fee", "费用", "Taxa")
_DUE: Final = texts("Due", "缴费期限", "Data-limite")
_AMOUNT: Final = texts("Amount", "金额", "Montante")
_LEFT: Final = texts("Left in your purse", "钱包余额", "Saldo da carteira")


def prepare(session: Session, visit: Visit) -> Draft:
    """What the citizen signs, once it is clear that it can be paid."""
    fee = _paid(session, visit)
    return Draft(
        title=texts("Payment of a fee", "缴费授权", "Pagamento de uma taxa"),
        statement=texts(
            "I pay this fee out of my city purse.",
            "本人同意从本人的城市钱包支付此项费用。",
            "Pago esta taxa com a minha carteira da cidade.",
        ),
        lines=(
            OutcomeField(label=_KIND, value=KINDS[fee.kind]),
            OutcomeField(label=_NOTICE, value=fee.number),
            OutcomeField(label=_DUE, value=fee.due.isoformat()),
            OutcomeField(label=_AMOUNT, value=yuan(fee.amount_fen)),
        ),
    )


def pay_fee(session: Session, visit: Visit) -> Answer:
    """Pay it."""
    fee = _paid(session, visit)
    left = held_after_voucher(session, visit.visitor.pseudonym, visit.now)
    return Answer(
        title=texts("Your fee is paid", "缴费成功", "A sua taxa está paga"),
        fields=(
            OutcomeField(label=_AMOUNT, value=yuan(fee.amount_fen), prominent=True),
            OutcomeField(label=_KIND, value=KINDS[fee.kind]),
            OutcomeField(label=_NOTICE, value=fee.number),
            OutcomeField(label=_LEFT, value=yuan(left)),
        ),
    )


def _paid(session: Session, visit: Visit) -> Fee:
    pseudonym, number = visit.visitor.pseudonym, str(visit.input["notice"])
    held_after_voucher(session, pseudonym, visit.now)  # this year's voucher may be what pays it
    pay(session, pseudonym, number, visit.receipt, visit.now)
    return fee_of(session, number)


PAY_FEE: Final = Service(
    ServiceDescription(
        code="pay-fee",
        titles=texts("Pay a fee", "缴费", "Pagar uma taxa"),
        summaries=texts(
            "Pay a fee of the city out of your purse, with the number of the notice.",
            "凭缴费通知单号，从您的城市钱包缴纳费用。",
            "Pague uma taxa da cidade com a sua carteira, com o número do aviso.",
        ),
        level=Level.SIGN,
        input=form(notice=_NUMBER),
    ),
    pay_fee,
    prepare=prepare,
)
