"""Deliveries, hand-overs and stock-takes."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import JSON, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from cardsvc.db import Base, Text, new_id
from cardsvc.wire.stock import HandOverState


class StockBatch(Base):
    """A delivery of blank cards with consecutive printed numbers."""

    __tablename__ = "stock_batches"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    first: Mapped[str] = mapped_column(String(32))
    last: Mapped[str] = mapped_column(String(32))
    count: Mapped[int]
    office: Mapped[str | None] = mapped_column(String(40))
    delivery: Mapped[str | None] = mapped_column(String(40))
    received_by: Mapped[str] = mapped_column(String(64))
    received_at: Mapped[datetime]


class HandOver(Base):
    """Blank cards, and at the end of a shift open applications, from one officer to another."""

    __tablename__ = "hand_overs"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    state: Mapped[HandOverState] = mapped_column(Text(HandOverState), index=True)
    from_officer: Mapped[str] = mapped_column(String(64), index=True)
    to_officer: Mapped[str] = mapped_column(String(64), index=True)
    office: Mapped[str | None] = mapped_column(String(40))
    offered_at: Mapped[datetime]
    decided_at: Mapped[datetime | None]


class HandedCard(Base):
    """A blank card in a hand-over."""

    __tablename__ = "hand_over_cards"

    hand_over_id: Mapped[UUID] = mapped_column(ForeignKey("hand_overs.id"), primary_key=True)
    card_id: Mapped[UUID] = mapped_column(ForeignKey("cards.id"), primary_key=True, index=True)
    from_office: Mapped[str | None] = mapped_column(String(40))
    """Where it was when the hand-over was accepted; empty at no office. None before that, and where it is not known."""


class HandedApplication(Base):
    """An open application in a hand-over."""

    __tablename__ = "hand_over_applications"

    hand_over_id: Mapped[UUID] = mapped_column(ForeignKey("hand_overs.id"), primary_key=True)
    application_id: Mapped[UUID] = mapped_column(ForeignKey("applications.id"), primary_key=True, index=True)


class StockCount(Base):
    """A stock-take of one office, with what did not agree: printed numbers."""

    __tablename__ = "stock_counts"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    office: Mapped[str] = mapped_column(String(40), index=True)
    counted_by: Mapped[str] = mapped_column(String(64))
    counted_at: Mapped[datetime]
    expected: Mapped[int]
    seen: Mapped[int]
    missing: Mapped[list[str]] = mapped_column(JSON)
    unexpected: Mapped[list[str]] = mapped_column(JSON)
