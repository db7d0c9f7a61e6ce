"""Money from the bank at the kiosk: the account that the city pays to, and topping up the purse from it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from sqlalchemy.orm import Session

from cardsvc.wire.levels import Level
from cardsvc.wire.manifest import OutcomeField, ServiceDescription, Texts
from kiosk.departments.contract.declaration import Answer, Draft, NewCase, Service, Visit
from kiosk.departments.contract.forms import choice, digits, form, number
from kiosk.departments.contract.money import yuan
from kiosk.departments.contract.texts import texts
from kiosk.departments.finance.ledger import MOST_IN_A_PURSE
from kiosk.departments.finance.models import Payee
from kiosk.departments.finance.payees import (
    BANKS,
    BankAccount,
    Owner,
    State,
    decide_payee,
    masked,
    name_payee,
    payee_in_force,
    withdraw_payee,
)
from kiosk.departments.finance.purse import NoPayee, held_after_voucher, top_up

GRANTED: Final = "granted"
VERDICTS: Final[Mapping[str, Texts]] = {
    GRANTED: texts(
        "We pay to this account from now on.", "今后将向该账户付款。", "A partir de agora pagamos para esta conta."
    ),
    "refused": texts(
        "We keep to the account before. Please ask at the counter.",
        "仍使用原账户，请到服务台咨询。",
        "Mantemos a conta anterior. Pergunte no balcão, por favor.",
    ),
}
_ACCOUNT: Final = texts("Account", "账户", "Conta")
_AMOUNT: Final = texts("Amount", "金额", "Montante")


def prepare_payee(session: Session, visit: Visit) -> Draft:
    """What the citizen signs: the whole number, so that a mistake is seen."""
    named = _named(session, visit)
    return Draft(
        title=texts("Account for payments of the city", "收款账户登记", "Conta para pagamentos da cidade"),
        statement=texts(
            "The city is to pay what I am due to this account, which is mine.",
            "请将应付本人的款项汇入以下本人账户。",
            "A cidade deve pagar o que me é devido para esta conta, que é minha.",
        ),
        lines=(
            OutcomeField(label=texts("Bank", "银行", "Banco"), value=BANKS[named.bank]),
            OutcomeField(label=_ACCOUNT, value=named.number),
        ),
    )


def payee(session: Session, visit: Visit) -> Answer:
    """Write the account down; an officer looks at it where much money waits to be paid."""
    named = _named(session, visit)
    said = OutcomeField(label=_ACCOUNT, value=masked(named), prominent=True)
    if named.state == State.IN_FORCE:
        return Answer(title=VERDICTS[GRANTED], fields=(said,))
    document = OutcomeField(
        label=texts("Identity document", "证件号码", "Documento de identificação"), value=named.document_number
    )
    opened = NewCase((document, said)) if named.receipt == visit.receipt else None
    return Answer(
        title=texts(
            "Thank you. An officer looks at it first",
            "谢谢，账户需先经工作人员审核",
            "Obrigado. Um funcionário verifica primeiro",
        ),
        fields=(said,),
        case=opened,
    )


def settle_payee(session: Session, receipt: str, verdict: str, now: datetime) -> None:
    """What an officer said."""
    decide_payee(session, receipt, granted=verdict == GRANTED, now=now)


def prepare_top_up(session: Session, visit: Visit) -> Draft:
    """What the citizen signs, once it is clear that the purse has room for it."""
    return Draft(
        title=texts("Top-up of the city purse", "城市钱包充值授权", "Carregamento da carteira da cidade"),
        statement=texts(
            "The city may collect this amount from my account, once, and put it into my purse.",
            "本人授权从本人账户一次性扣款并存入本人的城市钱包。",
            "A cidade pode cobrar este montante da minha conta, uma vez, e pô-lo na minha carteira.",
        ),
        lines=_topped_up(session, visit),
    )


def put_in(session: Session, visit: Visit) -> Answer:
    """Put it in."""
    lines = _topped_up(session, visit)
    held = yuan(held_after_voucher(session, visit.visitor.pseudonym, visit.now))
    balance = OutcomeField(label=texts("Balance", "余额", "Saldo"), value=held, prominent=True)
    return Answer(
        title=texts("Your purse is topped up", "充值成功", "A sua carteira está carregada"), fields=(balance, *lines)
    )


def _named(session: Session, visit: Visit) -> Payee:
    owner = Owner(visit.receipt, visit.visitor.pseudonym, visit.visitor.told("document_number"))
    return name_payee(session, owner, BankAccount(visit.input["bank"], visit.input["number"]), visit.now)


def _topped_up(session: Session, visit: Visit) -> tuple[OutcomeField, ...]:
    pseudonym, amount = visit.visitor.pseudonym, int(visit.input["yuan"]) * 100
    top_up(session, pseudonym, amount, visit.receipt, visit.now)
    account = payee_in_force(session, pseudonym)
    if account is None:
        raise NoPayee
    return (
        OutcomeField(label=_AMOUNT, value=yuan(amount)),
        OutcomeField(label=texts("From", "付款账户", "Da conta"), value=masked(account)),
    )


PAYEE_ACCOUNT: Final = Service(
    ServiceDescription(
        code="payee-account",
        titles=texts("Account for payments", "收款账户", "Conta para pagamentos"),
        summaries=texts(
            "Name the bank account that the city pays to.",
            "登记接收政府款项的银行账户。",
            "Indique a conta bancária para onde a cidade paga.",
        ),
        level=Level.SIGN,
        attributes=("document_number",),
        purposes=texts(
            "To find what the city owes you: where it is much, an officer looks at a new account first.",
            "用于查询应付给您的款项；金额较大时，新账户需先经审核。",
            "Para ver o que a cidade lhe deve: se for muito, um funcionário verifica primeiro a conta nova.",
        ),
        input=form(
            bank=choice(texts("Which bank?", "哪家银行？", "Que banco?"), BANKS),
            number=digits(
                texts("Number of the bank card", "银行卡号", "Número do cartão bancário"),
                texts("19 digits, on the card", "卡面上的19位数字", "19 algarismos, no cartão"),
                length=19,
                example="6217001234567890122",
            ),
        ),
    ),
    payee,
    prepare=prepare_payee,
    verdicts=VERDICTS,
    settled=settle_payee,
    withdrawn=withdraw_payee,
)

TOP_UP: Final = Service(
    ServiceDescription(
        code="top-up",
        titles=texts("Top up your purse", "钱包充值", "Carregar a carteira"),
        summaries=texts(
            "Put money from your bank account into your city purse.",
            "从您的银行账户向城市钱包充值。",
            "Ponha dinheiro da sua conta bancária na carteira da cidade.",
        ),
        level=Level.SIGN,
        input=form(
            yuan=number(
                texts("How much, in yuan?", "充值金额（元）", "Quanto, em yuans?"),
                texts("Whole yuan", "整数金额", "Yuans inteiros"),
                least=1,
                most=MOST_IN_A_PURSE // 100,
            )
        ),
    ),
    put_in,
    prepare=prepare_top_up,
)
