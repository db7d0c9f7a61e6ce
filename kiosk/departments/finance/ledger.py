"""The ledger of the city purse: double entry, and no purse pays what it does not hold."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from sqlalchemy import func, insert, select
from sqlalchemy.orm import Session

from kiosk.departments.contract.money import yuan
from kiosk.departments.contract.refusals import IdempotencyKeyReused, ServiceRefused
from kiosk.departments.contract.storage import insert_into, new_id
from kiosk.departments.contract.texts import texts
from kiosk.departments.finance.models import Account, Booking, Entry

MOST_IN_A_PURSE: Final = 5_000_00
"""Fen: a lost card and a guessed PIN cost no more."""
VOUCHERS: Final = "fund:vouchers"
BANKS: Final = "fund:banks"
"""Out of which what people top up comes: what the banks owe the city, until they have paid."""
FEES: Final = "fund:fees"
FUNDS_SINCE: Final = datetime(2025, 12, 31, 16, 0, tzinfo=UTC)
"""The first moment of 2026 in the city."""


class PurseTooSmall(ServiceRefused):
    """Raised when a purse does not hold what is to be paid."""

    code = "purse-too-small"
    title = "The purse does not hold enough"
    message = texts(
        "There is not enough in your purse for this. Please top it up first.",
        "您的钱包余额不足，请先充值。",
        "Não há saldo suficiente na sua carteira. Carregue-a primeiro, por favor.",
    )


class PurseTooFull(ServiceRefused):
    """Raised when a purse would hold more than purses may."""

    code = "purse-too-full"
    title = "The purse would hold too much"
    message = texts(
        f"A purse holds {yuan(MOST_IN_A_PURSE)} at most.",
        f"钱包余额上限为{yuan(MOST_IN_A_PURSE)}。",
        f"Uma carteira guarda {yuan(MOST_IN_A_PURSE)} no máximo.",
    )


class BooksWrong(Exception):
    """Raised when the balance of an account is not what its entries add up to. Somebody must look into it."""


@dataclass(frozen=True, slots=True)
class Movement:
    """Money that is to go into a purse, or out of it."""

    gain_fen: int
    """What the purse gains, negative where it pays."""
    fund: str
    """The city's account on the other side."""
    purpose: str
    subject: str
    key: str


@dataclass(frozen=True, slots=True)
class Statement:
    """What a purse holds, and what moved last, the newest first."""

    balance_fen: int
    movements: Sequence[tuple[Booking, int]]
    """Each with what the purse gained."""


def purse_of(session: Session, pseudonym: str, now: datetime) -> Account:
    """The purse of this person, opened when it is asked for the first time; it stays locked until the commit."""
    _open(session, owner=pseudonym, least_fen=0, most_fen=MOST_IN_A_PURSE, opened_at=now)
    return _locked(session, pseudonym)


def seed_funds(session: Session) -> None:
    """Open the city's own accounts, which may owe, where they are not there yet."""
    for name in (VOUCHERS, BANKS, FEES):
        _open(session, owner=name, opened_at=FUNDS_SINCE)


def book(session: Session, purse: Account, movement: Movement, now: datetime) -> Booking:
    """Move money, once for a key: the same again gives the booking of the first time. The purse is locked.

    Raises:
        IdempotencyKeyReused: the key was booked for something else.
        PurseTooSmall, PurseTooFull: nothing was booked.
    """
    booked = session.scalars(select(Booking).where(Booking.purse_id == purse.id, Booking.key == movement.key)).first()
    if booked is not None:
        return _same(session, booked, purse, movement)
    after = purse.balance_fen + movement.gain_fen
    if purse.least_fen is not None and after < purse.least_fen:
        raise PurseTooSmall
    if purse.most_fen is not None and after > purse.most_fen:
        raise PurseTooFull
    return _write(session, purse, _locked(session, movement.fund), movement, now)


def statement(session: Session, purse: Account, most: int) -> Statement:
    """What the purse holds by its entries. Raises BooksWrong when its balance says otherwise."""
    held = int(session.scalar(select(func.sum(Entry.amount_fen)).where(Entry.account_id == purse.id)) or 0)
    if held != purse.balance_fen:
        raise BooksWrong(f"account {purse.id} holds {purse.balance_fen} fen, its entries add up to {held}")
    moved = select(Booking, Entry.amount_fen).join(Entry).where(Entry.account_id == purse.id)
    rows = session.execute(moved.order_by(Booking.booked_at.desc(), Booking.id.desc()).limit(most))
    return Statement(held, [(booking, gained) for booking, gained in rows])


def _open(session: Session, **row: object) -> None:
    opened = insert_into(session, Account).values(id=new_id(), balance_fen=0, **row)
    session.execute(opened.on_conflict_do_nothing(index_elements=[Account.owner]))


def _locked(session: Session, owner: str) -> Account:
    # The lock makes one wait for the other where two pay out of one purse; what was read before it is read again.
    wanted = select(Account).where(Account.owner == owner).with_for_update()
    return session.scalars(wanted.execution_options(populate_existing=True)).one()


def _same(session: Session, booked: Booking, purse: Account, movement: Movement) -> Booking:
    gained = session.scalars(
        select(Entry.amount_fen).where(Entry.booking_id == booked.id, Entry.account_id == purse.id)
    ).one()
    if (booked.purpose, booked.subject, gained) != (movement.purpose, movement.subject, movement.gain_fen):
        raise IdempotencyKeyReused
    return booked


def _write(session: Session, purse: Account, fund: Account, movement: Movement, now: datetime) -> Booking:
    booking = Booking(
        id=new_id(),
        purse_id=purse.id,
        key=movement.key,
        purpose=movement.purpose,
        subject=movement.subject,
        booked_at=now,
    )
    session.add(booking)
    session.flush()
    sides = ((purse, movement.gain_fen), (fund, -movement.gain_fen))
    entries = [
        {"booking_id": booking.id, "account_id": account.id, "amount_fen": gain, "opposite_fen": -gain}
        for account, gain in sides
    ]
    session.execute(insert(Entry).values(entries))  # one statement: neither side is taken without the other
    for account, gain in sides:
        account.balance_fen += gain
    session.flush()
    return booking
