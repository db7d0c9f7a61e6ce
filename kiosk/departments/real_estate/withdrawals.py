"""Taking money out of the housing fund: for what, how much, and what proves it.

The reasons are those of the Regulations on the Administration of Housing Provident Funds, article 24. What the land
register can say it is asked: who bought a home, who has none.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Final

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from kiosk.departments.contract.clock import city_date
from kiosk.departments.contract.luhn import check_digit_is_right
from kiosk.departments.contract.money import yuan
from kiosk.departments.contract.refusals import ServiceRefused
from kiosk.departments.contract.storage import insert_into
from kiosk.departments.contract.texts import texts
from kiosk.departments.real_estate.fund import BANKS, WAITING, account_of, transfer
from kiosk.departments.real_estate.models import Title, Withdrawal

BOUGHT_WITHIN: Final = timedelta(days=365)
RENT_MOST: Final = 6_000_00
"""Fen, for three months."""


class State(StrEnum):
    """How it stands with a withdrawal."""

    OPEN = "open"
    PAID = "paid"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"


class HomeNotBought(ServiceRefused):
    """Raised when the land register shows no such home of theirs, bought within the year."""

    code = "home-not-bought"
    title = "The land register shows no such home of this person, bought within a year"
    message = texts(
        "We find no home of this number that you bought within a year. The number stands on the title.",
        "未查询到您一年内购买的该编号房屋，编号见产权证。",
        "Não encontramos uma habitação com este número comprada por si há menos de um ano. O número está no título.",
    )


class NoHome(ServiceRefused):
    """Raised when somebody repays a loan for a home, and the land register shows none of theirs."""

    code = "no-home"
    title = "The land register shows no home of this person"
    message = texts(
        "We find no home in your name. Please ask at the counter.",
        "未查询到您名下的房屋，请到服务台咨询。",
        "Não encontramos nenhuma habitação em seu nome. Pergunte no balcão, por favor.",
    )


class HasHome(ServiceRefused):
    """Raised when somebody pays rent, and the land register shows a home of theirs."""

    code = "has-home"
    title = "The land register shows a home of this person"
    message = texts(
        "Money for rent is for those who own no home here, and the land register shows one of yours.",
        "租房提取仅限本市无房者，而您名下有房屋登记。",
        "O dinheiro para a renda é para quem não tem habitação aqui, e o registo predial mostra uma sua.",
    )


class RentTooMuch(ServiceRefused):
    """Raised when more is wanted for rent than there is for it."""

    code = "rent-too-much"
    title = "More is wanted for rent than there is for it"
    message = texts(
        f"For rent there is {yuan(RENT_MOST)} at most, for three months.",
        f"租房提取每三个月最多{yuan(RENT_MOST)}。",
        f"Para a renda há no máximo {yuan(RENT_MOST)}, para três meses.",
    )


class NotRetired(ServiceRefused):
    """Raised when somebody is too young to be retired."""

    code = "not-retired"
    title = "This person is too young to be retired"
    message = texts(
        "This is for those who have retired. Please ask at the counter.",
        "此项仅限已退休人员，请到服务台咨询。",
        "Isto é para quem já se reformou. Pergunte no balcão, por favor.",
    )


class WithdrawnLately(ServiceRefused):
    """Raised when money was taken out for this not long ago."""

    code = "withdrawn-lately"
    title = "Money was taken out for this not long ago"
    message = texts(
        "You took money out for this not long ago. Please come again later.",
        "您近期已就此提取过，请稍后再办理。",
        "Levantou dinheiro para isto há pouco tempo. Volte mais tarde, por favor.",
    )


class WithdrawalWaits(ServiceRefused):
    """Raised when another withdrawal of theirs waits for an officer."""

    code = "withdrawal-waits"
    title = "Another withdrawal of this person waits for an officer"
    message = texts(
        "You have asked for money already, and we are working on it.",
        "您已提交提取申请，正在办理中。",
        "Já pediu dinheiro e estamos a tratar do pedido.",
    )


class BankCardMisread(ServiceRefused):
    """Raised when the check digit of the bank card is wrong."""

    code = "bank-card-misread"
    title = "The check digit of the bank card is wrong"
    message = texts(
        "The number of the bank card is not quite right. Please compare it with the card.",
        "银行卡号有误，请核对卡面号码。",
        "O número do cartão bancário não está certo. Compare-o com o cartão, por favor.",
    )


@dataclass(frozen=True, slots=True)
class Wanted:
    """What somebody wants out of the fund."""

    receipt: str
    owner: str = field(repr=False)
    reason: str
    """One of `REASONS`."""
    paper: str = field(repr=False)
    amount_fen: int
    bank_card: str = field(repr=False)
    of_age: Callable[[], bool]
    """Asked where the reason is retirement."""


def withdraw(session: Session, wanted: Wanted, now: datetime) -> None:
    """Put it in; the money waits in the fund's keeping.

    Raises:
        BankCardMisread, NoFundAccount, FundTooSmall: it cannot be paid.
        HomeNotBought, NoHome, HasHome, RentTooMuch, NotRetired: it is not for that.
        WithdrawnLately, WithdrawalWaits: it was asked for.
    """
    if not check_digit_is_right(wanted.bank_card):
        raise BankCardMisread
    account_of(session, wanted.owner)  # locked: two kiosks come one after the other
    rule = REASONS[wanted.reason]
    rule.check(session, wanted, city_date(now))
    if _taken_since(session, wanted, now - rule.once_in):
        raise WithdrawnLately
    row = insert_into(session, Withdrawal).values(
        receipt=wanted.receipt,
        owner=wanted.owner,
        reason=wanted.reason,
        paper=wanted.paper,
        amount_fen=wanted.amount_fen,
        bank_card=wanted.bank_card,
        state=State.OPEN,
        made_at=now,
    )
    if session.scalars(row.on_conflict_do_nothing().returning(Withdrawal.receipt)).one_or_none() is None:
        raise WithdrawalWaits
    transfer(session, f"{wanted.receipt}:asked", wanted.owner, WAITING, wanted.amount_fen, now=now)


def pay(session: Session, receipt: str, now: datetime) -> None:
    """Pay it out."""
    _close(session, receipt, State.PAID, BANKS, now)


def give_back(session: Session, receipt: str, now: datetime) -> None:
    """Refuse it: the money is its owner's again."""
    _close(session, receipt, State.REFUSED, None, now)


