"""What departments ask online: whether an assertion is good, whether people's cards are in force, yes/no questions."""

from __future__ import annotations

from uuid import UUID

from fastapi import APIRouter, status
from sqlalchemy.orm import Session

from cardsvc.api.dependencies import ServicesDep, VerifyingCaller
from cardsvc.api.documentation import problems
from cardsvc.authentication.errors import AssertionRefused
from cardsvc.db import in_transaction
from cardsvc.departments import asking, standing
from cardsvc.wire.authentication import Verification, VerificationRequest
from cardsvc.wire.departments import CardStandings, StandingQuestion
from cardsvc.wire.evidence import Evidence
from cardsvc.wire.questions import Answers, PeopleQuestion

router = APIRouter(prefix="/v1", tags=["verification"])


@router.post(
    "/card-standings",
    operation_id="askCardStandings",
    summary="Ask whether people's cards are in force",
    responses=problems(401, 403, 404, 422),
)
def ask_card_standings(question: StandingQuestion, services: ServicesDep, actor: VerifyingCaller) -> CardStandings:
    """About people who were with the department before, by its pseudonyms: one, or a thousand at a time.

    Each answer is in the person's access history, with the purpose.
    """
    return in_transaction(
        services.sessions, lambda session: standing.ask(session, question, actor=actor, now=services.clock())
    )


@router.post(
    "/questions",
    operation_id="askQuestion",
    summary="Ask a yes/no question about people",
    responses=problems(401, 403, 404, 422),
)
def ask_question(question: PeopleQuestion, services: ServicesDep, actor: VerifyingCaller) -> Answers:
    """For example whether they are 60 or over, without their birth dates: what the department's policy lists, no more.

    About people who were with it before, as in `askCardStandings`; each answer is in the person's access history.
    """
    return in_transaction(
        services.sessions,
        lambda session: asking.ask(session, services.keystore, question, actor=actor, now=services.clock()),
    )


@router.post(
    "/verifications",
    operation_id="verifyAssertion",
    summary="Ask whether an assertion is good now",
    status_code=status.HTTP_201_CREATED,
    responses=problems(401, 403, 422),
)
def verify_assertion(request: VerificationRequest, services: ServicesDep, actor: VerifyingCaller) -> Verification:
    """For the department it was made for. Unlike a check with the JWKS, this knows whether the card is still active."""

    def work(session: Session) -> Verification | AssertionRefused:
        now = services.clock()
        verdict = services.judge.verify(session, request.assertion, actor=actor, now=now)
        if isinstance(verdict, Verification):
            return services.attestor.attest(session, verdict, actor=actor, now=now)
        return verdict

    verdict = in_transaction(services.sessions, work)
    if isinstance(verdict, Verification):
        return verdict
    raise verdict.recorded()


@router.get(
    "/evidence/{verification_id}",
    operation_id="getEvidence",
    summary="Get signed evidence of a verification",
    responses=problems(401, 403, 404, 409, 410, 422),
)
def get_evidence(verification_id: UUID, services: ServicesDep, actor: VerifyingCaller) -> Evidence:
    """What the department asked and was told, when, under which version of its policy: to keep, and to check offline.

    Of each assertion verified, question answered, standing told, and card authenticated at its own reader. A second
    after the verification the audit log's proof is in it; until then there is the log's promise.
    """
    return in_transaction(
        services.sessions,
        lambda session: services.attestor.evidence(session, verification_id, actor=actor, now=services.clock()),
    )
