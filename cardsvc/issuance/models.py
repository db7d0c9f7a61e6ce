"""Applications, the personalisation journal, and the escrow of each card's secrets."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from cardsvc.db import Base, Text, new_id
from cardsvc.wire.lifecycle import ApplicationState


class Application(Base):
    """Somebody asks for a card for a citizen."""

    __tablename__ = "applications"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    citizen_id: Mapped[UUID] = mapped_column(ForeignKey("citizens.id"), index=True)
    state: Mapped[ApplicationState] = mapped_column(Text(ApplicationState), index=True)
    requested_by: Mapped[str] = mapped_column(String(64))
    approved_by: Mapped[str | None] = mapped_column(String(64))
    card_id: Mapped[UUID | None] = mapped_column(ForeignKey("cards.id"), unique=True)
    created_at: Mapped[datetime]


class SecretKind(StrEnum):
    """What is kept for a card."""

    PUK = "puk"
    MANAGEMENT_KEY = "management-key"
    TRANSPORT_PIN = "transport-pin"


class CardSecret(Base):
    """A secret of a card, sealed under the keystore's escrow key, committed before it is sent to the card."""

    __tablename__ = "card_secrets"
    __table_args__ = (UniqueConstraint("card_id", "kind", "version"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    card_id: Mapped[UUID] = mapped_column(ForeignKey("cards.id"))
    kind: Mapped[SecretKind] = mapped_column(Text(SecretKind))
    version: Mapped[int]
    sealed: Mapped[bytes]
    created_at: Mapped[datetime]


class JournalEntry(Base):
    """One write to a card: the intent is committed before it is sent, the result after the answer."""

    __tablename__ = "personalisation_journal"
    __table_args__ = (UniqueConstraint("card_id", "number"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    card_id: Mapped[UUID] = mapped_column(ForeignKey("cards.id"))
    number: Mapped[int]
    step: Mapped[str] = mapped_column(String(64))
    intended_at: Mapped[datetime]
    done_at: Mapped[datetime | None]
    failure: Mapped[str | None] = mapped_column(String(200))
