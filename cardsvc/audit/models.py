"""Audit records, their places in the log, and what the log's tree is made of."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import JSON, BigInteger, ForeignKey, LargeBinary, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from cardsvc.db import Base, new_id


class AuditRecord(Base):
    """One thing that happened. Holds no personal data, so that it can stay when a person is erased; never changed."""

    __tablename__ = "audit_records"
    __table_args__ = (UniqueConstraint("citizen_id", "citizen_counter"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    at: Mapped[datetime] = mapped_column(index=True)
    event: Mapped[str] = mapped_column(String(64), index=True)
    """What was tried, for example ``authentication`` or ``card.revoke``; ``transition`` for a step in a life."""
    outcome: Mapped[str] = mapped_column(String(64))
    """``ok``, or the code of the refusal."""
    actor: Mapped[str] = mapped_column(String(64))
    """Client id of the caller, or ``ceremony`` for `cardsvc init` and the command line."""
    citizen_id: Mapped[UUID | None] = mapped_column(ForeignKey("citizens.id"))
    citizen_counter: Mapped[int | None]
    card_id: Mapped[UUID | None] = mapped_column(ForeignKey("cards.id"), index=True)
    challenge_id: Mapped[UUID | None] = mapped_column(unique=True)
    """The challenge an authentication answered: unique, and so the guard against replay."""
    subject_id: Mapped[UUID | None] = mapped_column(index=True)
    """Whose step a transition is: an application's, a card's."""
    state: Mapped[str | None] = mapped_column(String(32))
    """The state that a transition led to."""
    note_digest: Mapped[bytes | None] = mapped_column(LargeBinary(32))
    """SHA-256 of the salt and the text of the record's note. The note may be erased; this stays."""
    detail: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)


class AuditNote(Base):
    """What somebody wrote about a record in words of their own. It may name a person, so it is not in the log."""

    __tablename__ = "audit_notes"

    record_id: Mapped[UUID] = mapped_column(primary_key=True)
    salt: Mapped[bytes] = mapped_column(LargeBinary(16))
    text: Mapped[str] = mapped_column(String(500))


class AuditWaiting(Base):
    """A record that has no place in the log yet."""

    __tablename__ = "audit_waiting"

    record_id: Mapped[UUID] = mapped_column(primary_key=True)


class AuditEntry(Base):
    """The place of a record in the log."""

    __tablename__ = "audit_entries"

    tree_index: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    record_id: Mapped[UUID] = mapped_column(unique=True)


class AuditTile(Base):
    """Up to 256 hashes of the tree, side by side, as C2SP tlog-tiles has them."""

    __tablename__ = "audit_tiles"

    level: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    """0: the hashes of entries. Above: each hash is the root of a full tile of the level below."""
    number: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    hashes: Mapped[bytes] = mapped_column(LargeBinary)


class AuditCheckpoint(Base):
    """What the log signed about itself. Of each hour the last one stays: proofs lead from any to any later one."""

    __tablename__ = "audit_checkpoints"

    size: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    at: Mapped[datetime] = mapped_column(index=True)
    note: Mapped[str] = mapped_column(Text)
    """A C2SP tlog-checkpoint."""
