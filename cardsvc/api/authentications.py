"""Challenges, the proofs that answer them, and the visits that follow."""

from __future__ import annotations

from datetime import timedelta

from fastapi import APIRouter, status

from cardsvc.api.dependencies import AuthenticatingCaller, ChallengedCaller, ServicesDep, TurnstileDep
from cardsvc.api.documentation import problems
from cardsvc.authentication.challenges import issue_challenge
from cardsvc.authentication.errors import LevelWithoutChallenge, ProofRefused
from cardsvc.authentication.proofs import Attempt
from cardsvc.authentication.visits import end_visit
from cardsvc.db import transaction
from cardsvc.wire.authentication import (
    AuthenticationResult,
    CardProof,
    ChallengeBatch,
    ChallengeRequest,
    VisitEndRequest,
)
from cardsvc.wire.signed import KEY_REFERENCE_OF_LEVEL

router = APIRouter(prefix="/v1", tags=["authentication"])


@router.post(
    "/challenges",
    operation_id="createChallenges",
    summary="Get challenges to keep in stock",
    responses=problems(401, 403, 422),
)
def create_challenges(request: ChallengeRequest, services: ServicesDep, actor: ChallengedCaller) -> ChallengeBatch:
    """Each is good for one answer, of this caller, for a few minutes."""
    if request.level not in KEY_REFERENCE_OF_LEVEL:
        raise LevelWithoutChallenge
    now = services.clock()
    lifetime = timedelta(seconds=services.settings.challenge_seconds)
    return ChallengeBatch(
        challenges=[
            issue_challenge(
                services.keystore,
                actor,
                request.level,
                issuer=services.settings.issuer,
                now=now,
                lifetime=lifetime,
                transaction_hash=request.transaction_hash or b"",
            )
            for _ in range(request.count)
        ]
    )


@router.post(
    "/authentications",
    operation_id="authenticateCard",
    summary="Prove a card and begin a visit",
    status_code=status.HTTP_201_CREATED,
    responses=problems(401, 403, 404, 409, 410, 422),
)
async def authenticate_card(
    proof: CardProof, services: ServicesDep, actor: AuthenticatingCaller, turnstile: TurnstileDep
) -> AuthenticationResult:
    """The proof is recorded, and its challenge spent, whether it is accepted or not."""
    admitted = await turnstile.do(Attempt(proof, actor, services.clock()))
    if isinstance(admitted, ProofRefused):
        raise admitted.recorded()
    return AuthenticationResult(
        authentication_id=admitted.card.record_id,
        card_uuid=admitted.card.card_uuid,
        level=admitted.card.level,
        visit_token=admitted.visit.token,
        expires_at=admitted.visit.expires_at,
        idle_seconds=services.settings.visit_idle_seconds,
    )


@router.post(
    "/visits/end",
    operation_id="endVisit",
    summary="End a visit: the citizen has left",
    status_code=status.HTTP_204_NO_CONTENT,
    responses=problems(401, 403, 404, 422),
)
def end_a_visit(request: VisitEndRequest, services: ServicesDep, actor: AuthenticatingCaller) -> None:
    """Ending it twice is no error."""
    with transaction(services.sessions) as session:
        end_visit(session, request.visit_token, actor=actor, now=services.clock())
