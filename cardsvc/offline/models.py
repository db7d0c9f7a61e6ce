"""The packages that kiosks were given, and the taps that they have brought back."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, ForeignKey, LargeBinary, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from cardsvc.db import Base, Text
from cardsvc.wire.authentication import CardAtTap
from cardsvc.wire.offline_taps import TapVerdict


class OfflinePackage(Base):
    """A package that a kiosk was given for the time without its network (`supplying.py`)."""

    __tablename__ = "offline_packages"
    __table_args__ = (UniqueConstraint("caller_id", "as_of"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    caller_id: Mapped[UUID] = mapped_column(ForeignKey("callers.id"))
    as_of: Mapped[int] = mapped_column(BigInteger, index=True)
    """Its ``iat``: seconds since 1970."""
    replaced_at: Mapped[datetime | None]
    """When the kiosk was given the next one."""
    stopped_at: Mapped[datetime | None]
    """When the kiosk was taken out of service while it had it."""


class OfflineTap(Base):
    """An entry of a kiosk's journal, as it was judged. The newest of each kiosk is where its chain goes on."""

    __tablename__ = "offline_taps"
    __table_args__ = (UniqueConstraint("caller_id", "sequence"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    """Of its audit record, and the ``jti`` of what the department gets."""
    caller_id: Mapped[UUID] = mapped_column(ForeignKey("callers.id"))
    sequence: Mapped[int] = mapped_column(BigInteger)
    """Its place, from 1 on; of an entry of a former journal of the kiosk 0 or less."""
    hash: Mapped[bytes] = mapped_column(LargeBinary(32))
    taken_at: Mapped[datetime] = mapped_column(index=True)
    verdict: Mapped[TapVerdict] = mapped_column(Text(TapVerdict))
    reason: Mapped[str | None] = mapped_column(String(64))
    tapped_at: Mapped[datetime | None]
    card: Mapped[CardAtTap | None] = mapped_column(Text(CardAtTap))
    citizen_id: Mapped[UUID | None] = mapped_column(ForeignKey("citizens.id"), index=True)
    department_id: Mapped[UUID | None] = mapped_column(ForeignKey("departments.id"))
    service: Mapped[str | None] = mapped_column(String(64))
    policy_version: Mapped[int | None]
