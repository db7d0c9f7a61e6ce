"""The tables of finance."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    String,
    UniqueConstraint,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from kiosk.departments.contract.storage import TYPES, new_id, new_metadata


class Base(DeclarativeBase):
    """Base of all rows."""

    metadata = new_metadata()
    type_annotation_map = TYPES


class Account(Base):
    """An account of the ledger: somebody's purse, or one of the city's own. All amounts are in fen."""

    __tablename__ = "accounts"
    __table_args__ = (
        CheckConstraint("balance_fen >= least_fen", name="not_overdrawn"),
        CheckConstraint("balance_fen <= most_fen", name="not_overfull"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    owner: Mapped[str] = mapped_column(String(128), unique=True)
    """A pseudonym, or the name of a fund. No pseudonym has a colon."""
    balance_fen: Mapped[int] = mapped_column(BigInteger, default=0)
    """What its entries add up to: kept so that the database itself refuses to overdraw it."""
    least_fen: Mapped[int | None] = mapped_column(BigInteger)
    """What it must hold; empty where it may owe, as the accounts do out of which money enters the ledger."""
    most_fen: Mapped[int | None] = mapped_column(BigInteger)
    opened_at: Mapped[datetime]


class Booking(Base):
    """One movement of money into or out of a purse."""

    __tablename__ = "bookings"
    __table_args__ = (UniqueConstraint("purse_id", "key"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    purse_id: Mapped[UUID] = mapped_column(ForeignKey(Account.id))
    key: Mapped[str] = mapped_column(String(80))
    """Of the request, its receipt number for example: for one purse, it is booked once."""
    purpose: Mapped[str] = mapped_column(String(40))
    subject: Mapped[str] = mapped_column(String(40))
    """What it was for: the number of a fee notice, the year of a voucher."""
    booked_at: Mapped[datetime]


class Entry(Base):
    """One side of a booking: what an account gains, negative where it pays.

    An entry refers to its opposite in the same booking. The database takes neither without the other, so whoever
    writes to it, bookings add up to nothing.
    """

    __tablename__ = "entries"
    __table_args__ = (
        CheckConstraint("amount_fen <> 0", name="not_nothing"),
        CheckConstraint("opposite_fen = -amount_fen", name="opposite"),
        ForeignKeyConstraint(["booking_id", "opposite_fen"], ["entries.booking_id", "entries.amount_fen"]),
        UniqueConstraint("booking_id", "account_id"),
    )

    booking_id: Mapped[UUID] = mapped_column(ForeignKey(Booking.id), primary_key=True)
    amount_fen: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    opposite_fen: Mapped[int] = mapped_column(BigInteger)
    account_id: Mapped[UUID] = mapped_column(ForeignKey(Account.id), index=True)


class Fee(Base):
    """A fee that the city asks for by a notice. Whoever holds the notice may pay it."""

    __tablename__ = "fees"
    __table_args__ = (CheckConstraint("amount_fen > 0", name="something"),)

    number: Mapped[str] = mapped_column(String(12), primary_key=True)
    """As it stands on the notice; the last digit is a check digit."""
    kind: Mapped[str] = mapped_column(String(40))
    amount_fen: Mapped[int] = mapped_column(BigInteger)
    due: Mapped[date]
    paid_with: Mapped[UUID | None] = mapped_column(ForeignKey(Booking.id), unique=True)


class Refund(Base):
    """That a payment was asked back, or went back: once for each."""

    __tablename__ = "refunds"

    booking_id: Mapped[UUID] = mapped_column(ForeignKey(Booking.id), primary_key=True)
    """Of the payment."""
    receipt: Mapped[str] = mapped_column(String(40), unique=True)
    """Of the request."""
    asked_at: Mapped[datetime]


class Subsidy(Base):
    """Money that the city grants to somebody, from the application to the payment."""

    __tablename__ = "subsidies"
    __table_args__ = (
        UniqueConstraint("document_number", "scheme", "year"),
        CheckConstraint("amount_fen > 0", name="something"),
        CheckConstraint("(paid_on IS NOT NULL) = (state = 'paid')", name="paid_on_a_day"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    document_number: Mapped[str] = mapped_column(String(20))
    """The number of the identity document."""
    scheme: Mapped[str] = mapped_column(String(40))
    year: Mapped[int]
    amount_fen: Mapped[int] = mapped_column(BigInteger)
    state: Mapped[str] = mapped_column(String(20))
    """One of `subsidies.STATES`."""
    paid_on: Mapped[date | None]


class Payee(Base):
    """A bank account to which the city pays what somebody is due."""

    __tablename__ = "payees"

    receipt: Mapped[str] = mapped_column(String(40), primary_key=True)
    """Of the request that named it."""
    pseudonym: Mapped[str] = mapped_column(String(128))
    document_number: Mapped[str] = mapped_column(String(20))
    bank: Mapped[str] = mapped_column(String(40))
    number: Mapped[str] = mapped_column(String(19))
    state: Mapped[str] = mapped_column(String(20))
    """One of `payees.State`."""
    named_at: Mapped[datetime]
    """When its owner named it."""


_IN_FORCE = Payee.state == "in-force"
_WAITING = Payee.state == "waiting"
Index("uq_payees_in_force", Payee.pseudonym, unique=True, sqlite_where=_IN_FORCE, postgresql_where=_IN_FORCE)
Index("uq_payees_waiting", Payee.pseudonym, unique=True, sqlite_where=_WAITING, postgresql_where=_WAITING)
