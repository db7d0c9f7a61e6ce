"""Audit records, and the history of applications and cards."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import JSON, ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from cardsvc.db import Base, new_id


class AuditRecord(Base):
    """One thing that happened. Holds no personal data, so that it can stay when a person is erased."""

    __tablename__ = "audit_records"
    __table_args__ = (UniqueConstraint("citizen_id", "citizen_counter"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    at: Mapped[datetime] = mapped_column(index=True)
    event: Mapped[str] = mapped_column(String(64), index=True)
    """What was tried, for example ``authentication`` or ``card.revoke``."""
    outcome: Mapped[str] = mapped_column(String(64))
    """``ok``, or the code of the refusal."""
    actor: Mapped[str] = mapped_column(String(64))
    """Client id of the caller, or ``ceremony`` for `cardsvc init` and the command line."""
    citizen_id: Mapped[UUID | None] = mapped_column(ForeignKey("citizens.id"))
    citizen_counter: Mapped[int | None]
    card_id: Mapped[UUID | None] = mapped_column(ForeignKey("cards.id"), index=True)
    challenge_id: Mapped[UUID | None] = mapped_column(unique=True)
    """The challenge an authentication answered: unique, and so the guard against replay."""
    detail: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)


class StateChange(Base):
    """One step in the life of an application or a card."""

    __tablename__ = "state_changes"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    subject_id: Mapped[UUID] = mapped_column(index=True)
    state: Mapped[str] = mapped_column(String(32))
    actor: Mapped[str] = mapped_column(String(64))
    at: Mapped[datetime]
    reason: Mapped[str | None] = mapped_column(String(200))
