"""What is refused about events and webhooks."""

from __future__ import annotations

from cardsvc.errors import ServiceError


class WebhookUrlRefused(ServiceError):
    """Raised when events cannot be sent to a URL."""

    code = "webhook-url-refused"
    title = "Events cannot be sent to this URL"


class NotSubscribed(ServiceError):
    """Raised when a department has no subscription, or none to which anything is sent."""

    code = "not-subscribed"
    title = "No events are sent to the department"

    def __init__(self) -> None:
        super().__init__("Subscribe; or, when the subscription is disabled, resume it.")


class EventUnknown(ServiceError):
    """Raised when a department has no event of this id, or has it no longer."""

    code = "event-unknown"
    title = "There is no such event"

    def __init__(self) -> None:
        super().__init__("No event of the department has this id, or it is kept no longer. Begin with the oldest kept.")
