"""Locks."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from cardsvc.db import Base, new_id


class CardLock(Base):
    """A citizen does not want their card, whichever it is by then, to be used so. `Card.locks` repeats it."""

    __tablename__ = "card_locks"
    __table_args__ = (UniqueConstraint("citizen_id", "target"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    citizen_id: Mapped[UUID] = mapped_column(ForeignKey("citizens.id"))
    target: Mapped[str] = mapped_column(String(80))
    """As `checking.target_of` writes it."""
    since: Mapped[datetime]
