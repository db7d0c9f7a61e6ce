"""Who may come in: the assertion of the card service, checked here and, where a service wants it, asked about there.

At level ``sign`` also what they signed.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Protocol

from cardsvc.client import (
    AssertionExpired,
    AssertionForeign,
    AssertionForPreparing,
    AssertionKeyUnknown,
    AssertionMalformed,
    AssertionOffline,
    AssertionRefused,
    AssertionSignatureInvalid,
    AssertionVerifier,
    AssertionWrongAudience,
    AssertionWrongDocument,
    AssertionWrongService,
    ServiceProblem,
    ServiceUnreachable,
    SignatureRefused,
    SignatureVerifier,
    StepUpRequired,
    VerifiedAssertion,
)
from cardsvc.wire.authentication import AssertionClaims, Verification
from cardsvc.wire.levels import Level
from cardsvc.wire.manifest import SignedDocument
from kiosk.departments.contract.refusals import (
    AssertionNotAccepted,
    CardNotAccepted,
    SignatureNotAccepted,
    StepUpNeeded,
    VerificationUnavailable,
)

REASONS: Final[dict[type[AssertionRefused], str]] = {
    AssertionMalformed: "malformed",
    AssertionSignatureInvalid: "signature-invalid",
    AssertionKeyUnknown: "key-unknown",
    AssertionForeign: "wrong-issuer",
    AssertionExpired: "expired",
    AssertionWrongAudience: "wrong-audience",
    AssertionWrongService: "wrong-service",
    AssertionForPreparing: "for-preparing",
    AssertionOffline: "offline",
    AssertionWrongDocument: "wrong-document",
}
"""What the answer says about an assertion that was refused here; what the card service refuses brings its own word."""

_REFUSED: Final = "assertion-refused"
"""The card service's problem for an assertion that is not good. Any other means that it could not say."""

_CARD_NOT_ACTIVE: Final = "card-not-active"


class Inquiry(Protocol):
    """Speaks to and for the card service with the department's own key (`cardsvc.client.ServiceClient`)."""

    def verify(self, assertion: str) -> Verification:
        """Whether an assertion is good now, says the service. Raises ServiceProblem, ServiceUnreachable."""
        ...

    def prepare_document(self, document: bytes, media_type: str, *, pseudonym: str, service: str) -> str:
        """The department's JWS about a document that somebody is to sign."""
        ...


@dataclass(frozen=True, slots=True)
class Gate:
    """Tells good assertions from bad ones."""

    verifier: AssertionVerifier
    inquiry: Inquiry
    signatures: SignatureVerifier | None = None
    """Where citizens sign documents."""

    def admit(
        self,
        assertion: str,
        *,
        service: str,
        level: Level,
        confirm_online: bool,
        signed: SignedDocument | None = None,
        offline: bool = False,
    ) -> AssertionClaims:
        """The claims of a good assertion for ``service`` at ``level`` or above, which is about what was signed, if any.

        Raises:
            AssertionNotAccepted: it is not good.
            StepUpNeeded: it is good, but its level too low.
            SignatureNotAccepted: the signature is not good.
            VerificationUnavailable: the card service had to be asked and did not answer.
        """
        document = None if signed is None else hashlib.sha256(signed.document).digest()
        verified = _checked(
            lambda: self.verifier.verify(
                assertion, service=service, level=level, transaction_hash=document, offline=offline
            )
        )
        if signed is not None:
            self._check_signature(signed, verified)
        if confirm_online:
            self._confirm(assertion)
        return verified.claims

    def admit_to_prepare(self, assertion: str, *, service: str) -> AssertionClaims:
        """The claims of an assertion that is good for preparing a document of ``service``. Raises as `admit` does."""
        return _checked(lambda: self.verifier.verify_preparation(assertion, service=service)).claims

    def _check_signature(self, signed: SignedDocument, verified: VerifiedAssertion) -> None:
        if self.signatures is None:
            raise ValueError("this gate has no root certificate to check signatures with")
        try:
            self.signatures.verify(signed.cms, signed.document, verified)
        except SignatureRefused as refused:
            raise SignatureNotAccepted(refused.fault.value) from refused

    def _confirm(self, assertion: str) -> None:
        try:
            self.inquiry.verify(assertion)
        except ServiceUnreachable as error:
            raise VerificationUnavailable("the card service does not answer") from error
        except ServiceProblem as error:
            if error.problem.code != _REFUSED:
                raise VerificationUnavailable(f"the card service answers {error.problem.code}") from error
            fault = str(error.problem.data.get("fault"))
            raise (CardNotAccepted if fault == _CARD_NOT_ACTIVE else AssertionNotAccepted)(fault) from error


def _checked(check: Callable[[], VerifiedAssertion]) -> VerifiedAssertion:
    try:
        return check()
    except StepUpRequired as refused:
        raise StepUpNeeded(refused.level) from refused
    except AssertionRefused as refused:
        raise AssertionNotAccepted(REASONS[type(refused)]) from refused
    except ServiceUnreachable as error:
        raise VerificationUnavailable("the keys of the card service cannot be fetched") from error
