"""What is refused about evidence."""

from __future__ import annotations

from cardsvc.errors import ServiceError


class EvidenceNotFound(ServiceError):
    """Raised when the department was told nothing under an id. Another's verification is not there either."""

    code = "evidence-not-found"
    title = "There is no such verification"

    def __init__(self) -> None:
        super().__init__("Nothing was told to you under this id.")
