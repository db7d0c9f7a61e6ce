"""Loss reports."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy import JSON, ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from cardsvc.db import Base, Text, new_id
from cardsvc.wire.losses import Channel, LossKind, LossOutcome

_OPEN: Final = text("outcome IS NULL")


class LossReport(Base):
    """Somebody said that a card is lost or stolen."""

    __tablename__ = "loss_reports"
    __table_args__ = (
        Index("uq_loss_reports_open", "card_id", unique=True, sqlite_where=_OPEN, postgresql_where=_OPEN),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    number: Mapped[str] = mapped_column(String(10), unique=True)
    """Random, so that it says nothing about how many reports there are."""
    card_id: Mapped[UUID] = mapped_column(ForeignKey("cards.id"))
    citizen_id: Mapped[UUID] = mapped_column(ForeignKey("citizens.id"), index=True)
    kind: Mapped[LossKind] = mapped_column(Text(LossKind))
    channel: Mapped[Channel] = mapped_column(Text(Channel))
    verification: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    """Which questions were asked and which were answered right; never an answer."""
    reported_by: Mapped[str] = mapped_column(String(64))
    reported_at: Mapped[datetime]
    found_until: Mapped[datetime] = mapped_column(index=True)
    outcome: Mapped[LossOutcome | None] = mapped_column(Text(LossOutcome))
    closed_at: Mapped[datetime | None]
    receipt: Mapped[str] = mapped_column(sa.Text)
    """As the citizen has it: a compact JWS."""
