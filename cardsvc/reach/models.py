"""Revocations as kiosks hear of them, and how far each kiosk has acknowledged them."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from cardsvc.db import Base, Text, new_id
from cardsvc.wire.reach import RevocationKind

_UNNUMBERED = text("number IS NULL")


class Revocation(Base):
    """A card that was in force or held is so no longer, or again; written in the transaction of the act."""

    __tablename__ = "revocations"
    __table_args__ = (Index("ix_revocations_unnumbered", "id", sqlite_where=_UNNUMBERED, postgresql_where=_UNNUMBERED),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    card_id: Mapped[UUID] = mapped_column(ForeignKey("cards.id"), index=True)
    kind: Mapped[RevocationKind] = mapped_column(Text(RevocationKind))
    at: Mapped[datetime] = mapped_column(index=True)
    number: Mapped[int | None] = mapped_column(BigInteger, unique=True)
    """Its place in the feed; None until it is committed and was given one (`webhooks/numbering.py`)."""


class RevocationAcknowledgement(Base):
    """A kiosk has taken note of every revocation up to a number, which it had not before."""

    __tablename__ = "revocation_acknowledgements"
    __table_args__ = (Index("ix_revocation_acknowledgements_caller_id_number", "caller_id", "number"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    caller_id: Mapped[UUID] = mapped_column(ForeignKey("callers.id"))
    number: Mapped[int] = mapped_column(BigInteger)
    at: Mapped[datetime]
