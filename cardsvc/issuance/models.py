"""Applications, the journal of writes to cards, and the escrow of each card's secrets."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Final
from uuid import UUID

from sqlalchemy import ForeignKey, Index, LargeBinary, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from cardsvc.db import Base, Text, new_id
from cardsvc.wire.lifecycle import ApplicationKind, ApplicationState, Consent, ReplacementCause

_OPEN: Final = text("state IN ('draft', 'submitted', 'approved', 'personalising', 'produced')")


class Application(Base):
    """Somebody asks for a card for a citizen."""

    __tablename__ = "applications"
    __table_args__ = (
        # Two clerks at two desks: one writes the application, the other finds it written.
        Index("uq_applications_open", "citizen_id", unique=True, sqlite_where=_OPEN, postgresql_where=_OPEN),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    citizen_id: Mapped[UUID] = mapped_column(ForeignKey("citizens.id"), index=True)
    state: Mapped[ApplicationState] = mapped_column(Text(ApplicationState), index=True)
    requested_by: Mapped[str] = mapped_column(String(64))
    approved_by: Mapped[str | None] = mapped_column(String(64))
    card_id: Mapped[UUID | None] = mapped_column(ForeignKey("cards.id"), unique=True)
    created_at: Mapped[datetime]
    kind: Mapped[ApplicationKind] = mapped_column(
        Text(ApplicationKind), default=ApplicationKind.FIRST, server_default=ApplicationKind.FIRST.value
    )
    cause: Mapped[ReplacementCause | None] = mapped_column(Text(ReplacementCause))
    replaces_id: Mapped[UUID | None] = mapped_column(ForeignKey("cards.id"), index=True)
    """The card that the citizen has now: revoked when the new one is activated, or held meanwhile if only forgotten."""
    responsible: Mapped[str | None] = mapped_column(String(64), index=True)
    """Who sees to it since a hand-over; until then whoever wrote it."""
    appointment: Mapped[str | None] = mapped_column(String(40))
    guardian_id: Mapped[UUID | None] = mapped_column(ForeignKey("citizens.id"))
    """Who agreed to it for a minor."""
    consent: Mapped[Consent | None] = mapped_column(Text(Consent))


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
    confirmed_at: Mapped[datetime | None]
    """When it was known that the card has it; until then it may have the one before."""


class Purpose(StrEnum):
    """What somebody writes a card for."""

    ISSUANCE = "issuance"
    UNBLOCKING = "unblocking"


class Unblocking(Base):
    """Two people agreed to have a card's PIN reset. Within its time it may be tried again, by whoever began it."""

    __tablename__ = "unblockings"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    card_id: Mapped[UUID] = mapped_column(ForeignKey("cards.id"), index=True)
    approval_id: Mapped[UUID] = mapped_column(ForeignKey("approvals.id"), unique=True)
    actor: Mapped[str] = mapped_column(String(64))
    begun_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]


class Attempt(Base):
    """Somebody's turn to write a card through a relay. The newest holds the card: no earlier one writes any more.

    So nobody waits for an attempt that died, with its desk or with the service, and none has to be told dead from slow.
    """

    __tablename__ = "writing_attempts"
    __table_args__ = (UniqueConstraint("card_id", "number"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    card_id: Mapped[UUID] = mapped_column(ForeignKey("cards.id"))
    number: Mapped[int]
    purpose: Mapped[Purpose] = mapped_column(Text(Purpose))
    actor: Mapped[str] = mapped_column(String(64))
    begun_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    outcome: Mapped[str | None] = mapped_column(String(64))
    """``ok``, or the code of what ended it; None when nobody lived to say so."""


class Verdict(StrEnum):
    """What a later attempt made of a write of which nobody knew whether it had reached the card."""

    KEPT = "kept"
    """The card has it."""
    REPEATED = "repeated"
    """The card has it not, or not for certain: it was written again."""


class JournalEntry(Base):
    """One write to a card: the intent is committed before it is sent, the result after the answer."""

    __tablename__ = "personalisation_journal"
    __table_args__ = (UniqueConstraint("card_id", "number"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    card_id: Mapped[UUID] = mapped_column(ForeignKey("cards.id"))
    attempt_id: Mapped[UUID | None] = mapped_column(ForeignKey("writing_attempts.id"))
    number: Mapped[int]
    step: Mapped[str] = mapped_column(String(64))
    content_sha256: Mapped[bytes | None] = mapped_column(LargeBinary(32), index=True)
    """Of the object that was to be written: the card is read again and compared. That of the first one is how the card
    is known: it holds a random number."""
    intended_at: Mapped[datetime]
    done_at: Mapped[datetime | None]
    failure: Mapped[str | None] = mapped_column(String(200))
    verdict: Mapped[Verdict | None] = mapped_column(Text(Verdict))
