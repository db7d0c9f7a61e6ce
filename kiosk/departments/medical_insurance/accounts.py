"""The balance of the personal account, into which the fund pays once a year."""

from __future__ import annotations

from typing import Final

from sqlalchemy.orm import Session

from cardsvc.wire.levels import Level
from cardsvc.wire.manifest import OutcomeField, ResultKind, ServiceDescription
from kiosk.departments.contract.clock import city_date
from kiosk.departments.contract.declaration import Answer, Service, Visit
from kiosk.departments.contract.money import yuan
from kiosk.departments.contract.texts import texts
from kiosk.departments.medical_insurance.ledger import FUND, account_of, balance_of, transfer
from kiosk.departments.medical_insurance.models import Account

ANNUAL_CONTRIBUTION: Final = 150_00
"""Fen that the fund pays into each account for a calendar year, when its owner first asks in that year."""


def balance(session: Session, visit: Visit) -> Answer:
    """Pay in this year's contribution where that is still to be done, and say what the account holds."""
    account = account_of(session, visit.visitor.pseudonym, visit.now)
    _pay_contribution(session, visit, account)
    day = city_date(visit.now)
    return Answer(
        title=texts("Your personal account", "您的个人账户", "A sua conta pessoal"),
        fields=(
            OutcomeField(
                label=texts("Balance", "余额", "Saldo"), value=yuan(balance_of(session, account)), prominent=True
            ),
            OutcomeField(label=texts("As of", "截至", "À data de"), value=day.isoformat()),
        ),
    )


def _pay_contribution(session: Session, visit: Visit, account: Account) -> None:
    year = city_date(visit.now).year
    transfer(
        session,
        payer=account_of(session, FUND, visit.now),
        payee=account,
        amount=ANNUAL_CONTRIBUTION,
        reference=f"contribution {year} {account.id}",
        now=visit.now,
    )


BALANCE: Final = Service(
    ServiceDescription(
        code="balance",
        titles=texts("Account balance", "账户余额", "Saldo da conta"),
        summaries=texts(
            "See what your personal medical account holds.",
            "查询您的医保个人账户余额。",
            "Consulte o saldo da sua conta pessoal de saúde.",
        ),
        level=Level.PIN,
        result=ResultKind.INFORMATION,
    ),
    balance,
    confirm_online=True,
)
