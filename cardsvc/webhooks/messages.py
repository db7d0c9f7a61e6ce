"""An event as it is told, in the feed and in a webhook, and as it is signed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from cardsvc.webhooks.models import DepartmentEvent
from cardsvc.webhooks.sending import Parcel
from cardsvc.wire import standard_webhooks as signing
from cardsvc.wire import webhooks as wire


def describe(event: DepartmentEvent) -> wire.DepartmentEvent:
    """The event. Raises ValueError for one that has no number yet."""
    if event.number is None:
        raise ValueError("an event without a number is not told yet")
    return wire.DepartmentEvent(
        id=event.id,
        number=event.number,
        type=event.type,
        timestamp=told_time(event),
        data=wire.EventSubject(pseudonym=event.pseudonym, standing=event.standing),
    )


def told_time(event: DepartmentEvent) -> datetime:
    """The hour in which it happened: the very moment would show two departments whom they both know."""
    return event.occurred_at.replace(minute=0, second=0, microsecond=0)


def pack(event: DepartmentEvent, url: str, secrets: Sequence[bytes], now: datetime) -> Parcel:
    """The event, signed now under each of the secrets."""
    body, message_id, seconds = describe(event).model_dump_json().encode(), str(event.id), int(now.timestamp())
    headers = {
        "Content-Type": "application/json",
        "User-Agent": "citizen-card-service",
        signing.ID_HEADER: message_id,
        signing.TIMESTAMP_HEADER: str(seconds),
        signing.SIGNATURE_HEADER: signing.sign_all(secrets, message_id, seconds, body),
    }
    return Parcel(url, headers, body)
