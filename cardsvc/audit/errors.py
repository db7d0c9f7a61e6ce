"""What is refused or found wrong about the log.

    ServiceError
    ├── OutsideLog            an index or a size that the log does not have (carries the log's size)
    ├── RecordNotFound        there is no such record
    ├── LogDamaged            the log is not what it was signed to be
    └── CopyRefused           a copy of the log is not one, or does not verify

What is wrong inside a log is no refusal: `verification` reports it, as findings.
"""

from __future__ import annotations

from cardsvc.errors import ServiceError


class OutsideLog(ServiceError):
    """Raised when something is asked about entries that the log does not have."""

    code = "outside-log"
    title = "The log does not have these entries"

    def __init__(self, size: int) -> None:
        super().__init__(f"The log has {size} entries.", size=size)


class RecordNotFound(ServiceError):
    """Raised when there is no record with an id."""

    code = "record-not-found"
    title = "There is no such record"

    def __init__(self) -> None:
        super().__init__("No record has this id.")


class LogDamaged(ServiceError):
    """Raised when the log is not what it was signed to be. Nothing is appended to it: that would sign the damage."""

    code = "log-damaged"
    title = "The log is damaged"

    def __init__(self, what: str) -> None:
        super().__init__(f"{what}. `cardsvc audit verify` says where.")


class CopyRefused(ServiceError):
    """Raised when a copy of the log cannot be used."""

    code = "copy-refused"
    title = "The copy cannot be used"
