"""Events of the population registry."""

from __future__ import annotations

from datetime import date, datetime
from typing import Final
from uuid import UUID

from sqlalchemy import ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from cardsvc.db import Base, Text, new_id
from cardsvc.wire.registry import RegistryEventKind, RegistryEventState

_STANDING: Final = text("state IN ('reported', 'confirmed')")


class RegistryEvent(Base):
    """Somebody died or moved away, as the registry told us."""

    __tablename__ = "registry_events"
    __table_args__ = (
        Index(
            "uq_registry_events_standing",
            "citizen_id",
            unique=True,
            sqlite_where=_STANDING,
            postgresql_where=_STANDING,
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    citizen_id: Mapped[UUID] = mapped_column(ForeignKey("citizens.id"), index=True)
    kind: Mapped[RegistryEventKind] = mapped_column(Text(RegistryEventKind))
    state: Mapped[RegistryEventState] = mapped_column(Text(RegistryEventState))
    reference: Mapped[str] = mapped_column(String(40))
    occurred_on: Mapped[date]
    reported_by: Mapped[str] = mapped_column(String(64))
    reported_at: Mapped[datetime]
    decided_by: Mapped[str | None] = mapped_column(String(64))
    decided_at: Mapped[datetime | None]
