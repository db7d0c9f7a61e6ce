"""The tables of the environment department."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from kiosk.departments.contract.storage import TYPES, new_metadata


class Base(DeclarativeBase):
    """Base of all rows."""

    metadata = new_metadata()
    type_annotation_map = TYPES


class Slip(Base):
    """What a recycling station printed for something that was brought there. Its points are credited once."""

    __tablename__ = "slips"
    __table_args__ = (CheckConstraint("points > 0", name="points_positive"),)

    number: Mapped[str] = mapped_column(String(12), primary_key=True)
    points: Mapped[int]
    credited_to: Mapped[str | None] = mapped_column(String(128), index=True)
    """The pseudonym."""
    credited_at: Mapped[datetime | None]


class Permit(Base):
    """A permit that was published, so that whoever is concerned can object to it."""

    __tablename__ = "permits"

    number: Mapped[str] = mapped_column(String(10), primary_key=True)
    """As it stands on the notice; the last digit is a check digit."""
    subject: Mapped[str] = mapped_column(String(120))
    objections_until: Mapped[date]
    """The last day."""
    reviewed_since: Mapped[datetime | None]
    """Since an objection was upheld."""


class Objection(Base):
    """That somebody objected to a permit: each person once to each."""

    __tablename__ = "objections"
    __table_args__ = (UniqueConstraint("permit", "pseudonym"),)

    receipt: Mapped[str] = mapped_column(String(40), primary_key=True)
    permit: Mapped[str] = mapped_column(ForeignKey(Permit.number))
    pseudonym: Mapped[str] = mapped_column(String(128))
    made_at: Mapped[datetime]
