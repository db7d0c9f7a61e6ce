"""What departments are told about people they know, as it happens: events, and the webhooks that bring them."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated
from uuid import UUID

from pydantic import Field, StringConstraints

from cardsvc.wire.base import WHOLE, Code, FeedPage, Message, Page, Timestamp
from cardsvc.wire.departments import CardStanding, Pseudonym

MOST_EVENTS = 500
"""In one answer."""


class EventType(StrEnum):
    """What happened. Read the standing, too: whoever has a card revoked may have another one in force."""

    CARD_HELD = "card.held"
    """A card was stopped for now."""
    CARD_REINSTATED = "card.reinstated"
    """A card that was held is in force again."""
    CARD_REVOKED = "card.revoked"
    """A card was withdrawn for good."""
    CARD_EXPIRED = "card.expired"
    """A card's last day has passed."""
    CARD_REPLACED = "card.replaced"
    """Another card came into force in place of what the person had before."""
    PERSON_DECEASED = "person.deceased"
    """Two officers confirmed that the person died."""
    DEATH_REVERSED = "person.death-reversed"
    """The registry was wrong, two officers agreed: the person lives, and may get another card."""


class EventSubject(Message):
    """Whom it is about, by the department's own name for them, and how their cards stand since."""

    pseudonym: Pseudonym
    standing: CardStanding
    """As `POST /v1/card-standings` would have answered at that moment."""


class DepartmentEvent(Message):
    """Something that happened: the body of a webhook, and an entry of the feed."""

    id: UUID
    """Random; the same in the feed, in each attempt to deliver it, and in its header: act upon an id once."""
    number: int
    """Of the department's own count, which rises by one: a gap shows that something was missed."""
    type: EventType
    timestamp: Timestamp
    """The hour in which it happened, for all departments that are told. The order of events is that of ``number``."""
    data: EventSubject


class EventPage(FeedPage):
    """Events in order."""

    events: list[DepartmentEvent]


Url = Annotated[str, StringConstraints(min_length=9, max_length=500, pattern=r"^https?://[!-~]+$")]


class SubscriptionRequest(Message):
    """Have events sent."""

    url: Url
    """``https://…``. Neither user nor fragment; no redirect is followed."""


class SubscriptionState(StrEnum):
    """Whether events are sent."""

    ACTIVE = "active"
    SUSPENDED = "suspended"
    """Nothing was accepted for long. Tried now and then; in force again with the first event that is accepted."""
    DISABLED = "disabled"
    """By the department, by an administrator, or because the receiver answered 410."""


class Subscription(Message):
    """Where a department's events are sent, and how that goes."""

    department: Code
    url: str
    state: SubscriptionState
    created_at: Timestamp
    secret_made_at: Timestamp
    previous_secret_until: Timestamp | None = None
    """Until then each delivery carries a second signature, under the secret before."""
    failures: int
    """Attempts in a row that failed."""
    failing_since: Timestamp | None = None
    waiting: int
    """Events that were not accepted yet."""


class SubscriptionList(Page):
    """All subscriptions, by department."""

    subscriptions: list[Subscription]


class SubscriptionSecret(Message):
    """A subscription with its secret, which is shown once."""

    subscription: Subscription
    secret: str = Field(repr=False)
    """``whsec_`` and base64: the key that signs deliveries (Standard Webhooks)."""


class SecretRotation(Message):
    """Ask for another secret."""

    overlap_hours: Annotated[int, Field(ge=0, le=720), WHOLE] = 24
    """So long the old one signs, too: time to give the new one to every receiver. 0 when it was stolen."""


class DeliveryState(StrEnum):
    """How far a delivery is."""

    WAITING = "waiting"
    DELIVERED = "delivered"


class AttemptFailure(StrEnum):
    """Why an attempt did not get as far as an answer."""

    ADDRESS_REFUSED = "address-refused"
    """The name leads to an address to which the service sends nothing, or only encrypted."""
    NAME_UNKNOWN = "name-unknown"
    NOT_CONNECTED = "not-connected"
    """No connection, or no trust in the certificate."""
    TIMED_OUT = "timed-out"
    BROKEN_OFF = "broken-off"
    """Something came back that is no answer."""


class DeliveryAttempt(Message):
    """One try."""

    at: Timestamp
    status: int | None = None
    """Of the answer; 2xx accepts the event."""
    failure: AttemptFailure | None = None
    milliseconds: int


class Delivery(Message):
    """An event on its way. Nothing of whom it is about."""

    event_id: UUID
    number: int
    type: EventType
    department: Code
    occurred_at: Timestamp
    """The hour in which it happened."""
    state: DeliveryState
    attempts: int
    """Since it was sent first, or asked for again."""
    next_at: Timestamp | None = None
    """Not before; later while an earlier event of the same person waits, or the receiver is out of order."""
    delivered_at: Timestamp | None = None
    acknowledged_at: Timestamp | None = None
    latest: list[DeliveryAttempt]
    """The newest attempts, newest first."""


class DeliveryPage(FeedPage):
    """Deliveries in order."""

    deliveries: list[Delivery]


class ReplayRequest(Message):
    """Have events sent again."""

    since: UUID
    """From this event on, itself included, in order for each person."""


class Replay(Message):
    """What will be sent."""

    events: int
