"""Events for departments, where they are to be sent, and what came of each attempt."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy import BigInteger, ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from cardsvc.db import Base, Text, new_id
from cardsvc.departments.models import Department
from cardsvc.wire.departments import CardStanding
from cardsvc.wire.webhooks import AttemptFailure, DeliveryState, EventType, SubscriptionState

_UNNUMBERED = text("number IS NULL")
_WAITING = text("delivery = 'waiting'")


class DepartmentEvent(Base):
    """What one department is to hear about somebody it knows; written in the transaction of the act.

    It names the person by the department's own pseudonym and by nothing else, so that erasing the person leaves it
    behind: a department that was out of order must hear of a revocation all the same.
    """

    __tablename__ = "department_events"
    __table_args__ = (
        UniqueConstraint("department_id", "number"),
        Index("ix_department_events_unnumbered", "id", sqlite_where=_UNNUMBERED, postgresql_where=_UNNUMBERED),
        Index(
            "ix_department_events_waiting",
            "department_id",
            "pseudonym",
            "number",
            sqlite_where=_WAITING,
            postgresql_where=_WAITING,
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    """Told, and therefore random: ids that follow each other would show two departments whom they both know."""
    department_id: Mapped[UUID] = mapped_column(ForeignKey("departments.id"))
    pseudonym: Mapped[str] = mapped_column(String(43))
    type: Mapped[EventType] = mapped_column(Text(EventType))
    standing: Mapped[CardStanding] = mapped_column(Text(CardStanding))
    occurred_at: Mapped[datetime] = mapped_column(index=True)
    """The moment, in the order of which it is given its number; told is the hour."""
    turn: Mapped[int]
    """The citizen's audit counter at the act: of two events of one person the later has the higher, or the same."""
    number: Mapped[int | None] = mapped_column(BigInteger)
    """Its place in the department's feed; None until it is committed and was given one (`numbering.py`)."""
    revocation_id: Mapped[UUID | None] = mapped_column(ForeignKey("revocations.id"), index=True)
    acknowledged_at: Mapped[datetime | None]
    """When the department took note of it first: it accepted a delivery, or said so."""
    delivery: Mapped[DeliveryState | None] = mapped_column(Text(DeliveryState))
    """None: it is in the feed only."""
    attempts: Mapped[int] = mapped_column(default=0)
    replays: Mapped[int] = mapped_column(default=0, server_default="0")
    """How often it was asked for again: what comes of an attempt that began before says nothing of those after."""
    next_at: Mapped[datetime | None]
    delivered_at: Mapped[datetime | None]


class WebhookSubscription(Base):
    """Where a department has its events sent."""

    __tablename__ = "webhook_subscriptions"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    department_id: Mapped[UUID] = mapped_column(ForeignKey("departments.id"), unique=True)
    url: Mapped[str] = mapped_column(String(500))
    state: Mapped[SubscriptionState] = mapped_column(Text(SubscriptionState))
    sealed_secret: Mapped[bytes]
    secret_made_at: Mapped[datetime]
    sealed_previous: Mapped[bytes | None]
    """The secret before, which signs too for a while."""
    previous_until: Mapped[datetime | None]
    created_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    """When somebody had it disabled; None also when the receiver answered 410, which nobody decided."""
    failures: Mapped[int] = mapped_column(default=0)
    failing_since: Mapped[datetime | None]
    hold_until: Mapped[datetime | None]
    """The receiver is out of order: nothing is tried before."""
    claimed_by: Mapped[UUID | None]
    """Whoever delivers now: one at a time, or events of a person could overtake each other."""
    claimed_until: Mapped[datetime | None]

    department: Mapped[Department] = relationship()


class WebhookAttempt(Base):
    """One try to deliver an event. Nothing of the answer is kept but its status."""

    __tablename__ = "webhook_attempts"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    event_id: Mapped[UUID] = mapped_column(ForeignKey("department_events.id"), index=True)
    at: Mapped[datetime]
    status: Mapped[int | None]
    failure: Mapped[AttemptFailure | None] = mapped_column(Text(AttemptFailure))
    milliseconds: Mapped[int]
