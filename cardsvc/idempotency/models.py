"""Kept answers."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, LargeBinary, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from cardsvc.db import Base, Words, new_id


class KeptAnswer(Base):
    """The answer to one request that came with an Idempotency-Key, committed with what the request did."""

    __tablename__ = "kept_answers"
    __table_args__ = (UniqueConstraint("caller_id", "key_hash"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    caller_id: Mapped[UUID] = mapped_column(ForeignKey("callers.id"))
    key_hash: Mapped[bytes] = mapped_column(LargeBinary(32))
    """Finds the answer. The key itself is not here: it opens the answer."""
    fingerprint: Mapped[bytes] = mapped_column(LargeBinary(32))
    """Of method, path and body, under the key: nobody without it can try likely bodies."""
    sealed_answer: Mapped[bytes | None] = mapped_column(LargeBinary)
    """None only within the transaction that does the work."""
    citizens: Mapped[tuple[str, ...]] = mapped_column(Words())
    """Ids of whom the request was about: their answers go when they are erased."""
    kept_at: Mapped[datetime] = mapped_column(index=True)
