"""Events as a department gets them: from the feed, or by webhook; and the check that a webhook is genuine."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Final
from uuid import UUID

from pydantic import ValidationError

from cardsvc.client.calls import Calls, query_of
from cardsvc.client.clock import Clock, system_clock
from cardsvc.client.errors import WebhookExpired, WebhookMalformed, WebhookSignatureInvalid
from cardsvc.wire import standard_webhooks as signing
from cardsvc.wire import webhooks as wire

REPLAY_WINDOW: Final = timedelta(minutes=5)
"""So old, or so far in the future, a delivery may be (Standard Webhooks)."""


class WebhookCalls(Calls):
    """Every method raises ServiceProblem and ServiceUnreachable."""

    def event_page(self, after: UUID | None = None, limit: int = 100) -> wire.EventPage:
        """What came after an event; from the oldest that is kept, unless one is named."""
        return self._get("/v1/events" + query_of({"after": after, "limit": limit}), wire.EventPage)

    def events(self, after: UUID | None = None) -> Iterator[wire.DepartmentEvent]:
        """All events after one, as far as there are any now. Keep the id of the last; ask on from it later."""
        for page in self._read_on("/v1/events", wire.EventPage, after, limit=wire.MOST_EVENTS):
            yield from page.events

    def subscribe(self, url: str) -> wire.SubscriptionSecret:
        """Have events sent from now on. The secret is told this once."""
        request = wire.SubscriptionRequest(url=url)
        return self._post("/v1/webhook-subscription", request, wire.SubscriptionSecret)

    def subscription(self) -> wire.Subscription:
        """Where events are sent, and how that goes."""
        return self._get("/v1/webhook-subscription", wire.Subscription)

    def rotate_webhook_secret(self, overlap_hours: int = 24) -> wire.SubscriptionSecret:
        """Another secret. So long the old one signs, too: give both to `WebhookVerifier` meanwhile."""
        request = wire.SecretRotation(overlap_hours=overlap_hours)
        return self._post("/v1/webhook-subscription/rotate-secret", request, wire.SubscriptionSecret)

    def unsubscribe(self) -> wire.Subscription:
        """Have nothing sent any more."""
        return self._post("/v1/webhook-subscription/disable", None, wire.Subscription)

    def resume_webhooks(self) -> wire.Subscription:
        """Say that the receiver is back."""
        return self._post("/v1/webhook-subscription/resume", None, wire.Subscription)

    def replay(self, since: UUID) -> int:
        """Have an event and all later ones sent again; how many that are."""
        request = wire.ReplayRequest(since=since)
        return self._post("/v1/webhook-replays", request, wire.Replay).events

    def delivery_page(
        self,
        after: UUID | None = None,
        limit: int = 100,
        *,
        department: str | None = None,
        state: wire.DeliveryState | None = None,
    ) -> wire.DeliveryPage:
        """Some deliveries after an event. Only an administrator names a department."""
        query = query_of({"after": after, "limit": limit, "department": department, "state": state})
        return self._get("/v1/webhook-deliveries" + query, wire.DeliveryPage)

    def deliveries(
        self, *, department: str | None = None, state: wire.DeliveryState | None = None
    ) -> Iterator[wire.Delivery]:
        """All deliveries, with the newest attempts of each."""
        wanted = {"limit": wire.MOST_EVENTS, "department": department, "state": state}
        for page in self._read_on("/v1/webhook-deliveries", wire.DeliveryPage, None, **wanted):
            yield from page.deliveries

    def subscriptions(self) -> Iterator[wire.Subscription]:
        """Those of all departments, for administrators."""
        return (
            row
            for page in self._pages("/v1/webhook-subscriptions", wire.SubscriptionList)
            for row in page.subscriptions
        )


class WebhookVerifier:
    """Checks that a delivery comes from the service, is meant for this department, and is no old one sent again.

    A delivery may come twice: act upon each `DepartmentEvent.id` once, in the transaction that does so.
    """

    def __init__(self, *secrets: str, window: timedelta = REPLAY_WINDOW, clock: Clock = system_clock) -> None:
        """During a rotation give the new secret and the old one. Raises ValueError for what is no secret."""
        if not secrets:
            raise ValueError("a verifier needs a secret")
        self._secrets: Sequence[bytes] = [signing.read_secret(secret) for secret in secrets]
        self._window = window
        self._clock = clock

    def verify(self, headers: Mapping[str, str], body: bytes) -> wire.DepartmentEvent:
        """The event. ``body`` is as it came, to the byte. Raises a subclass of WebhookRefused."""
        given = {name.lower(): value for name, value in headers.items()}
        try:
            message_id, signature = given[signing.ID_HEADER], given[signing.SIGNATURE_HEADER]
            timestamp = _seconds(given[signing.TIMESTAMP_HEADER])
        except (KeyError, ValueError):
            raise WebhookMalformed("the headers of Standard Webhooks are missing or wrong") from None
        if not any(signing.is_signed(secret, message_id, timestamp, body, signature) for secret in self._secrets):
            raise WebhookSignatureInvalid("not signed under our secret")
        if abs(self._clock().timestamp() - timestamp) > self._window.total_seconds():
            raise WebhookExpired("too old, or from the future")
        return _read(message_id, body)


def _read(message_id: str, body: bytes) -> wire.DepartmentEvent:
    try:
        event = wire.DepartmentEvent.model_validate_json(body)
    except ValidationError:
        raise WebhookMalformed("the body is not an event") from None
    if str(event.id) != message_id:
        raise WebhookMalformed("the header names another event")
    return event


def _seconds(text: str) -> int:
    """Digits and nothing else: Python would read a number out of more. Raises ValueError."""
    if not (text.isascii() and text.isdecimal()) or str(int(text)) != text:
        raise ValueError("not a time")
    return int(text)
