"""What is refused about approvals.

ServiceError
├── SamePerson          a second person is needed, and the first one tried
├── RecipientDecides    the second person is the one whom it is about
├── ApprovalNotFound    there is no such approval
├── ApprovalPending     the same was asked for already
├── NotApproved         nobody granted what is being done
├── ApprovalExpired     it was granted or asked for too long ago
└── ApprovalSpent       it was used, refused or granted before
"""

from __future__ import annotations

from cardsvc.errors import ServiceError


class SamePerson(ServiceError):
    """Raised when somebody grants what they asked for, or uses what they granted."""

    code = "same-person"
    title = "A second person is needed"

    def __init__(self) -> None:
        super().__init__("Nobody decides what they asked for themselves. Ask a colleague.")


class RecipientDecides(ServiceError):
    """Raised when an officer has a hand in something that is about themselves: as a citizen, or for a role."""

    code = "recipient-decides"
    title = "This is about yourself"

    def __init__(self) -> None:
        super().__init__("It is about you. Leave it to colleagues.")


class ApprovalNotFound(ServiceError):
    """Raised when no approval has this id."""

    code = "no-such-approval"
    title = "There is no such approval"

    def __init__(self) -> None:
        super().__init__("No approval has this id.")


class ApprovalPending(ServiceError):
    """Raised when the same is asked for while it is open. Carries the id of what was asked."""

    code = "approval-pending"
    title = "That was asked for already"

    def __init__(self, approval_id: str | None = None) -> None:
        known = {} if approval_id is None else {"approval_id": approval_id}
        super().__init__("Somebody asked for the same a moment ago. Decide that first, or let it expire.", **known)


class NotApproved(ServiceError):
    """Raised when something that takes two people is done without the second one's yes. Carries the kind."""

    code = "not-approved"
    title = "Nobody has approved this"

    def __init__(self, kind: str) -> None:
        super().__init__("Ask for approval first, and have a colleague grant it.", kind=kind)


class ApprovalExpired(ServiceError):
    """Raised when an approval is decided or used after its time."""

    code = "approval-expired"
    title = "The approval is over"

    def __init__(self) -> None:
        super().__init__("The time for this is over. Ask for approval again.")


class ApprovalSpent(ServiceError):
    """Raised when an approval was decided or used before. Carries its state."""

    code = "approval-spent"
    title = "The approval is used up"

    def __init__(self, state: str) -> None:
        super().__init__(f"The approval is {state}. Ask for another one if it is needed again.", state=state)
