"""Kiosks as machines, the codes with which they are enrolled, and the plan they all follow."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import JSON, ForeignKey, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from cardsvc.db import Base, new_id


class Kiosk(Base):
    """A kiosk: a place that waits for one, or a caller and what it said of itself last."""

    __tablename__ = "kiosks"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    client_id: Mapped[str] = mapped_column(String(64), unique=True)
    title: Mapped[str] = mapped_column(String(100))
    """Until there is a caller, which has its own from then on."""
    office_id: Mapped[UUID | None] = mapped_column(ForeignKey("offices.id"), index=True)
    """Likewise."""
    caller_id: Mapped[UUID | None] = mapped_column(ForeignKey("callers.id"), unique=True)
    created_at: Mapped[datetime]
    enrolled_at: Mapped[datetime | None]
    """The last time, with a code; None for one that was registered with its key."""
    disabled_by: Mapped[str | None] = mapped_column(String(64))
    disabled_reason: Mapped[str | None] = mapped_column(String(200))
    """Both of the last time; whether it is disabled, `Caller.out_of_service_at` says."""
    last_seen_at: Mapped[datetime | None]
    report: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))


class EnrolmentCode(Base):
    """A code that lets a kiosk in once. The code itself is known to whoever was shown it."""

    __tablename__ = "enrolment_codes"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    kiosk_id: Mapped[UUID] = mapped_column(ForeignKey("kiosks.id"), index=True)
    code_sha256: Mapped[bytes] = mapped_column(LargeBinary(32), unique=True)
    """It has 120 random bits: nobody finds it from this."""
    made_by: Mapped[str] = mapped_column(String(64))
    made_at: Mapped[datetime]
    expires_at: Mapped[datetime] = mapped_column(index=True)
    used_at: Mapped[datetime | None]
    thumbprint: Mapped[str | None] = mapped_column(String(43))
    """Of the key that was enrolled with it."""


class FleetPlan(Base):
    """What all kiosks offer and how they behave: a draft, or a version once it is published."""

    __tablename__ = "fleet_plans"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    terms: Mapped[dict[str, Any]] = mapped_column(JSON)
    changes_version: Mapped[int]
    """The version that was in force when it was drafted; 0 for none."""
    drafted_by: Mapped[str] = mapped_column(String(64))
    drafted_at: Mapped[datetime]
    version: Mapped[int | None] = mapped_column(unique=True)
    published_by: Mapped[str | None] = mapped_column(String(64))
    published_at: Mapped[datetime | None]
