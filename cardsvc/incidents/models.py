"""Incidents."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from cardsvc.db import Base, new_id
from cardsvc.departments.models import Department


class Incident(Base):
    """Something that went wrong at a department. Whom it may have affected is in each person's own records alone."""

    __tablename__ = "incidents"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    department_id: Mapped[UUID] = mapped_column(ForeignKey("departments.id"), index=True)
    what: Mapped[str] = mapped_column(Text)
    since: Mapped[datetime]
    people: Mapped[int]
    """How many it may have affected."""
    unknown: Mapped[int]
    """How many pseudonyms were named that the department was never told."""
    reported_at: Mapped[datetime]
    closed_at: Mapped[datetime | None]
    closed_by: Mapped[str | None] = mapped_column(String(64))
    resolution: Mapped[str | None] = mapped_column(Text)

    department: Mapped[Department] = relationship()
