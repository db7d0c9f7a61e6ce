"""Callers and the client assertions they have used."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import JSON, ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from cardsvc.db import Base, Text, Words, new_id
from cardsvc.wire.officers import CallerKind, Role

__all__ = ["Caller", "CallerKind", "RoleGrant", "UsedClientAssertion"]


class Caller(Base):
    """Somebody with a key of their own who may ask the service for tokens."""

    __tablename__ = "callers"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    client_id: Mapped[str] = mapped_column(String(64), unique=True)
    kind: Mapped[CallerKind] = mapped_column(Text(CallerKind))
    title: Mapped[str] = mapped_column(String(100))
    public_jwk: Mapped[dict[str, Any]] = mapped_column(JSON)
    thumbprint: Mapped[str] = mapped_column(String(43), unique=True)
    """RFC 7638, SHA-256: one key belongs to one caller."""
    former_jwk: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    """The key before, which stays good until ``former_until``: a caller changes its key without a break."""
    former_thumbprint: Mapped[str | None] = mapped_column(String(43), unique=True, index=True)
    former_until: Mapped[datetime | None]
    scopes: Mapped[list[str]] = mapped_column(JSON)
    """What a kiosk, a desk or a department may hold, within its kind. An officer has roles instead."""
    roles: Mapped[tuple[str, ...] | None] = mapped_column(Words(200))
    """An officer's; nobody else has any."""
    office_id: Mapped[UUID | None] = mapped_column(ForeignKey("offices.id"), index=True)
    audience: Mapped[str] = mapped_column(String(200))
    citizen_id: Mapped[UUID | None] = mapped_column(ForeignKey("citizens.id"), index=True)
    """An officer who is a resident too: what is about that citizen is left to colleagues."""
    card_confirmed_at: Mapped[datetime | None]
    """When an officer said, with their key, that they are that citizen: since then that one's cards sign them in."""
    keyed_by: Mapped[str | None] = mapped_column(String(64))
    """Client id of whoever let it in, or gave it another key since: they may hold the key themselves.

    None for the founding officers, and for one who has another key since: theirs alone (`keys.change_own_key`).
    """
    created_at: Mapped[datetime]
    disabled_at: Mapped[datetime | None]
    """Put out, for good."""
    out_of_service_at: Mapped[datetime | None]
    """A kiosk that may only report, since then and until it is enabled again."""


class RoleGrant(Base):
    """A role that somebody asked for, for an officer; the approval of kind ``role-grant`` is about this row."""

    __tablename__ = "role_grants"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    caller_id: Mapped[UUID] = mapped_column(ForeignKey("callers.id"), index=True)
    role: Mapped[Role] = mapped_column(Text(Role))
    requested_by: Mapped[str] = mapped_column(String(64))
    requested_at: Mapped[datetime]
    granted_at: Mapped[datetime | None]


class UsedClientAssertion(Base):
    """The ``jti`` of a client assertion that was accepted: it is not accepted again (RFC 7523 §3)."""

    __tablename__ = "used_client_assertions"
    __table_args__ = (UniqueConstraint("caller_id", "jti"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    caller_id: Mapped[UUID] = mapped_column(ForeignKey("callers.id"))
    jti: Mapped[str] = mapped_column(String(128))
    expires_at: Mapped[datetime] = mapped_column(index=True)
