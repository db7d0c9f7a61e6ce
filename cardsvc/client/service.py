"""The card service as its callers see it: one method for each thing it does."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from cardsvc.client.approvals import ApprovalCalls
from cardsvc.client.audit import AuditCalls
from cardsvc.client.departments import DepartmentCalls
from cardsvc.client.desks import DeskCalls
from cardsvc.client.fleet import FleetCalls
from cardsvc.client.incidents import IncidentCalls
from cardsvc.client.investigations import InvestigationCalls
from cardsvc.client.lifecycle import LifecycleCalls
from cardsvc.client.locks import LockCalls
from cardsvc.client.officers import OfficerCalls
from cardsvc.client.offline import OfflineCalls
from cardsvc.client.people import PeopleCalls
from cardsvc.client.reach import ReachCalls
from cardsvc.client.signing import SigningCalls
from cardsvc.client.stock import StockCalls
from cardsvc.client.transport import Repeat, check
from cardsvc.client.usage import UsageCalls
from cardsvc.client.webhooks import WebhookCalls
from cardsvc.wire.authentication import (
    GRANT_TOKEN_EXCHANGE,
    TOKEN_TYPE_VISIT,
    USE_PREPARE,
    AuthenticationResult,
    CardAuthentication,
    CardAuthenticationRequest,
    CardProof,
    Challenge,
    ChallengeBatch,
    ChallengeRequest,
    Verification,
    VerificationRequest,
    VisitEndRequest,
    VisitKeepRequest,
)
from cardsvc.wire.departments import CardStandings, StandingQuestion
from cardsvc.wire.evidence import Evidence
from cardsvc.wire.levels import Level
from cardsvc.wire.manifest import department_audience
from cardsvc.wire.questions import Answers, PeopleQuestion
from cardsvc.wire.signed import KEY_REFERENCE_OF_LEVEL, AuthenticationStatement


class ServiceClient(
    LifecycleCalls,
    DeskCalls,
    StockCalls,
    ApprovalCalls,
    PeopleCalls,
    LockCalls,
    InvestigationCalls,
    OfficerCalls,
    DepartmentCalls,
    AuditCalls,
    UsageCalls,
    WebhookCalls,
    IncidentCalls,
    ReachCalls,
    FleetCalls,
    SigningCalls,
    OfflineCalls,
):
    """Calls the service in the name of one caller. Every method raises ServiceProblem and ServiceUnreachable.

    ``issuer`` is the name of the service in its tokens; its base URL unless given. ``tls`` says which authorities the
    service's certificate may be of, and may hold one of the caller: then the service binds access tokens to that one
    (RFC 8705). With the ``visit_token`` that an officer's card has begun at a desk with its PIN, the desk calls in the
    name of that officer, until the visit ends; card-of-no-officer where it is nobody's. Safe to share between threads.
    """

    # Cards prove themselves

    def challenges(self, level: Level, count: int = 1, transaction_hash: bytes | None = None) -> list[Challenge]:
        """Fresh challenges, at most 16. ``transaction_hash`` (32 bytes) binds them to what the proof approves."""
        request = ChallengeRequest(level=level, count=count, transaction_hash=transaction_hash)
        return self._post("/v1/challenges", request, ChallengeBatch, Repeat.FREELY).challenges

    def authenticate(self, proof: CardProof) -> AuthenticationResult:
        """Begin a visit for the card that made the proof."""
        return self._post("/v1/authentications", proof, AuthenticationResult, Repeat.NEVER)

    def authenticate_at_own_reader(self, proof: CardProof, service: str) -> CardAuthentication:
        """As a department with a reader of its own: who is there, for this service."""
        request = CardAuthenticationRequest(proof=proof, service=service)
        return self._post("/v1/card-authentications", request, CardAuthentication, Repeat.NEVER)

    def exchange(
        self,
        visit_token: str,
        department: str,
        service: str,
        attributes: Sequence[str] = (),
        questions: Sequence[str] = (),
    ) -> str:
        """An assertion for a department (by its code) and one of its services.

        With what the citizen agreed to tell, and to have answered by yes or no (``age-at-least:60``).
        """
        return self._exchange(visit_token, department, service, attributes, questions)

    def exchange_to_prepare(
        self,
        visit_token: str,
        department: str,
        service: str,
        attributes: Sequence[str] = (),
        questions: Sequence[str] = (),
    ) -> str:
        """As `exchange`, for a service of level ``sign``: with it the department prepares a document, and no more."""
        return self._exchange(visit_token, department, service, attributes, questions, use=USE_PREPARE)

    def _exchange(
        self,
        visit_token: str,
        department: str,
        service: str,
        attributes: Sequence[str],
        questions: Sequence[str],
        **more: str,
    ) -> str:
        answer = self._credentials.request_token(
            GRANT_TOKEN_EXCHANGE,
            subject_token=visit_token,
            subject_token_type=TOKEN_TYPE_VISIT,
            audience=department_audience(department),
            service=service,
            attributes=" ".join(attributes),
            questions=" ".join(questions),
            **more,
        )
        return answer.access_token

    def keep_visit(self, visit_token: str) -> None:
        """The citizen is still there: the visit does not end as idle yet."""
        check(self._send("POST", "/v1/visits/keep", VisitKeepRequest(visit_token=visit_token), Repeat.FREELY))

    def end_visit(self, visit_token: str) -> None:
        """The citizen has left."""
        check(self._send("POST", "/v1/visits/end", VisitEndRequest(visit_token=visit_token), Repeat.FREELY))

    def verify(self, assertion: str) -> Verification:
        """Ask whether an assertion is good now. A bad one is a ServiceProblem."""
        return self._post("/v1/verifications", VerificationRequest(assertion=assertion), Verification, Repeat.NEVER)

    def ask(self, pseudonyms: Sequence[str], question: str, purpose: str) -> Answers:
        """Ask, as a department, a yes/no question (``age-at-least:60``) about at most a thousand people."""
        asked = PeopleQuestion(pseudonyms=list(pseudonyms), question=question, purpose=purpose)
        return self._post("/v1/questions", asked, Answers, Repeat.NEVER)

    def evidence(self, verification_id: UUID) -> Evidence:
        """Signed evidence of what this department was told, for `EvidenceVerifier` to check at any time."""
        return self._get(f"/v1/evidence/{verification_id}", Evidence)

    def card_standings(self, pseudonyms: Sequence[str], purpose: str) -> CardStandings:
        """Ask, as a department, whether the cards of at most a thousand people are in force."""
        question = StandingQuestion(pseudonyms=list(pseudonyms), purpose=purpose)
        return self._post("/v1/card-standings", question, CardStandings, Repeat.NEVER)


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
