"""Certificates the issuing CA has signed."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import ForeignKey, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from cardsvc.db import Base, Text, new_id


class KeyOrigin(StrEnum):
    """How sure we are that a key was made on the card and never left it."""

    ATTESTED = "attested"
    SECURE_CHANNEL = "secure-channel"
    ASSERTED = "asserted"


class CertificateStatus(StrEnum):
    """Status of a certificate; on hold until its card is active."""

    ON_HOLD = "on-hold"
    VALID = "valid"
    REVOKED = "revoked"


class Certificate(Base):
    """A certificate of a card key. The same public key is never certified twice."""

    __tablename__ = "certificates"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    card_id: Mapped[UUID] = mapped_column(ForeignKey("cards.id"), index=True)
    key_reference: Mapped[int]
    serial: Mapped[str] = mapped_column(String(40), unique=True)
    """Lower-case hexadecimal."""
    der: Mapped[bytes]
    public_key_sha256: Mapped[bytes] = mapped_column(LargeBinary(32), unique=True)
    key_origin: Mapped[KeyOrigin] = mapped_column(Text(KeyOrigin))
    status: Mapped[CertificateStatus] = mapped_column(Text(CertificateStatus))
    revocation_reason: Mapped[str | None] = mapped_column(String(32))
    revoked_at: Mapped[datetime | None]
    not_after: Mapped[datetime]
    created_at: Mapped[datetime]
