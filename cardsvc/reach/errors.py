"""What is refused about revocations and acknowledgements."""

from __future__ import annotations

from cardsvc.errors import ServiceError


class RevocationUnknown(ServiceError):
    """Raised when there is no revocation of this id, or no longer."""

    code = "revocation-unknown"
    title = "There is no such revocation"

    def __init__(self) -> None:
        super().__init__("No revocation has this id, or it is kept no longer. Begin with the oldest kept.")
