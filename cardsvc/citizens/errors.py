"""What is refused about citizens."""

from __future__ import annotations

from cardsvc.errors import ServiceError


class CitizenNotFound(ServiceError):
    """Raised when no citizen has this id."""

    code = "no-such-citizen"
    title = "There is no such citizen"

    def __init__(self) -> None:
        super().__init__("Nobody who was enrolled has this id.")
