"""The tables of medical insurance."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from kiosk.departments.contract.storage import TYPES, new_id, new_metadata


class Base(DeclarativeBase):
    """Base of all rows."""

    metadata = new_metadata()
    type_annotation_map = TYPES


class ClinicDay(Base):
    """How many tickets a clinic has given out on a day of the city's calendar."""

    __tablename__ = "clinic_days"

    clinic: Mapped[str] = mapped_column(String(64), primary_key=True)
    day: Mapped[date] = mapped_column(primary_key=True)
    last_number: Mapped[int]


class Ticket(Base):
    """A place in a clinic's queue."""

    __tablename__ = "tickets"
    __table_args__ = (UniqueConstraint("clinic", "day", "number"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    clinic: Mapped[str] = mapped_column(String(64))
    day: Mapped[date]
    number: Mapped[int]
    pseudonym: Mapped[str] = mapped_column(String(128), index=True)
    issued_at: Mapped[datetime]


class ComplaintCount(Base):
    """How often people of a district checked in with a group of complaints in an ISO week, for public health.

    Counted, not listed: rows written one by one could be laid beside the tickets in the order of their writing, and so
    tell who came with what.
    """

    __tablename__ = "complaint_counts"

    district: Mapped[str] = mapped_column(String(40), primary_key=True)
    """As the assertion gives it, or `UNDISCLOSED`."""
    iso_year: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    iso_week: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    complaint_group: Mapped[str] = mapped_column(String(40), primary_key=True)
    check_ins: Mapped[int]


class Account(Base):
    """An account of the ledger: a person's, or one of the fund's own."""

    __tablename__ = "accounts"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    owner: Mapped[str] = mapped_column(String(128), unique=True)
    """A pseudonym, or the name of a fund (`FUND`)."""
    opened_at: Mapped[datetime]


class Booking(Base):
    """One movement of money: its entries add up to nothing."""

    __tablename__ = "bookings"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    reference: Mapped[str] = mapped_column(String(200), unique=True)
    """What it is for; the same thing is booked once."""
    booked_at: Mapped[datetime]


class Entry(Base):
    """One side of a booking, in fen (a hundredth of a yuan): what an account gains, negative where it pays."""

    __tablename__ = "entries"
    __table_args__ = (
        UniqueConstraint("booking_id", "account_id"),
        CheckConstraint("amount <> 0", name="amount_not_zero"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    booking_id: Mapped[UUID] = mapped_column(ForeignKey(Booking.id))
    account_id: Mapped[UUID] = mapped_column(ForeignKey(Account.id), index=True)
    amount: Mapped[int] = mapped_column(BigInteger)


class Claim(Base):
    """What a treatment cost, and who pays: the fund and the patient, to the last fen."""

    __tablename__ = "claims"
    __table_args__ = (
        CheckConstraint("fund_fen >= 0 AND own_fen >= 0", name="not_negative"),
        CheckConstraint("cost_fen = fund_fen + own_fen", name="adds_up"),
    )

    number: Mapped[str] = mapped_column(String(20), primary_key=True)
    """As the clinic's invoice has it."""
    document_number: Mapped[str] = mapped_column(String(20), index=True)
    """The number of the patient's identity document."""
    clinic: Mapped[str] = mapped_column(String(64))
    treated_on: Mapped[date]
    cost_fen: Mapped[int] = mapped_column(BigInteger)
    fund_fen: Mapped[int] = mapped_column(BigInteger)
    own_fen: Mapped[int] = mapped_column(BigInteger)


class Filing(Base):
    """That somebody is treated in another region for a while: the last one of each person."""

    __tablename__ = "filings"
    __table_args__ = (CheckConstraint("until >= since", name="in_order"),)

    pseudonym: Mapped[str] = mapped_column(String(128), primary_key=True)
    receipt: Mapped[str] = mapped_column(String(40), unique=True)
    """Of the request that the citizen signed."""
    region: Mapped[str] = mapped_column(String(40))
    since: Mapped[date]
    until: Mapped[date]
    """The last day."""
