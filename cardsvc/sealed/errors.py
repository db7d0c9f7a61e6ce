"""What is refused about investigations.

ServiceError
├── InvestigationUnknown       there is none of this id
├── InvestigationNotApproved   a colleague has not agreed, or this is not whoever asked
├── InvestigationOver          the time is over, or it is released (carries the state)
├── ReleaseDateRefused         the date is past, or too far away (carries the last one that is possible)
└── SealedEntriesFull          the batches have no room, or none for this one today: nothing was done
"""

from __future__ import annotations

from datetime import date

from cardsvc.errors import ServiceError
from cardsvc.wire.investigations import InvestigationState


class InvestigationUnknown(ServiceError):
    """Raised when there is no investigation with an id."""

    code = "investigation-unknown"
    title = "There is no such investigation"

    def __init__(self) -> None:
        super().__init__("No investigation has this id.")


class InvestigationNotApproved(ServiceError):
    """Given back when somebody looks before a colleague has agreed, or looks in place of whoever asked."""

    code = "investigation-not-approved"
    title = "You may not look at this person"

    def __init__(self) -> None:
        super().__init__("Whoever asked may look, once a colleague has agreed.")


class InvestigationOver(ServiceError):
    """Given back when the time is over, or the investigation is released. Carries its state."""

    code = "investigation-over"
    title = "The investigation is over"

    def __init__(self, state: InvestigationState) -> None:
        super().__init__("Ask for another one.", state=state.value)


class ReleaseDateRefused(ServiceError):
    """Raised when an investigation is to be released in the past, or too late. Carries the last day."""

    code = "release-date-refused"
    title = "The investigation cannot be released then"

    def __init__(self, latest: date) -> None:
        super().__init__(f"Choose a day after today, {latest} at the latest.", latest=latest.isoformat())


class SealedEntriesFull(ServiceError):
    """Raised when today's batch and the next are full, or whoever asks has taken their share of the day."""

    code = "sealed-entries-full"
    title = "There is no room for a sealed entry"

    def __init__(self) -> None:
        super().__init__("Nothing was done. Try again tomorrow.")
