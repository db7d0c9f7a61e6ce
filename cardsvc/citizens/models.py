"""Citizens."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Mapped, mapped_column

from cardsvc.db import Base, new_id


class Citizen(Base):
    """A person. Without ``wrapped_key`` the personal data is gone for good (erasure)."""

    __tablename__ = "citizens"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    wrapped_key: Mapped[bytes | None]
    """The person's data key, sealed under the keystore's personal-data key."""
    sealed_person: Mapped[bytes]
    """`cardsvc.wire.lifecycle.Person` as JSON, sealed under the person's data key."""
    audit_counter: Mapped[int] = mapped_column(default=0)
    """How many audit records name this person; each carries its number, so that a missing one shows as a gap."""
    created_at: Mapped[datetime]
