"""Approvals."""

from __future__ import annotations

from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from cardsvc.db import Base, Text, new_id
from cardsvc.wire.approvals import ApprovalKind, ApprovalState

_OPEN: Final = text("state IN ('requested', 'approved')")


class Approval(Base):
    """Something that takes two people: asked for by one, granted by another, used once."""

    __tablename__ = "approvals"
    __table_args__ = (
        # Two that are open for the same would let one yes be used twice.
        Index("uq_approvals_open", "kind", "subject_id", unique=True, sqlite_where=_OPEN, postgresql_where=_OPEN),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    kind: Mapped[ApprovalKind] = mapped_column(Text(ApprovalKind))
    subject_id: Mapped[UUID] = mapped_column(index=True)
    citizen_id: Mapped[UUID | None] = mapped_column(ForeignKey("citizens.id"))
    """Whom it is about: that person decides nothing here, should they be an officer."""
    state: Mapped[ApprovalState] = mapped_column(Text(ApprovalState), index=True)
    reason: Mapped[str] = mapped_column(String(200))
    requested_by: Mapped[str] = mapped_column(String(64))
    requested_at: Mapped[datetime]
    expires_at: Mapped[datetime] = mapped_column(index=True)
    decided_by: Mapped[str | None] = mapped_column(String(64))
    decided_at: Mapped[datetime | None]
    refusal: Mapped[str | None] = mapped_column(String(200))
    spent_by: Mapped[str | None] = mapped_column(String(64))
    spent_at: Mapped[datetime | None]