def take_back(session: Session, receipt: str, now: datetime) -> None:
    """What its owner does not want any more: the money is theirs again."""
    _close(session, receipt, State.WITHDRAWN, None, now)


def _close(session: Session, receipt: str, state: State, payee: str | None, now: datetime) -> None:
    waiting = update(Withdrawal).where(Withdrawal.receipt == receipt, Withdrawal.state == State.OPEN)
    closed = waiting.values(state=state, decided_at=now).returning(Withdrawal.owner, Withdrawal.amount_fen)
    owner, amount = session.execute(closed).one()
    transfer(session, f"{receipt}:{state}", WAITING, payee or owner, amount, now=now)


def _taken_since(session: Session, wanted: Wanted, since: datetime) -> bool:
    same = (Withdrawal.owner == wanted.owner, Withdrawal.reason == wanted.reason, Withdrawal.state == State.PAID)
    return (
        session.scalars(select(Withdrawal.receipt).where(*same, Withdrawal.made_at > since).limit(1)).first()
        is not None
    )


def _bought(session: Session, wanted: Wanted, today: date) -> None:
    mine = (Title.owner_document == wanted.owner, Title.until.is_(None), Title.property_number == wanted.paper)
    since = session.scalars(select(Title.since).where(*mine)).one_or_none()
    if since is None or not today - BOUGHT_WITHIN <= since <= today:
        raise HomeNotBought


def _repays(session: Session, wanted: Wanted, _today: date) -> None:
    if not _has_home(session, wanted.owner):
        raise NoHome


def _rents(session: Session, wanted: Wanted, _today: date) -> None:
    if _has_home(session, wanted.owner):
        raise HasHome
    if wanted.amount_fen > RENT_MOST:
        raise RentTooMuch


def _retired(_session: Session, wanted: Wanted, _today: date) -> None:
    if not wanted.of_age():
        raise NotRetired


def _has_home(session: Session, document: str) -> bool:
    mine = (Title.owner_document == document, Title.until.is_(None))
    return session.scalars(select(Title.id).where(*mine).limit(1)).first() is not None


@dataclass(frozen=True, slots=True)
class Rule:
    """What a reason takes."""

    check: Callable[[Session, Wanted, date], None]
    """Raises what speaks against it."""
    once_in: timedelta
    """It is paid once in so long."""


REASONS: Final[Mapping[str, Rule]] = {
    "purchase": Rule(_bought, BOUGHT_WITHIN),
    "loan": Rule(_repays, timedelta(days=365)),
    "rent": Rule(_rents, timedelta(days=90)),
    "retirement": Rule(_retired, timedelta(0)),
}
