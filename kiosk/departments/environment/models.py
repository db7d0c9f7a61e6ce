"""The tables of the environment department."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, String, Text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from kiosk.departments.contract.storage import TYPES, new_id, new_metadata


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


class Report(Base):
    """Something that somebody saw and that the department should look at."""

    __tablename__ = "reports"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    kind: Mapped[str] = mapped_column(String(40))
    place: Mapped[str] = mapped_column(String(40))
    words: Mapped[str] = mapped_column(Text)
    """As the reporter wrote them."""
    reporter: Mapped[str] = mapped_column(String(128), index=True)
    """The pseudonym."""
    reported_at: Mapped[datetime]
    settled_at: Mapped[datetime | None]


OPEN = Report.settled_at.is_(None)
"""The reports that nobody has dealt with yet."""

Index("ix_reports_open", Report.reported_at, sqlite_where=OPEN, postgresql_where=OPEN)
