"""The tables of the environment department."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, String
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
