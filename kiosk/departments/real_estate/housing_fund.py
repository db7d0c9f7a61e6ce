"""Money out of the housing fund at the kiosk: the citizen signs how much, for what and to which account."""

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
from kiosk.departments.real_estate.fund import account_of
from kiosk.departments.real_estate.withdrawals import Wanted, give_back, pay, take_back, withdraw

MOST_YUAN: Final = 1_000_000
RETIRED_AT: Final = "age-at-least:60"
PAID: Final = "paid"
VERDICTS: Final[Mapping[str, Texts]] = {
    PAID: texts(
        "Agreed. The money is on its way to your bank.",
        "已批准，款项正汇往您的银行账户。",
        "Deferido. O dinheiro vai a caminho do seu banco.",
    ),
    "refused": texts(
        "We could not agree to it. The money is in your account again.",
        "申请未获批准，款项已退回您的公积金账户。",
        "Não foi possível deferir. O dinheiro está de novo na sua conta do fundo.",
    ),
}
REASONS: Final[Mapping[str, Texts]] = {
    "purchase": texts("I bought a home", "购买自住住房", "Comprei habitação"),
    "loan": texts("I repay a loan for my home", "偿还购房贷款", "Pago o empréstimo da minha habitação"),
    "rent": texts("I pay rent", "租房", "Pago renda"),
    "retirement": texts("I have retired", "退休", "Reformei-me"),
}
PAPERS: Final[Mapping[str, Texts]] = {
    "purchase": texts("Number of the home", "不动产编号", "Número da habitação"),
    "loan": texts("Loan contract", "贷款合同编号", "Contrato de empréstimo"),
    "rent": texts("Tenancy contract", "租赁合同编号", "Contrato de arrendamento"),
    "retirement": texts("Retirement certificate", "退休证编号", "Certificado de reforma"),
}
"""What proves each reason."""
_AMOUNT: Final = texts("Amount", "金额", "Montante")
_CARD: Final = texts("Bank card", "银行卡", "Cartão bancário")


def prepare(session: Session, visit: Visit) -> Draft:
    """What the citizen signs, once it is clear that it can be had."""
    return Draft(
        title=texts("Withdrawal from the housing fund", "住房公积金提取申请", "Levantamento do fundo de habitação"),
        statement=texts(
            "I ask for this amount out of my housing-fund account, to be paid to my bank card.",
            "本人申请从本人住房公积金账户提取以下金额，汇入本人银行卡。",
            "Peço este montante da minha conta do fundo de habitação, a pagar para o meu cartão bancário.",
        ),
        lines=_asked(session, visit),
    )


def ask(session: Session, visit: Visit) -> Answer:
    """Put it before the officers."""
    lines = _asked(session, visit)
    left = account_of(session, visit.visitor.told("document_number")).balance_fen
    balance = OutcomeField(label=texts("Left in the fund", "公积金余额", "Saldo no fundo"), value=yuan(left))
    return Answer(
        title=texts("Thank you, we will look at it", "谢谢，我们会尽快审核", "Obrigado, vamos analisar o pedido"),
        fields=(*lines, balance),
        case=NewCase(lines),
    )


def settle(session: Session, receipt: str, verdict: str, now: datetime) -> None:
    """What an officer said."""
    (pay if verdict == PAID else give_back)(session, receipt, now)


def _asked(session: Session, visit: Visit) -> tuple[OutcomeField, ...]:
    document, entered = visit.visitor.told("document_number"), visit.input
    wanted = Wanted(
        receipt=visit.receipt,
        owner=document,
        reason=entered["reason"],
        paper=entered["paper"],
        amount_fen=int(entered["yuan"]) * 100,
        bank_card=entered["bank_card"],
        of_age=lambda: visit.visitor.answered(RETIRED_AT),
    )
    withdraw(session, wanted, visit.now)
    return (
        OutcomeField(label=texts("Identity document", "证件号码", "Documento de identificação"), value=document),
        OutcomeField(label=texts("Reason", "原因", "Motivo"), value=REASONS[wanted.reason]),
        OutcomeField(label=PAPERS[wanted.reason], value=wanted.paper),
        OutcomeField(label=_AMOUNT, value=yuan(wanted.amount_fen), prominent=True),
        OutcomeField(label=_CARD, value=wanted.bank_card),
    )


_PAPER: Final = {
    "type": "string",
    "pattern": "^[A-Z0-9-]{5,30}$",
    "minLength": 5,
    "maxLength": 30,
    "examples": ["HQ-2019-004417"],
    "x-titles": texts("Number of the paper that proves it", "证明材料编号", "Número do documento que o prova"),
    "x-hints": texts(
        "The home's number, or that of the contract or certificate",
        "不动产编号、合同编号或证书编号",
        "O número da habitação, do contrato ou do certificado",
    ),
}

HOUSING_FUND: Final = Service(
    ServiceDescription(
        code="housing-fund-withdrawal",
        titles=texts("Housing fund", "住房公积金提取", "Fundo de habitação"),
        summaries=texts(
            "Take money out of your housing-fund account.",
            "提取您的住房公积金。",
            "Levante dinheiro da sua conta do fundo de habitação.",
        ),
        level=Level.SIGN,
        attributes=("document_number",),
        questions=(RETIRED_AT,),
        purposes=texts(
            "To find your account and your entries in the land register; your age only where you have retired.",
            "用于查询您的公积金账户和不动产登记；年龄仅用于退休提取。",
            "Para encontrar a sua conta e os seus registos prediais; a idade só se já se reformou.",
        ),
        input=form(
            reason=choice(texts("What is it for?", "提取原因", "Para que é?"), REASONS),
            paper=_PAPER,
            yuan=number(
                texts("How much, in yuan?", "提取金额（元）", "Quanto, em yuans?"),
                texts("Whole yuan", "整数金额", "Yuans inteiros"),
                least=1,
                most=MOST_YUAN,
            ),
            bank_card=digits(
                _CARD,
                texts("19 digits, on the card", "卡面上的19位数字", "19 algarismos, no cartão"),
                length=19,
                example="6217001234567890122",
            ),
        ),
    ),
    ask,
    prepare=prepare,
    verdicts=VERDICTS,
    settled=settle,
    withdrawn=take_back,
)
