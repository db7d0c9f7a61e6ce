"""What is refused about incidents."""

from __future__ import annotations

from cardsvc.errors import ServiceError


class IncidentNotFound(ServiceError):
    """Raised when there is no such incident."""

    code = "incident-not-found"
    title = "There is no such incident"

    def __init__(self) -> None:
        super().__init__("No incident has this id.")


class IncidentClosed(ServiceError):
    """Raised when somebody closes an incident that is closed."""

    code = "incident-closed"
    title = "The incident is closed already"

    def __init__(self) -> None:
        super().__init__("A colleague has closed it.")


class IncidentNotYet(ServiceError):
    """Raised when an incident is said to begin in the future."""

    code = "incident-not-yet"
    title = "The incident lies in the future"

    def __init__(self) -> None:
        super().__init__("Say since when it has been so.")
