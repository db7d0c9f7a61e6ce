"""Visits, and the assertions made from them. Challenges are not stored: see `challenges.py`."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from cardsvc.db import Base, Text, new_id
from cardsvc.wire.levels import Level


class Visit(Base):
    """A citizen stands at a kiosk. Only the hash of the visit token is kept."""

    __tablename__ = "visits"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    token_sha256: Mapped[bytes] = mapped_column(LargeBinary(32), unique=True)
    caller_id: Mapped[UUID] = mapped_column(ForeignKey("callers.id"))
    key_thumbprint: Mapped[str] = mapped_column(String(43))
    """The kiosk's key at the time: the token is of no use to any other."""
    card_id: Mapped[UUID] = mapped_column(ForeignKey("cards.id"), index=True)
    citizen_id: Mapped[UUID] = mapped_column(ForeignKey("citizens.id"))
    level: Mapped[Level] = mapped_column(Text(Level))
    began_at: Mapped[datetime]
    last_used_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]


class IssuedAssertion(Base):
    """An assertion given to a department, by its ``jti``."""

    __tablename__ = "issued_assertions"

    jti: Mapped[UUID] = mapped_column(primary_key=True)
    visit_id: Mapped[UUID] = mapped_column(ForeignKey("visits.id"), index=True)
    department_id: Mapped[UUID] = mapped_column(ForeignKey("departments.id"))
    card_id: Mapped[UUID] = mapped_column(ForeignKey("cards.id"))
    citizen_id: Mapped[UUID] = mapped_column(ForeignKey("citizens.id"))
    service: Mapped[str] = mapped_column(String(64))
    policy_version: Mapped[int]
    issued_at: Mapped[datetime]
    expires_at: Mapped[datetime]
