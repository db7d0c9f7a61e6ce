"""The tables of the community department."""

from __future__ import annotations

from datetime import date, datetime
from typing import Final
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from kiosk.departments.contract.storage import TYPES, new_id, new_metadata


class Base(DeclarativeBase):
    """Base of all rows."""

    metadata = new_metadata()
    type_annotation_map = TYPES


class Carer(Base):
    """Somebody who visits people at home."""

    __tablename__ = "carers"

    code: Mapped[str] = mapped_column(String(20), primary_key=True)
    name: Mapped[str] = mapped_column(String(60))
    """As the resident is told who comes."""


class Appointment(Base):
    """A visit at home. A carer is in one place at a time, and a person is visited once a day."""

    __tablename__ = "appointments"
    __table_args__ = (UniqueConstraint("carer", "day", "slot"), UniqueConstraint("pseudonym", "day"))

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    carer: Mapped[str] = mapped_column(ForeignKey(Carer.code))
    day: Mapped[date]
    slot: Mapped[str] = mapped_column(String(5))
    """When it begins, for example ``09:30``."""
    kind: Mapped[str] = mapped_column(String(40))
    pseudonym: Mapped[str] = mapped_column(String(128))
    booked_at: Mapped[datetime]


class EntryCount(Base):
    """How many people were let in at a place on a day of the city's calendar. Who they were is not kept."""

    __tablename__ = "entry_counts"

    place: Mapped[str] = mapped_column(String(40), primary_key=True)
    day: Mapped[date] = mapped_column(primary_key=True)
    entries: Mapped[int]


_STANDING: Final = text("ended_at IS NULL")


class Mandate(Base):
    """That somebody lets another person act for them, until a day: both signed the same document."""

    __tablename__ = "mandates"
    __table_args__ = (
        CheckConstraint("carer <> principal", name="two_people"),
        Index(
            "uq_mandates_standing",
            *("principal", "carer", "scope", "until"),
            unique=True,
            sqlite_where=_STANDING,
            postgresql_where=_STANDING,
        ),
    )

    receipt: Mapped[str] = mapped_column(String(40), primary_key=True)
    """Of the principal's request: it stands in the document."""
    accepted: Mapped[str] = mapped_column(String(40), unique=True)
    """The receipt of the carer's."""
    principal: Mapped[str] = mapped_column(String(20))
    """The number of the identity document."""
    carer: Mapped[str] = mapped_column(String(20), index=True)
    scope: Mapped[str] = mapped_column(String(40))
    """One of `mandate.SCOPES`."""
    since: Mapped[datetime]
    until: Mapped[date]
    principal_pseudonym: Mapped[str | None] = mapped_column(String(128), index=True)
    """None, as the carer's, where it was given before either could end it here."""
    carer_pseudonym: Mapped[str | None] = mapped_column(String(128), index=True)
    ended_at: Mapped[datetime | None]
    """When one of the two ended it before its day."""
    ended_by: Mapped[str | None] = mapped_column(String(40))
    """The receipt of that."""
