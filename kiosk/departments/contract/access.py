"""Who may come in: the assertion of the card service, checked here and, where a service wants it, asked about there."""

from __future__ import annotations

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
    StepUpRequired,
)
from cardsvc.wire.authentication import AssertionClaims, Verification
from cardsvc.wire.levels import Level
from kiosk.departments.contract.refusals import (
    AssertionNotAccepted,
    CardNotAccepted,
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
    """Asks the card service whether an assertion is good now (`cardsvc.client.ServiceClient`)."""

    def verify(self, assertion: str) -> Verification:
        """What the service says. Raises ServiceProblem, ServiceUnreachable."""
        ...


@dataclass(frozen=True, slots=True)
class Gate:
    """Tells good assertions from bad ones."""

    verifier: AssertionVerifier
    inquiry: Inquiry

    def admit(
        self, assertion: str, *, service: str, level: Level, confirm_online: bool, offline: bool = False
    ) -> AssertionClaims:
        """The claims of a good assertion for ``service`` at ``level`` or above.

        Raises:
            AssertionNotAccepted: it is not good.
            StepUpNeeded: it is good, but its level too low.
            VerificationUnavailable: the card service had to be asked and did not answer.
        """
        claims = self._check(assertion, service, level, offline=offline)
        if confirm_online:
            self._confirm(assertion)
        return claims

    def _check(self, assertion: str, service: str, level: Level, *, offline: bool) -> AssertionClaims:
        try:
            return self.verifier.verify(assertion, service=service, level=level, offline=offline).claims
        except StepUpRequired as refused:
            raise StepUpNeeded(refused.level) from refused
        except AssertionRefused as refused:
            raise AssertionNotAccepted(REASONS[type(refused)]) from refused
        except ServiceUnreachable as error:
            raise VerificationUnavailable("the keys of the card service cannot be fetched") from error

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
