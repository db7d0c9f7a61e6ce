"""The tables of education: the library's, and the register of who is enrolled where."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint
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


class Enrolment(Base):
    """Who goes to which school, in which class, as the register has it."""

    __tablename__ = "enrolments"
    __table_args__ = (
        UniqueConstraint("document_number", "school", "since"),
        CheckConstraint("until >= since", name="in_order"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    document_number: Mapped[str] = mapped_column(String(20), index=True)
    """The number of the identity document."""
    school: Mapped[str] = mapped_column(String(100))
    course: Mapped[str] = mapped_column(String(100))
    since: Mapped[date]
    until: Mapped[date]
    """The last day of the course, or the day on which they left."""
