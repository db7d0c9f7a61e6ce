"""What is refused about people.

ServiceError
├── CitizenNotFound        there is no such person
├── PersonErased           there was
├── PersonEnrolled         the document number is somebody's already (carries whose, and what differs)
├── PhotoRefused           the photograph cannot be used (carries why)
├── PhotoMissing           there is none
├── DocumentRefused        the scan cannot be used (carries why)
├── DocumentUnknown        there is no such document
├── NothingToCorrect       what is known already says so
├── ApplicationUnderWay    a colleague has been shown an application for the person as they are known now (carries it)
├── GuardianRefused        this person cannot act for that one (carries why)
└── PersonNeeded           the person cannot be erased yet (carries what stands in the way)
"""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from cardsvc.errors import ServiceError


class CitizenNotFound(ServiceError):
    """Raised when nobody has this id."""

    code = "no-such-citizen"
    title = "There is no such citizen"

    def __init__(self) -> None:
        super().__init__("Nobody who was enrolled has this id.")


class PersonErased(ServiceError):
    """Raised when the personal data asked for was erased."""

    code = "person-erased"
    title = "The personal data was erased"

    def __init__(self) -> None:
        super().__init__("This person's data was erased and cannot be brought back.")


class PersonEnrolled(ServiceError):
    """Raised when the document number belongs to somebody who is enrolled, with other data than was given.

    Carries the person's id and the names of what differs. The same data again is no error: it is the same person.
    """

    code = "person-enrolled"
    title = "The document number is somebody's already"

    def __init__(self, person_id: UUID | None, differs: Iterable[str]) -> None:
        super().__init__(
            "Somebody with this document number is enrolled. Open that person, and correct what is wrong.",
            person_id=None if person_id is None else str(person_id),
            differs=sorted(differs),
        )


class PhotoRefused(ServiceError):
    """Raised when a photograph cannot be used. ``reason`` is for programs."""

    code = "photo-refused"
    title = "The photograph cannot be used"

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(detail, reason=reason)
        self.reason = reason


class PhotoMissing(ServiceError):
    """Raised when a photograph is asked for and there is none."""

    code = "no-photo"
    title = "There is no photograph"

    def __init__(self) -> None:
        super().__init__("No photograph of this person is kept.")


class DocumentRefused(ServiceError):
    """Raised when a scanned document cannot be kept. ``reason`` is for programs."""

    code = "document-refused"
    title = "The document cannot be kept"

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(detail, reason=reason)
        self.reason = reason


class DocumentUnknown(ServiceError):
    """Raised when no document of the application has this id."""

    code = "no-such-document"
    title = "There is no such document"

    def __init__(self) -> None:
        super().__init__("No document of this application has this id.")


class NothingToCorrect(ServiceError):
    """Raised when a correction would change nothing."""

    code = "nothing-to-correct"
    title = "There is nothing to correct"

    def __init__(self) -> None:
        super().__init__("What is known about the person says so already.")


class ApplicationUnderWay(ServiceError):
    """Raised when it is to be changed who a card is for that a colleague was asked to approve, and that is not made.

    Carries the application.
    """

    code = "application-under-way"
    title = "A card is being made for this person as they are known now"

    def __init__(self, application_id: UUID) -> None:
        super().__init__(
            "Cancel the application, correct the person, and ask for the card again.",
            application_id=str(application_id),
        )


class GuardianRefused(ServiceError):
    """Raised when somebody cannot act for somebody. ``reason`` is for programs."""

    code = "guardian-refused"
    title = "This person cannot act for that one"

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(detail, reason=reason)
        self.reason = reason


class PersonNeeded(ServiceError):
    """Raised when a person has cards that are not out of use, or an application that is open. Carries how many."""

    code = "person-needed"
    title = "The person cannot be erased yet"

    def __init__(self, cards: int, applications: int) -> None:
        super().__init__(
            "End the open applications, and revoke or write off the cards, before the person is erased.",
            cards=cards,
            applications=applications,
        )
