"""Batches, and the places in them. Which places are taken, nobody can see without the keystore."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from cardsvc.db import Base


class SealedBatch(Base):
    """The sealed entries of a day in the city, made with all its places before the day begins."""

    __tablename__ = "sealed_batches"
    id: Mapped[UUID] = mapped_column(primary_key=True)
    """Follows from the day (`vault.batch_id`), so that there is one for each day."""
    day: Mapped[date]
    wrapped_key: Mapped[bytes]
    """The key of its entries, sealed under the keystore's key for sealed entries."""
    published_at: Mapped[datetime | None]
    """When its commitments went into the audit log: it is full from then on, whatever is in it."""
    swept_at: Mapped[datetime | None]
    """When, after that, everything that was due had been released."""


class SealedEntry(Base):
    """A place. It is written once a minute until its batch is published, taken or not."""

    __tablename__ = "sealed_entries"
    __table_args__ = (UniqueConstraint("batch_id", "position"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    """UUID version 4: one that told the time would tell when."""
    batch_id: Mapped[UUID] = mapped_column(ForeignKey("sealed_batches.id"))
    position: Mapped[int]
    sealed: Mapped[bytes]
    """`content.Entry`, under the batch's key: of one length for all."""
    released_at: Mapped[datetime | None]
