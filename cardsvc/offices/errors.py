"""What is refused about offices."""

from __future__ import annotations

from cardsvc.errors import ServiceError


class OfficeUnknown(ServiceError):
    """Raised when no open office has this code."""

    code = "no-such-office"
    title = "There is no such office"

    def __init__(self, office: str) -> None:
        super().__init__("No office that is open has this code.", office=office)


class OfficeExists(ServiceError):
    """Raised when an office has this code already, open or closed."""

    code = "office-exists"
    title = "There is such an office already"

    def __init__(self, office: str) -> None:
        super().__init__("An office has, or had, this code.", office=office)


class OfficeInUse(ServiceError):
    """Raised when an office is to be closed where somebody works still. Carries how many."""

    code = "office-in-use"
    title = "Somebody works there"

    def __init__(self, callers: int) -> None:
        super().__init__("Move its officers, desks and kiosks to another office first.", callers=callers)
