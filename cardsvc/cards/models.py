"""Cards."""

from __future__ import annotations

from datetime import date, datetime
from typing import Final
from uuid import UUID

from sqlalchemy import ForeignKey, Index, LargeBinary, String, text
from sqlalchemy.orm import Mapped, mapped_column

from cardsvc.db import Base, Text, Words, new_id
from cardsvc.wire.lifecycle import CardState, HoldReason

_ACTIVE: Final = text("state = 'active'")


class Card(Base):
    """A card, from stock to its end. ``uuid`` is the GUID in its CHUID."""

    __tablename__ = "cards"
    __table_args__ = (
        # Whatever two clerks do at once: nobody has two cards in force.
        Index("uq_cards_active", "citizen_id", unique=True, sqlite_where=_ACTIVE, postgresql_where=_ACTIVE),
        Index("uq_cards_product_serial", "product_serial", unique=True),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    uuid: Mapped[UUID] = mapped_column(unique=True)
    stock_number: Mapped[str] = mapped_column(String(32), unique=True)
    state: Mapped[CardState] = mapped_column(Text(CardState), index=True)
    citizen_id: Mapped[UUID | None] = mapped_column(ForeignKey("citizens.id"), index=True)
    expires_on: Mapped[date | None]
    created_at: Mapped[datetime]
    hold_reason: Mapped[HoldReason | None] = mapped_column(Text(HoldReason))
    """Why it is held; None in any other state."""
    held_for: Mapped[UUID | None]
    """What holds it: an application, a loss report or a registry event. Only that can restore it."""
    batch_id: Mapped[UUID | None] = mapped_column(ForeignKey("stock_batches.id"))
    office: Mapped[str | None] = mapped_column(String(40))
    custodian: Mapped[str | None] = mapped_column(String(64), index=True)
    """Client id of the officer who answers for it, while it is blank."""
    product_serial: Mapped[str | None] = mapped_column(String(64))
    """What the product itself must tell, where the supplier said so."""
    locks: Mapped[tuple[str, ...]] = mapped_column(Words, default=(), server_default=text("''"))
    """What its citizen locked it for (`cardsvc.locks.checking`), while it is in use."""


class Collection(Base):
    """Who collected a card for its citizen: `cardsvc.wire.lifecycle.Proxy` as JSON, under the citizen's data key."""

    __tablename__ = "collections"

    card_id: Mapped[UUID] = mapped_column(ForeignKey("cards.id"), primary_key=True)
    citizen_id: Mapped[UUID] = mapped_column(ForeignKey("citizens.id"), index=True)
    sealed_proxy: Mapped[bytes] = mapped_column(LargeBinary)
    delivered_by: Mapped[str] = mapped_column(String(64))
    delivered_at: Mapped[datetime]
