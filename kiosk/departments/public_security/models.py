"""The tables of public security."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, String
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from kiosk.departments.contract.storage import TYPES, new_id, new_metadata


class Base(DeclarativeBase):
    """Base of all rows."""

    metadata = new_metadata()
    type_annotation_map = TYPES


class IdentityDocument(Base):
    """An identity document that is in force, as the register has it."""

    __tablename__ = "identity_documents"

    number: Mapped[str] = mapped_column(String(20), primary_key=True)
    valid_until: Mapped[date]


class Conviction(Base):
    """What a court decided about somebody."""

    __tablename__ = "convictions"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    case_number: Mapped[str] = mapped_column(String(40), unique=True)
    """The court's own."""
    document_number: Mapped[str] = mapped_column(String(20), index=True)
    spent_on: Mapped[date | None]
    """From this day on it is told to nobody; empty while there is no such day."""


class Residence(Base):
    """Where somebody lives or lived. A person lives in one place at a time."""

    __tablename__ = "residences"
    __table_args__ = (CheckConstraint("until >= since", name="in_order"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    document_number: Mapped[str] = mapped_column(String(20), index=True)
    district: Mapped[str] = mapped_column(String(40))
    address: Mapped[str] = mapped_column(String(120))
    since: Mapped[date]
    until: Mapped[date | None]


class Application:
    """What somebody applied for, and what an officer said to it. The columns that all kinds have."""

    receipt: Mapped[str] = mapped_column(String(40), primary_key=True)
    """Of the request: it is made once."""
    pseudonym: Mapped[str] = mapped_column(String(128))
    document_number: Mapped[str] = mapped_column(String(20))
    state: Mapped[str] = mapped_column(String(20))
    """One of `applications.State`."""
    made_at: Mapped[datetime]
    decided_at: Mapped[datetime | None]


class Renewal(Application, Base):
    """Of an identity document."""

    __tablename__ = "renewals"

    document_number: Mapped[str] = mapped_column(ForeignKey(IdentityDocument.number))
    reason: Mapped[str] = mapped_column(String(40))
    station: Mapped[str] = mapped_column(String(40))
    """Where the new one is handed out."""
    ready_on: Mapped[date | None]
    """From when on, once it was granted."""


class Move(Application, Base):
    """To another residence."""

    __tablename__ = "moves"

    district: Mapped[str] = mapped_column(String(40))
    address: Mapped[str] = mapped_column(String(120))
    moved_on: Mapped[date]


_PRESENT = Residence.until.is_(None)
Index("uq_residences_present", Residence.document_number, unique=True, sqlite_where=_PRESENT, postgresql_where=_PRESENT)
for _kind in (Renewal, Move):
    _open = _kind.state == "open"
    _name = f"uq_{_kind.__tablename__}_open"
    Index(_name, _kind.document_number, unique=True, sqlite_where=_open, postgresql_where=_open)
