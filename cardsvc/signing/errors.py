"""What is refused about documents to be signed. What is wrong with the card's answer is in `authentication/errors.py`.

    ServiceError
    ├── PreparedDocumentRefused   what the department stated does not fit (carries the fault)
    └── KeyOriginRefused          nobody vouches for where the card's signature key was made

A signature that is shown is refused as a `ProofRefused` is: its handle is a challenge, which has one answer.
"""

from __future__ import annotations

from enum import StrEnum

from cardsvc.errors import ServiceError


class PreparedFault(StrEnum):
    """What is wrong with a prepared document."""

    MALFORMED = "malformed"
    SIGNATURE_INVALID = "signature-invalid"
    """No key of the department signed it."""
    WRONG_ISSUER = "wrong-issuer"
    WRONG_AUDIENCE = "wrong-audience"
    WRONG_SERVICE = "wrong-service"
    EXPIRED = "expired"
    ANOTHER_PERSON = "another-person"
    """It was prepared for somebody else than the citizen who stands there."""
    ANOTHER_DOCUMENT = "another-document"
    """The screen shows another document."""


class PreparedDocumentRefused(ServiceError):
    """Raised when a department's statement is not good for what the citizen is to sign. Carries the fault."""

    code = "prepared-document-refused"
    title = "The document was not prepared for this"

    def __init__(self, fault: PreparedFault) -> None:
        super().__init__(f"The department has to prepare the document again: {fault.value}.", fault=fault.value)
        self.fault = fault


class KeyOriginRefused(ServiceError):
    """Raised when the card's signature key is merely asserted to have been made on the card."""

    code = "key-origin-refused"
    title = "The card's signature key is not trusted"

    def __init__(self) -> None:
        super().__init__("Nobody vouches for where the card's signature key was made: it cannot sign here.")
