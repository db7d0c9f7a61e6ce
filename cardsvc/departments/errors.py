"""What is refused about departments and their policies."""

from __future__ import annotations

from collections.abc import Iterable

from cardsvc.errors import ServiceError
from cardsvc.wire.levels import Level


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


class DepartmentNotFound(ServiceError):
    """Raised when somebody asks for a department that does not take part."""

    code = "department-not-found"
    title = "There is no such department"

    def __init__(self) -> None:
        super().__init__("No department of this code takes part.")


class PolicyDraftNotFound(ServiceError):
    """Raised when there is no such draft of a policy."""

    code = "policy-draft-not-found"
    title = "There is no such draft"

    def __init__(self) -> None:
        super().__init__("Draft the policy anew.")


class PolicyChangedMeanwhile(ServiceError):
    """Raised when another version came into force since the draft was written. Carries both versions."""

    code = "policy-changed-meanwhile"
    title = "Another version of the policy came into force meanwhile"

    def __init__(self, drafted_from: int, in_force: int) -> None:
        super().__init__(
            "Draft the change anew, from the version in force.", drafted_from=drafted_from, in_force=in_force
        )


class PseudonymUnknown(ServiceError):
    """Raised when a department knows nobody by a name, or the person was erased."""

    code = "pseudonym-unknown"
    title = "The department knows nobody by this name"

    def __init__(self) -> None:
        super().__init__("The department was never told about anybody of this name, or the person was erased.")


class PurposeNotCovered(ServiceError):
    """Raised when the policy in force does not name the purpose. Carries it."""

    code = "purpose-not-covered"
    title = "The department's policy does not name this purpose"

    def __init__(self, purpose: str) -> None:
        super().__init__("The purpose needs to be in the department's approved policy.", purpose=purpose)


class QuestionsNotCovered(ServiceError):
    """Raised when the policy in force does not let the department ask that, or not for this. Carries the questions."""

    code = "questions-not-covered"
    title = "The department's policy does not cover these questions"

    def __init__(self, refused: Iterable[str]) -> None:
        super().__init__("The department may not ask every one of the questions.", questions=sorted(refused))


class ReaderNotCovered(ServiceError):
    """Raised when the policy in force lets the department authenticate no cards of this level itself. Carries it."""

    code = "reader-not-covered"
    title = "The department's policy does not cover a reader of its own"

    def __init__(self, level: Level) -> None:
        super().__init__("The level needs to be among the reader levels of the approved policy.", level=level.value)


class SealRefused(ServiceError):
    """Raised when a request for a seal's certificate cannot be granted. ``detail`` says why."""

    code = "seal-refused"
    title = "No certificate can be given to this seal"


class SealNotFound(ServiceError):
    """Raised when there is no such seal."""

    code = "seal-not-found"
    title = "There is no such seal"

    def __init__(self) -> None:
        super().__init__("No seal's certificate has this serial number.")


class RangeRefused(ServiceError):
    """Raised for a report over days that do not follow each other, or over too many. Carries how many there may be."""

    code = "range-refused"
    title = "There is no report over these days"

    def __init__(self, most_days: int) -> None:
        super().__init__("Name a first and a last day, in this order and not too far apart.", most_days=most_days)
