"""The card service as its callers see it: one method for each thing it does."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from cardsvc.client.audit import AuditCalls
from cardsvc.client.people import PeopleCalls
from cardsvc.client.transport import check
from cardsvc.wire.authentication import (
    GRANT_TOKEN_EXCHANGE,
    TOKEN_TYPE_VISIT,
    AuthenticationResult,
    CardProof,
    Challenge,
    ChallengeBatch,
    ChallengeRequest,
    Verification,
    VerificationRequest,
    VisitEndRequest,
)
from cardsvc.wire.levels import Level
from cardsvc.wire.lifecycle import (
    ActivationRequest,
    Application,
    ApplicationRequest,
    Card,
    Person,
    PersonalisationRequest,
    RejectionRequest,
    RevocationReason,
    RevocationRequest,
    StockRequest,
)
from cardsvc.wire.manifest import department_audience
from cardsvc.wire.signed import KEY_REFERENCE_OF_LEVEL, AuthenticationStatement


class ServiceClient(PeopleCalls, AuditCalls):
    """Calls the service in the name of one caller. Every method raises ServiceProblem and ServiceUnreachable.

    ``issuer`` is the name of the service in its tokens; its base URL unless given. Safe to share between threads.
    """

    # Cards prove themselves

    def challenges(self, level: Level, count: int = 1, transaction_hash: bytes | None = None) -> list[Challenge]:
        """Fresh challenges, at most 16. ``transaction_hash`` (32 bytes) binds them to what the proof approves."""
        request = ChallengeRequest(level=level, count=count, transaction_hash=transaction_hash)
        return self._post("/v1/challenges", request, ChallengeBatch, idempotent=True).challenges

    def authenticate(self, proof: CardProof) -> AuthenticationResult:
        """Begin a visit for the card that made the proof."""
        return self._post("/v1/authentications", proof, AuthenticationResult)

    def exchange(self, visit_token: str, department: str, service: str, attributes: Sequence[str] = ()) -> str:
        """An assertion for a department (by its code) and one of its services, with what the citizen agreed to tell."""
        answer = self._credentials.request_token(
            GRANT_TOKEN_EXCHANGE,
            subject_token=visit_token,
            subject_token_type=TOKEN_TYPE_VISIT,
            audience=department_audience(department),
            service=service,
            attributes=" ".join(attributes),
        )
        return answer.access_token

    def end_visit(self, visit_token: str) -> None:
        """The citizen has left."""
        check(self._send("POST", "/v1/visits/end", VisitEndRequest(visit_token=visit_token), idempotent=True))

    def verify(self, assertion: str) -> Verification:
        """Ask whether an assertion is good now. A bad one is a ServiceProblem."""
        return self._post("/v1/verifications", VerificationRequest(assertion=assertion), Verification)

    # Applications and cards

    def create_application(self, person: Person) -> Application:
        """Enrol a person and draft an application."""
        return self._post("/v1/applications", ApplicationRequest(person=person), Application)

    def application(self, application_id: UUID) -> Application:
        """An application and its history."""
        return self._get(f"/v1/applications/{application_id}", Application)

    def submit(self, application_id: UUID) -> Application:
        """Hand an application over for approval."""
        return self._post(f"/v1/applications/{application_id}/submit", None, Application)

    def approve(self, application_id: UUID) -> Application:
        """Approve what somebody else submitted."""
        return self._post(f"/v1/applications/{application_id}/approve", None, Application)

    def reject(self, application_id: UUID, reason: str) -> Application:
        """Reject an application."""
        return self._post(f"/v1/applications/{application_id}/reject", RejectionRequest(reason=reason), Application)

    def add_stock(self, stock_number: str) -> Card:
        """Take a blank card into stock."""
        return self._post("/v1/stock", StockRequest(stock_number=stock_number), Card)

    def personalise(self, application_id: UUID, stock_number: str) -> Card:
        """Reserve a stock card for an approved application; the relay then writes it."""
        request = PersonalisationRequest(stock_number=stock_number)
        return self._post(f"/v1/applications/{application_id}/personalisation", request, Card)

    def card(self, card_uuid: UUID) -> Card:
        """A card and its history."""
        return self._get(f"/v1/cards/{card_uuid}", Card)

    def release(self, card_uuid: UUID) -> Card:
        """Give a reserved card back to stock; its application can have another one."""
        return self._post(f"/v1/cards/{card_uuid}/release", None, Card)

    def deliver(self, card_uuid: UUID) -> Card:
        """The card was handed to its holder."""
        return self._post(f"/v1/cards/{card_uuid}/deliver", None, Card)

    def activate(self, card_uuid: UUID, proof: CardProof) -> Card:
        """Put a delivered card into force, with a proof made for that (see `activation_hash`)."""
        return self._post(f"/v1/cards/{card_uuid}/activate", ActivationRequest(proof=proof), Card)

    def revoke(self, card_uuid: UUID, reason: RevocationReason) -> Card:
        """Withdraw a card for good."""
        return self._post(f"/v1/cards/{card_uuid}/revoke", RevocationRequest(reason=reason), Card)

    def relay_url(self, card_uuid: UUID) -> str:
        """Where the WebSocket is over which the service writes a card."""
        return f"ws{self.base_url.removeprefix('http')}/v1/cards/{card_uuid}/relay"

    def relay_headers(self) -> dict[str, str]:
        """What to open that WebSocket with. Holds a token: not to be logged."""
        return {"Authorization": f"Bearer {self.access_token()}"}


def statement(challenge: Challenge, card_uuid: UUID) -> AuthenticationStatement:
    """What the card must sign to answer a challenge: give its ``digest`` to the key of the challenge's level."""
    return AuthenticationStatement(
        issuer=challenge.issuer,
        level=challenge.level,
        key_reference=KEY_REFERENCE_OF_LEVEL[challenge.level],
        client_id=challenge.client_id,
        audience=challenge.audience,
        card_uuid=card_uuid,
        challenge=challenge.challenge,
        expires_at=int(challenge.expires_at.timestamp()),
        transaction_hash=challenge.transaction_hash or b"",
    )
