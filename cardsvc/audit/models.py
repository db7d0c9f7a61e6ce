"""Audit records, their places in the log, and what the log's tree is made of."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import JSON, BigInteger, Index, LargeBinary, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from cardsvc.db import Base, new_id

_NO_ANSWER = text("challenge_id IS NULL")
_A_STEP = text("subject_id IS NOT NULL")


class AuditRecord(Base):
    """One thing that happened. Holds no personal data, so that it can stay when a person is erased; never changed.

    It names citizen and card by id alone, without a foreign key: the log is what rows are held against, not the other
    way round (`cardsvc audit verify`), and each answer to a challenge would have the database lock two more rows. For
    the same reason the indexes that answers are never found by do not hold them.
    """

    __tablename__ = "audit_records"
    __table_args__ = (
        UniqueConstraint("citizen_id", "citizen_counter"),
        Index("ix_audit_records_event", "event", sqlite_where=_NO_ANSWER, postgresql_where=_NO_ANSWER),
        Index("ix_audit_records_subject_id", "subject_id", sqlite_where=_A_STEP, postgresql_where=_A_STEP),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    at: Mapped[datetime] = mapped_column(index=True)
    event: Mapped[str] = mapped_column(String(64))
    """What was tried, for example ``authentication`` or ``card.revoke``; ``transition`` for a step in a life."""
    outcome: Mapped[str] = mapped_column(String(64))
    """``ok``, or the code of the refusal."""
    actor: Mapped[str] = mapped_column(String(64))
    """Client id of the caller, or ``ceremony`` for `cardsvc init` and the command line."""
    citizen_id: Mapped[UUID | None]
    citizen_counter: Mapped[int | None]
    card_id: Mapped[UUID | None]
    challenge_id: Mapped[UUID | None] = mapped_column(unique=True)
    """The challenge an authentication answered: unique, and so the guard against replay."""
    subject_id: Mapped[UUID | None]
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
