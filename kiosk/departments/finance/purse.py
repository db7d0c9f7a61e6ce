"""The city purse: what it holds, the voucher that the city puts in once a year, topping it up."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime
from typing import Final

from sqlalchemy.orm import Session

from cardsvc.wire.levels import Level
from cardsvc.wire.manifest import OutcomeField, ResultKind, ServiceDescription, Texts
from kiosk.departments.contract.clock import city_date
from kiosk.departments.contract.declaration import Answer, Service, Visit
from kiosk.departments.contract.money import yuan
from kiosk.departments.contract.refusals import ServiceRefused
from kiosk.departments.contract.texts import texts
from kiosk.departments.finance.fees import KINDS
from kiosk.departments.finance.ledger import (
    BANKS,
    VOUCHERS,
    Movement,
    PurseTooFull,
    book,
    purse_of,
    statement,
)
from kiosk.departments.finance.models import Account, Booking
from kiosk.departments.finance.payees import payee_in_force

VOUCHER: Final = 100_00
"""Fen that the city gives each resident for a calendar year, when they first ask in that year."""
MOVEMENTS: Final = 10
"""So many are shown."""
PURPOSES: Final[Mapping[str, Texts]] = {
    "voucher": texts("Resident's voucher", "居民消费券", "Vale do residente"),
    "top-up": texts("Top-up", "充值", "Carregamento"),
    "top-up-back": texts("Top-up paid back", "充值退款", "Devolução de carregamento"),
    "fee-back": texts("Fee paid back", "费用退款", "Devolução de taxa"),
    **KINDS,
}


class NoPayee(ServiceRefused):
    """Raised when money is to be collected, and nobody knows from which account."""

    code = "no-payee"
    title = "No bank account is in force"
    message = texts(
        "No bank account of yours is in force. Please name one, or wait until we have looked at the one you named.",
        "您没有已生效的银行账户。请先登记，或等待已登记账户审核完成。",
        "Não tem nenhuma conta bancária em vigor. Indique uma ou espere que verifiquemos a que indicou.",
    )


def balance(session: Session, visit: Visit) -> Answer:
    """Put in this year's voucher where that is still to be done, and say what the purse holds and what moved."""
    purse = _purse_with_voucher(session, visit.visitor.pseudonym, visit.now)
    said = statement(session, purse, MOVEMENTS)
    held = OutcomeField(label=texts("Balance", "余额", "Saldo"), value=yuan(said.balance_fen), prominent=True)
    return Answer(
        title=texts("Your city purse", "您的城市钱包", "A sua carteira da cidade"),
        fields=(held, *(_line(booking, gained) for booking, gained in said.movements)),
    )


def top_up(session: Session, pseudonym: str, amount_fen: int, key: str, now: datetime) -> Booking:
    """Put money into a purse, to be collected from the account its owner named; once for a key.

    Raises:
        NoPayee: no account is in force.
        PurseTooFull: it would hold too much.
        IdempotencyKeyReused: the key was used for something else.
    """
    if amount_fen <= 0:
        raise ValueError("what is topped up is more than nothing")
    purse = purse_of(session, pseudonym, now)
    account = payee_in_force(session, pseudonym)
    if account is None:
        raise NoPayee
    return book(session, purse, Movement(amount_fen, BANKS, "top-up", account.receipt, key), now)


def held_after_voucher(session: Session, pseudonym: str, now: datetime) -> int:
    """What somebody's purse holds, in fen, with this year's voucher."""
    return _purse_with_voucher(session, pseudonym, now).balance_fen


def _purse_with_voucher(session: Session, pseudonym: str, now: datetime) -> Account:
    purse = purse_of(session, pseudonym, now)
    with suppress(PurseTooFull):  # it is put in when there is room again
        _give_voucher(session, purse, now)
    return purse


def _give_voucher(session: Session, purse: Account, now: datetime) -> None:
    year = str(city_date(now).year)
    book(session, purse, Movement(VOUCHER, VOUCHERS, "voucher", year, f"voucher {year}"), now)


def _line(booking: Booking, gained: int) -> OutcomeField:
    day = city_date(booking.booked_at).isoformat()
    purpose = PURPOSES[booking.purpose]
    label = {language: f"{day} · {word}" for language, word in purpose.items()}
    return OutcomeField(label=label, value=f"{'+' if gained > 0 else ''}{yuan(gained)}")


PURSE_BALANCE: Final = Service(
    ServiceDescription(
        code="purse-balance",
        titles=texts("City purse", "城市钱包", "Carteira da cidade"),
        summaries=texts(
            "See what your purse holds and what moved last.",
            "查询您的钱包余额和最近的收支。",
            "Veja o saldo da sua carteira e os últimos movimentos.",
        ),
        level=Level.PIN,
        result=ResultKind.INFORMATION,
    ),
    balance,
    confirm_online=True,
)
