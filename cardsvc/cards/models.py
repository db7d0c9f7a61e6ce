"""Cards."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from cardsvc.db import Base, Text, new_id
from cardsvc.wire.lifecycle import CardState


class Card(Base):
    """A card, from stock to its end. ``uuid`` is the GUID in its CHUID."""

    __tablename__ = "cards"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    uuid: Mapped[UUID] = mapped_column(unique=True)
    stock_number: Mapped[str] = mapped_column(String(32), unique=True)
    state: Mapped[CardState] = mapped_column(Text(CardState), index=True)
    citizen_id: Mapped[UUID | None] = mapped_column(ForeignKey("citizens.id"), index=True)
    expires_on: Mapped[date | None]
    created_at: Mapped[datetime]
