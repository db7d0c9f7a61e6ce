"""The tables of the library."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from kiosk.departments.contract.storage import TYPES, new_id, new_metadata


class Base(DeclarativeBase):
    """Base of all rows."""

    metadata = new_metadata()
    type_annotation_map = TYPES


class Item(Base):
    """Something to borrow."""

    __tablename__ = "items"

    barcode: Mapped[str] = mapped_column(String(14), primary_key=True)
    title: Mapped[str] = mapped_column(String(200))
    """As it stands on the item, in its own language."""


class Loan(Base):
    """An item that was lent. While it is out, nobody else can have it, and its borrower no other."""

    __tablename__ = "loans"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    barcode: Mapped[str] = mapped_column(ForeignKey(Item.barcode))
    borrower: Mapped[str] = mapped_column(String(128))
    """The pseudonym."""
    lent_at: Mapped[datetime]
    due_on: Mapped[date]
    returned_at: Mapped[datetime | None]


OUT = Loan.returned_at.is_(None)
"""The loans whose item is not back yet."""

for _name, _column in {"uq_loans_item_out": Loan.barcode, "uq_loans_borrower_out": Loan.borrower}.items():
    Index(_name, _column, unique=True, sqlite_where=OUT, postgresql_where=OUT)
