"""The bank account to which the city pays. A new one is put before an officer when much money waits to be paid.

Whoever has somebody's card and PIN could else send a year's subsidies to an account of their own.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Final

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from cardsvc.wire.manifest import Texts
from kiosk.departments.contract.luhn import check_digit_is_right
from kiosk.departments.contract.refusals import ServiceRefused
from kiosk.departments.contract.texts import texts
from kiosk.departments.finance.ledger import purse_of
from kiosk.departments.finance.models import Payee
from kiosk.departments.finance.register import due_to

MUCH: Final = 5_000_00
"""Fen: with so much waiting to be paid, an officer looks at a new account before it counts."""
BANKS: Final[Mapping[str, Texts]] = {
    "icbc": texts("ICBC", "中国工商银行", "ICBC"),
    "boc": texts("Bank of China", "中国银行", "Banco da China"),
    "ccb": texts("China Construction Bank", "中国建设银行", "Banco de Construção da China"),
    "cmb": texts("China Merchants Bank", "招商银行", "Banco Mercantil da China"),
}


@dataclass(frozen=True, slots=True)
class BankAccount:
    """An account as its owner names it."""

    bank: str
    """One of `BANKS`."""
    number: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Owner:
    """Who names an account, under which receipt."""

    receipt: str
    pseudonym: str = field(repr=False)
    document_number: str = field(repr=False)


class State(StrEnum):
    """How it stands with an account that somebody named."""

    WAITING = "waiting"
    """An officer has to look at it; until then the one before stays in force."""
    IN_FORCE = "in-force"
    REFUSED = "refused"
    REPLACED = "replaced"
    WITHDRAWN = "withdrawn"


class PayeeMisread(ServiceRefused):
    """Raised when the check digit of a bank account is wrong."""

    code = "payee-misread"
    title = "The check digit of the account is wrong"
    message = texts(
        "That account number is not quite right. Please compare it with your bank card.",
        "银行账号有误，请对照银行卡核对。",
        "Esse número de conta não está certo. Compare-o com o seu cartão bancário, por favor.",
    )


class PayeeWaiting(ServiceRefused):
    """Raised when an account that was named before still waits for an officer."""

    code = "payee-waiting"
    title = "Another change still waits for an officer"
    message = texts(
        "We are still looking at the account you gave us before.",
        "您之前提交的账户变更仍在审核中。",
        "Ainda estamos a verificar a conta que nos indicou antes.",
    )


def name_payee(session: Session, owner: Owner, account: BankAccount, now: datetime) -> Payee:
    """Name the account to pay to. It is in force at once, or waits for an officer; the same again changes nothing.

    Raises:
        PayeeMisread: the number cannot be right.
        PayeeWaiting: another one is still being looked at.
    """
    if not check_digit_is_right(account.number):
        raise PayeeMisread
    purse_of(session, owner.pseudonym, now)  # locked: two who name an account for one person do so one after the other
    before, waiting = _one(session, owner.pseudonym, State.IN_FORCE), _one(session, owner.pseudonym, State.WAITING)
    for known in (waiting, before):
        if known is not None and BankAccount(known.bank, known.number) == account:
            return known
    if waiting is not None:
        raise PayeeWaiting
    named = Payee(
        receipt=owner.receipt,
        pseudonym=owner.pseudonym,
        document_number=owner.document_number,
        bank=account.bank,
        number=account.number,
        state=State.WAITING,
        named_at=now,
    )
    session.add(named)
    if due_to(session, owner.document_number) < MUCH:
        _put_in_force(session, named)
    session.flush()
    return named


def decide_payee(session: Session, receipt: str, *, granted: bool, now: datetime) -> None:
    """What an officer says about an account that waits; nothing when it was decided before."""
    named = session.scalars(select(Payee).where(Payee.receipt == receipt)).one()
    purse_of(session, named.pseudonym, now)
    session.refresh(named)
    if named.state != State.WAITING:
        return
    if granted:
        _put_in_force(session, named)
    else:
        named.state = State.REFUSED
    session.flush()


def withdraw_payee(session: Session, receipt: str, _now: datetime) -> None:
    """What its owner took back before an officer looked at it."""
    waiting = update(Payee).where(Payee.receipt == receipt, Payee.state == State.WAITING)
    session.execute(waiting.values(state=State.WITHDRAWN))


def payee_in_force(session: Session, pseudonym: str) -> Payee | None:
    """Where money goes and top-ups come from."""
    return _one(session, pseudonym, State.IN_FORCE)


def masked(payee: Payee) -> Texts:
    """The account as it is shown: its bank, and the end of its number."""
    return {language: f"{bank} ···· {payee.number[-4:]}" for language, bank in BANKS[payee.bank].items()}


def _one(session: Session, pseudonym: str, state: State) -> Payee | None:
    return session.scalars(select(Payee).where(Payee.pseudonym == pseudonym, Payee.state == state)).one_or_none()


def _put_in_force(session: Session, named: Payee) -> None:
    before = _one(session, named.pseudonym, State.IN_FORCE)
    if before is not None:
        before.state = State.REPLACED
        session.flush()  # before the new one: the table has room for one in force
    named.state = State.IN_FORCE
