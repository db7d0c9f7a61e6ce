"""The books of the housing fund: double entry, and nobody's account pays what it does not hold.

A withdrawal that waits for an officer is out of its owner's account already, in the fund's own keeping: so the same
money is not asked for twice.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from kiosk.departments.contract.refusals import ServiceRefused
from kiosk.departments.contract.storage import insert_into
from kiosk.departments.contract.texts import texts
from kiosk.departments.real_estate.models import FundAccount, FundTransfer

EMPLOYERS: Final = "fund:employers"
BANKS: Final = "fund:banks"
WAITING: Final = "fund:waiting"
"""What waits for an officer."""
MAY_OWE: Final[Mapping[str, bool]] = {EMPLOYERS: True, BANKS: True, WAITING: False}
"""The fund's own accounts."""
SINCE: Final = datetime(2025, 12, 31, 16, 0, tzinfo=UTC)
"""The first moment of 2026 in the city."""
FIRST_BALANCES: Final[Mapping[str, int]] = {"M1234567": 86_400_00, "H7654321": 31_250_00}
"""What was paid in for whom before the department opened."""


class NoFundAccount(ServiceRefused):
    """Raised for whom nothing was ever paid in."""

    code = "no-fund-account"
    title = "There is no account of this person"
    message = texts(
        "We find no housing-fund account of yours. Please ask at the counter.",
        "未查询到您的住房公积金账户，请到服务台咨询。",
        "Não encontramos nenhuma conta sua no fundo de habitação. Pergunte no balcão, por favor.",
    )


class FundTooSmall(ServiceRefused):
    """Raised when an account does not hold what is to be paid out of it."""

    code = "fund-too-small"
    title = "The account does not hold enough"
    message = texts(
        "There is not so much in your housing-fund account.",
        "您的住房公积金账户余额不足。",
        "Não há tanto na sua conta do fundo de habitação.",
    )


class BooksWrong(Exception):
    """Raised when the balance of an account is not what its transfers add up to. Somebody must look into it."""


def account_of(session: Session, document: str) -> FundAccount:
    """This person's account, locked until the commit. Raises NoFundAccount, BooksWrong."""
    account = _locked(session, document)
    if account is None:
        raise NoFundAccount
    held = _sum(session, FundTransfer.payee == document) - _sum(session, FundTransfer.payer == document)
    if held != account.balance_fen:
        raise BooksWrong(f"the account holds {account.balance_fen} fen, its transfers add up to {held}")
    return account


def transfer(session: Session, key: str, payer: str, payee: str, amount_fen: int, *, now: datetime) -> None:
    """Move money, once for a key. Raises FundTooSmall."""
    row = insert_into(session, FundTransfer).values(
        key=key, payer=payer, payee=payee, amount_fen=amount_fen, booked_at=now
    )
    # Always in the order of their names, so that two transfers never wait for each other.
    accounts = {owner: _locked(session, owner) for owner in sorted((payer, payee))}
    source, target = accounts[payer], accounts[payee]
    if source is None or target is None:
        raise ValueError("both accounts must be there")
    if not source.may_owe and source.balance_fen < amount_fen:
        raise FundTooSmall
    if session.scalars(row.on_conflict_do_nothing().returning(FundTransfer.key)).one_or_none() is None:
        return
    source.balance_fen -= amount_fen
    target.balance_fen += amount_fen
    session.flush()


def seed_fund(session: Session) -> None:
    """Open the fund's own accounts and the first people's, where they are not there yet."""
    for owner, may_owe in {**MAY_OWE, **dict.fromkeys(FIRST_BALANCES, False)}.items():
        account = insert_into(session, FundAccount).values(owner=owner, balance_fen=0, may_owe=may_owe)
        session.execute(account.on_conflict_do_nothing(index_elements=[FundAccount.owner]))
    for owner, paid_in in FIRST_BALANCES.items():
        transfer(session, f"paid-in-before:{owner}", EMPLOYERS, owner, paid_in, now=SINCE)


def _locked(session: Session, owner: str) -> FundAccount | None:
    return session.get(FundAccount, owner, with_for_update=True, populate_existing=True)


def _sum(session: Session, side: ColumnElement[bool]) -> int:
    return int(session.scalar(select(func.sum(FundTransfer.amount_fen)).where(side)) or 0)
