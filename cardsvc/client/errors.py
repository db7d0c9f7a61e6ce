"""What can go wrong when the card service is asked, or an assertion of it is checked.

    ClientError
    ├── ServiceUnreachable       it could not be asked, or answered what makes no sense
    ├── ServiceProblem           it refused (carries the problem)
    ├── WebhookRefused           a delivery is not accepted
    │   ├── WebhookMalformed         it is none of Standard Webhooks, or no event is in it
    │   ├── WebhookSignatureInvalid  not signed under our secret
    │   └── WebhookExpired           too old, or from the future
    ├── EvidenceRefused          evidence of a verification is none (carries the fault)
    ├── SignatureRefused         a signature of a document is none (carries the fault)
    └── AssertionRefused         an assertion is not accepted
        ├── AssertionMalformed       it is not one
        ├── AssertionSignatureInvalid  not signed by the service
        ├── AssertionKeyUnknown      signed with a key that the service does not publish
        ├── AssertionForeign         of another issuer
        ├── AssertionExpired         too old, or from the future
        ├── AssertionWrongAudience   meant for another department
        ├── AssertionWrongService    meant for another service of this department
        ├── AssertionForPreparing    good for having a document prepared only
        ├── AssertionOffline         of a tap at a kiosk without a network, which the department does not expect
        ├── AssertionWrongDocument   another document was signed, or none
        └── StepUpRequired           good, but of too low a level (carries the level that is needed)

No error carries a token.
"""

from __future__ import annotations

from enum import StrEnum

from cardsvc.wire.levels import Level
from cardsvc.wire.problems import Problem


class ClientError(Exception):
    """Base of the client's errors."""


class ServiceUnreachable(ClientError):
    """Raised when the service cannot be reached, does not answer in time, or answers what makes no sense."""


class ServiceProblem(ClientError):
    """Raised when the service refuses. ``problem.code`` says why, ``problem.data`` carries more."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(f"{problem.code}: {problem.detail or problem.title}")
        self.problem = problem


class WebhookRefused(ClientError):
    """Base of what is wrong with a delivery."""


class WebhookMalformed(WebhookRefused):
    """Raised when headers are missing or wrong, or the body is not an event."""


class WebhookSignatureInvalid(WebhookRefused):
    """Raised when no signature is under our secret."""


class WebhookExpired(WebhookRefused):
    """Raised when a delivery was signed too long ago: somebody kept it and sends it again."""


class EvidenceFault(StrEnum):
    """What is wrong with evidence."""

    MALFORMED = "malformed"
    """It is none, or its signature is false."""
    CERTIFICATE_REFUSED = "certificate-refused"
    """Its key was not certified for evidence, by this city, at that time."""
    WRONG_AUDIENCE = "wrong-audience"
    """Another department was told."""
    ANOTHER_RECORD = "another-record"
    """What the log says is about another verification."""
    ANOTHER_LOG = "another-log"
    """It names an audit log that is not the city's."""
    NOT_IN_LOG = "not-in-log"
    """The log's proof or promise is none."""


class EvidenceRefused(ClientError):
    """Raised when evidence of a verification is not accepted. ``fault`` says why."""

    def __init__(self, fault: EvidenceFault) -> None:
        super().__init__(f"the evidence is refused: {fault.value}")
        self.fault = fault


class SignatureFault(StrEnum):
    """What is wrong with a citizen's signature of a document."""

    MALFORMED = "malformed"
    """It is none."""
    ANOTHER_DOCUMENT = "another-document"
    """Another document was signed."""
    CERTIFICATE_REFUSED = "certificate-refused"
    """The certificate was not one of this city for signatures of citizens, at that time."""
    SIGNATURE_FALSE = "signature-false"
    """The certificate's key did not sign it."""
    STATUS_NOT_PROVED = "status-not-proved"
    """What stands with it does not prove that the certificate was in force then."""
    ANOTHER_ASSERTION = "another-assertion"
    """The assertion is about another document, or another signature of it."""


class SignatureRefused(ClientError):
    """Raised when a citizen's signature of a document is not accepted. ``fault`` says why."""

    def __init__(self, fault: SignatureFault) -> None:
        super().__init__(f"the signature is refused: {fault.value}")
        self.fault = fault


class AssertionRefused(ClientError):
    """Base of what is wrong with an assertion."""


class AssertionMalformed(AssertionRefused):
    """Raised when it is no JWS of our type and form, or a claim is missing."""


class AssertionSignatureInvalid(AssertionRefused):
    """Raised when the signature is not by the key that it names."""


class AssertionKeyUnknown(AssertionRefused):
    """Raised when it names no key, or one that the service does not publish."""


class AssertionForeign(AssertionRefused):
    """Raised when another issuer stands in it."""


class AssertionExpired(AssertionRefused):
    """Raised when its time is over, or has not come."""


class AssertionWrongAudience(AssertionRefused):
    """Raised when it was made for another department."""


class AssertionWrongService(AssertionRefused):
    """Raised when it was made for another service of this department."""


class AssertionForPreparing(AssertionRefused):
    """Raised when it is good for having a document prepared only, or when that is what is wanted and it is not."""


class AssertionOffline(AssertionRefused):
    """Raised when it is of a tap at a kiosk without a network, and whoever asks did not say that it may be."""


class AssertionWrongDocument(AssertionRefused):
    """Raised when the citizen signed another document than the one that is asked about, or none."""


class StepUpRequired(AssertionRefused):
    """Raised when the citizen has to prove more. Carries the level that is needed (RFC 9470)."""

    def __init__(self, level: Level) -> None:
        super().__init__(f"level {level.value} is needed")
        self.level = level
