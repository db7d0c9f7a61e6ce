"""The tables of the property registry."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import Index, String, UniqueConstraint
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
