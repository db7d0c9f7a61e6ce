"""What is refused about departments and their policies."""

from __future__ import annotations

from cardsvc.errors import ServiceError


class PolicyInvalid(ServiceError):
    """Raised when a policy is malformed, or would give a department more than any may have."""

    code = "policy-invalid"
    title = "The policy cannot be published"


class DepartmentExists(ServiceError):
    """Raised when a department of this code takes part already."""

    code = "department-exists"
    title = "There is such a department already"

    def __init__(self, department: str) -> None:
        super().__init__("A department of this code takes part already.", department=department)
