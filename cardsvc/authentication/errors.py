"""What is refused about proofs, visits and assertions.

    ServiceError
    ├── LevelWithoutChallenge          a challenge was asked for at a level that is proved in another way
    ├── ProofRefused                   a card's answer is not accepted; recorded, and given back as a value
    │   ├── ChallengeUnknown           not one of our challenges, or a changed one
    │   ├── ChallengeExpired           answered too late
    │   ├── ChallengeForeign           made for another caller
    │   ├── ChallengeReplayed          answered before
    │   ├── ProofForAnotherLevel       the challenge is for one level, the proof for another
    │   ├── ProofForAnotherAudience    ... or for another audience
    │   ├── CardUnknown                there is no such card, or it has no such key
    │   ├── CertificateRefused         the card's certificate is not valid
    │   ├── SignatureInvalid           the card did not sign what the challenge asks for
    │   └── CardNotActive              all is right, but the card is in another state (carries it)
    ├── VisitRefused                   a visit token is not accepted
    │   ├── VisitUnknown
    │   ├── VisitForeign               begun by another caller, or with another key
    │   └── VisitEnded                 over: the citizen left, the time is up, the card was revoked (carries which)
    ├── ExchangeRefused                the visit is good, and the department must not have what was asked for
    │   ├── DepartmentUnknown
    │   ├── ServiceNotCovered          the department's policy does not cover the service
    │   ├── AttributesNotCovered       ... or not these attributes
    │   ├── ServiceNotSigned           nothing is prepared or signed for the service
    │   └── StepUpRequired             the service needs a higher level (carries it)
    ├── SignInRefused                  nobody signs in as an officer with this visit
    │   ├── SignInElsewhere            it is not at a desk
    │   └── CardOfNoOfficer            whose card it is, is no officer, or more than one
    ├── AssertionNotSigned             the card is proved and on record, and its assertion could not be signed
    └── AssertionRefused               a department showed an assertion that is not good (carries the reason)

Errors carry data; `api/problems.py` alone knows what they become on the wire.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum

from cardsvc.errors import ServiceError
from cardsvc.wire.levels import Level
from cardsvc.wire.lifecycle import CardState


class LevelWithoutChallenge(ServiceError):
    """Raised when a challenge of level `sign` is asked for: there the card signs a document instead."""

    code = "level-without-challenge"
    title = "This level is not proved by a challenge"

    def __init__(self) -> None:
        super().__init__("At this level the card signs a document, not a challenge.")


class ProofRefused(ServiceError):
    """Base of the refusals of a card's answer. Given back as a value, so that its audit record is committed."""


class ChallengeUnknown(ProofRefused):
    """Raised when the handle does not carry our authentication code."""

    code = "challenge-unknown"
    title = "This challenge is not ours"

    def __init__(self) -> None:
        super().__init__("Ask for a new challenge.")


class ChallengeExpired(ProofRefused):
    """Raised when the answer comes after the challenge's time."""

    code = "challenge-expired"
    title = "The challenge has expired"

    def __init__(self) -> None:
        super().__init__("Ask for a new challenge.")


class ChallengeForeign(ProofRefused):
    """Raised when a caller shows a challenge that was made for another caller or audience."""

    code = "challenge-foreign"
    title = "The challenge was made for another caller"

    def __init__(self) -> None:
        super().__init__("Ask for a challenge of your own.")


class ChallengeReplayed(ProofRefused):
    """Raised at the second answer to a challenge, right or wrong."""

    code = "challenge-replayed"
    title = "The challenge has been answered before"

    def __init__(self) -> None:
        super().__init__("Ask for a new challenge and tap again.")


class ProofForAnotherLevel(ProofRefused):
    """Raised when the proof claims a level that its challenge was not made for."""

    code = "proof-for-another-level"
    title = "The proof is for another level than its challenge"

    def __init__(self) -> None:
        super().__init__("Ask for a challenge of this level.")


class ProofForAnotherAudience(ProofRefused):
    """Raised when the proof claims an audience that its challenge was not made for."""

    code = "proof-for-another-audience"
    title = "The proof is for another audience than its challenge"

    def __init__(self) -> None:
        super().__init__("Ask for a challenge for this audience.")


class CardUnknown(ProofRefused):
    """Raised when no card has this UUID, or the card has no certificate for the key of this level."""

    code = "card-unknown"
    title = "The card is not known here"

    def __init__(self) -> None:
        super().__init__("This card was not issued here, or not for this.")


class CertificateRefused(ProofRefused):
    """Raised when the certificate of the card's key is expired, revoked, or does not lead to our root."""

    code = "certificate-refused"
    title = "The card's certificate is not valid"

    def __init__(self) -> None:
        super().__init__("The card needs to be replaced.")


class SignatureInvalid(ProofRefused):
    """Raised when the signature is not by this card's key over this challenge, caller, audience and level."""

    code = "signature-invalid"
    title = "The card's signature is not valid"

    def __init__(self) -> None:
        super().__init__("The card did not sign this challenge for this purpose.")


