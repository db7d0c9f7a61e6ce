"""The tables of the property registry and of the housing fund."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from kiosk.departments.contract.storage import TYPES, new_id, new_metadata


class Base(DeclarativeBase):
    """Base of all rows."""

    metadata = new_metadata()
    type_annotation_map = TYPES


class CounterDay(Base):
    """How many tickets were given out for a counter on a day of the city's calendar."""

    __tablename__ = "counter_days"

    counter: Mapped[str] = mapped_column(String(40), primary_key=True)
    day: Mapped[date] = mapped_column(primary_key=True)
    last_number: Mapped[int]


class Ticket(Base):
    """A place in the queue of a counter. Somebody waits once for one counter, until they were called."""

    __tablename__ = "tickets"
    __table_args__ = (UniqueConstraint("counter", "day", "number"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    counter: Mapped[str] = mapped_column(String(40))
    day: Mapped[date]
    number: Mapped[int]
    pseudonym: Mapped[str] = mapped_column(String(128))
    issued_at: Mapped[datetime]
    called_at: Mapped[datetime | None]


WAITING = Ticket.called_at.is_(None)
"""The tickets whose number was not called yet."""

Index(
    "uq_tickets_waiting",
    Ticket.pseudonym,
    Ticket.counter,
    Ticket.day,
    unique=True,
    sqlite_where=WAITING,
    postgresql_where=WAITING,
)


class Title(Base):
    """Who owns a home, or a share in one, as the land register has it."""

    __tablename__ = "titles"
    __table_args__ = (UniqueConstraint("property_number", "owner_document"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    property_number: Mapped[str] = mapped_column(String(20))
    address: Mapped[str] = mapped_column(String(200))
    area: Mapped[int]
    """Hundredths of a square metre."""
    share: Mapped[str] = mapped_column(String(9))
    """For example ``1/1`` or ``1/2``."""
    owner_document: Mapped[str] = mapped_column(String(20), index=True)
    """The number of the owner's identity document."""
    since: Mapped[date]
    until: Mapped[date | None]
    """The day on which it was sold; empty while it is theirs."""


class FundAccount(Base):
    """An account of the housing fund: somebody's, or one of the fund's own. All amounts are in fen."""

    __tablename__ = "fund_accounts"
    __table_args__ = (CheckConstraint("balance_fen >= 0 OR may_owe", name="not_overdrawn"),)

    owner: Mapped[str] = mapped_column(String(40), primary_key=True)
    """The number of an identity document, or the name of one of the fund's own; no document has a colon."""
    balance_fen: Mapped[int] = mapped_column(BigInteger, default=0)
    """What its transfers add up to: kept so that the database itself refuses to overdraw it."""
    may_owe: Mapped[bool] = mapped_column(default=False)
    """For those on the other side of the fund: employers who pay in, banks that pay out."""


class FundTransfer(Base):
    """Money that went from one account to another: both sides in one row, so what one loses the other has."""

    __tablename__ = "fund_transfers"
    __table_args__ = (
        CheckConstraint("amount_fen > 0", name="something"),
        CheckConstraint("payer <> payee", name="to_another"),
    )

    key: Mapped[str] = mapped_column(String(80), primary_key=True)
    """Of what it belongs to, a withdrawal's receipt for example: booked once."""
    payer: Mapped[str] = mapped_column(ForeignKey(FundAccount.owner), index=True)
    payee: Mapped[str] = mapped_column(ForeignKey(FundAccount.owner), index=True)
    amount_fen: Mapped[int] = mapped_column(BigInteger)
    booked_at: Mapped[datetime]


class Withdrawal(Base):
    """That somebody wants money out of the fund, and what an officer said to it."""

    __tablename__ = "withdrawals"
    __table_args__ = (CheckConstraint("amount_fen > 0", name="something"),)

    receipt: Mapped[str] = mapped_column(String(40), primary_key=True)
    """Of the request that the citizen signed."""
    owner: Mapped[str] = mapped_column(ForeignKey(FundAccount.owner), index=True)
    reason: Mapped[str] = mapped_column(String(40))
    """One of `withdrawals.REASONS`."""
    paper: Mapped[str] = mapped_column(String(30))
    """The number of the paper that proves the reason."""
    amount_fen: Mapped[int] = mapped_column(BigInteger)
    bank_card: Mapped[str] = mapped_column(String(19))
    """To which it is paid."""
    state: Mapped[str] = mapped_column(String(20))
    """One of `withdrawals.State`."""
    made_at: Mapped[datetime]
    decided_at: Mapped[datetime | None]


_OPEN = Withdrawal.state == "open"
Index("uq_withdrawals_open", Withdrawal.owner, unique=True, sqlite_where=_OPEN, postgresql_where=_OPEN)
