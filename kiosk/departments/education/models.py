"""The tables of education: the library's, the register of who is enrolled where, and places at schools."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, ForeignKeyConstraint, Index, String, UniqueConstraint
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


class Round(Base):
    """A time in which places at schools are applied for, for children born within a year."""

    __tablename__ = "rounds"
    __table_args__ = (
        CheckConstraint("opens_on <= closes_on", name="in_order"),
        CheckConstraint("born_from <= born_until", name="born_in_order"),
    )

    code: Mapped[str] = mapped_column(String(20), primary_key=True)
    opens_on: Mapped[date]
    closes_on: Mapped[date]
    """The last day."""
    born_from: Mapped[date]
    born_until: Mapped[date]


class School(Base):
    """A school, and whose neighbours come first there."""

    __tablename__ = "schools"

    code: Mapped[str] = mapped_column(String(20), primary_key=True)
    """One of `schools.NAMES`."""
    district: Mapped[str] = mapped_column(String(40))


class Places(Base):
    """How many children a school takes in a round, and how many were offered a place."""

    __tablename__ = "places"
    __table_args__ = (CheckConstraint("offered >= 0 AND offered <= capacity", name="not_overfull"),)

    round: Mapped[str] = mapped_column(ForeignKey(Round.code), primary_key=True)
    school: Mapped[str] = mapped_column(ForeignKey(School.code), primary_key=True)
    capacity: Mapped[int]
    offered: Mapped[int] = mapped_column(default=0)


class PlaceApplication(Base):
    """That somebody applies for a place for a child, and what an officer said to it."""

    __tablename__ = "place_applications"
    __table_args__ = (
        ForeignKeyConstraint(["round", "school"], ["places.round", "places.school"]),
        CheckConstraint("(school IS NOT NULL) = (state = 'offered')", name="offered_somewhere"),
    )

    receipt: Mapped[str] = mapped_column(String(40), primary_key=True)
    """Of the request that the citizen signed."""
    round: Mapped[str] = mapped_column(ForeignKey(Round.code))
    applicant: Mapped[str] = mapped_column(String(20))
    """The number of the identity document of the parent or guardian."""
    child: Mapped[str] = mapped_column(String(20))
    """Of the child's."""
    born: Mapped[date]
    district: Mapped[str] = mapped_column(String(40))
    """Where they live."""
    state: Mapped[str] = mapped_column(String(20))
    """One of `places.State`."""
    school: Mapped[str | None] = mapped_column(String(20))
    """At which a place was offered."""
    made_at: Mapped[datetime]
    decided_at: Mapped[datetime | None]


class Wish(Base):
    """A school that an application names: the first one is wanted most."""

    __tablename__ = "wishes"
    __table_args__ = (UniqueConstraint("receipt", "school"),)

    receipt: Mapped[str] = mapped_column(ForeignKey(PlaceApplication.receipt), primary_key=True)
    rank: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    school: Mapped[str] = mapped_column(ForeignKey(School.code))


_STANDS = PlaceApplication.state.not_in(("refused", "withdrawn"))
Index(
    "uq_place_applications_child",
    PlaceApplication.child,
    PlaceApplication.round,
    unique=True,
    sqlite_where=_STANDS,
    postgresql_where=_STANDS,
)