class CardNotActive(ProofRefused):
    """Raised when the card is genuine and may not be used. Carries its state."""

    code = "card-not-active"
    title = "The card may not be used"

    def __init__(self, state: CardState) -> None:
        super().__init__(f"The card is {state.value}.", state=state.value)
        self.state = state


class VisitRefused(ServiceError):
    """Base of the refusals of a visit token."""


class VisitUnknown(VisitRefused):
    """Raised when no visit has this token."""

    code = "visit-unknown"
    title = "There is no such visit"

    def __init__(self) -> None:
        super().__init__("Ask the citizen to tap the card again.")


class VisitForeign(VisitRefused):
    """Raised when a visit is used by another caller, or with another key, than it was begun with."""

    code = "visit-foreign"
    title = "The visit belongs to another caller"

    def __init__(self) -> None:
        super().__init__("A visit can only be used where it was begun.")


class VisitEnd(StrEnum):
    """Why a visit is over."""

    ENDED = "ended"
    IDLE = "idle"
    TIME_IS_UP = "time-is-up"


class VisitEnded(VisitRefused):
    """Raised when the visit is over. Carries why."""

    code = "visit-ended"
    title = "The visit is over"

    def __init__(self, reason: VisitEnd) -> None:
        super().__init__("Ask the citizen to tap the card again.", reason=reason.value)
        self.reason = reason


class ExchangeRefused(ServiceError):
    """Base of the refusals to tell a department something."""


class DepartmentUnknown(ExchangeRefused):
    """Raised when no department has this audience or code, or it has been disabled."""

    code = "department-unknown"
    title = "There is no such department"

    def __init__(self) -> None:
        super().__init__("No department with this audience takes part.")


class ServiceNotCovered(ExchangeRefused):
    """Raised when the policy in force does not name the service."""

    code = "service-not-covered"
    title = "The department's policy does not cover this service"

    def __init__(self) -> None:
        super().__init__("The service needs to be in the department's approved policy.")


class ServiceNotSigned(ExchangeRefused):
    """Raised when a document is to be prepared or signed for a service that is not of level `sign`."""

    code = "service-not-signed"
    title = "Nothing is signed for this service"

    def __init__(self) -> None:
        super().__init__("By the department's policy the service is of a lower level: exchange the visit for it.")


class AttributesNotCovered(ExchangeRefused):
    """Raised when more attributes are asked for than the policy lets this service have. Carries their names."""

    code = "attributes-not-covered"
    title = "The department's policy does not cover these attributes"

    def __init__(self, refused: Iterable[str]) -> None:
        names = sorted(refused)
        super().__init__("The service may not have every attribute asked for.", attributes=names)
        self.attributes = names


class StepUpRequired(ExchangeRefused):
    """Raised when the service needs a higher level than the visit has (RFC 9470). Carries the level."""

    code = "step-up-required"
    title = "The service needs a higher level"

    def __init__(self, level: Level) -> None:
        super().__init__("Ask the citizen to prove more.", acr_values=level.value)
        self.level = level


class SignInRefused(ServiceError):
    """Base of the refusals to take somebody for an officer."""


class SignInElsewhere(SignInRefused):
    """Raised when a caller that is no desk shows a visit for an officer to sign in."""

    code = "sign-in-elsewhere"
    title = "Officers sign in at desks"

    def __init__(self) -> None:
        super().__init__("Only a caller of kind desk can have an officer sign in with a card.")


class CardOfNoOfficer(SignInRefused):
    """Raised when the resident whose card it is is no officer at present, or is one under several names."""

    code = "card-of-no-officer"
    title = "Nobody signs in as an officer with this card"

    def __init__(self) -> None:
        super().__init__("An administrator says which resident an officer is, and the officer's key confirms it.")


class AssertionFault(StrEnum):
    """What is wrong with an assertion."""

    MALFORMED = "malformed"
    SIGNATURE_INVALID = "signature-invalid"
    EXPIRED = "expired"
    WRONG_AUDIENCE = "wrong-audience"
    NOT_ISSUED = "not-issued"
    FOR_PREPARING = "for-preparing"
    CARD_NOT_ACTIVE = "card-not-active"


class AssertionNotSigned(ServiceError):
    """Given back when the card is proved and that is on record, but the assertion could not be signed: our fault."""

    code = "assertion-not-signed"
    title = "The assertion could not be signed"

    def __init__(self) -> None:
        super().__init__("Present the card again, with a new challenge.")


class AssertionRefused(ServiceError):
    """Given back when a department has an assertion verified that is not good. Carries the fault.

    It does not carry the state of the card: that is none of a department's business.
    """

    code = "assertion-refused"
    title = "The assertion is not valid"

    def __init__(self, fault: AssertionFault) -> None:
        super().__init__(f"The assertion cannot be accepted: {fault.value}.", fault=fault.value)
        self.fault = fault
