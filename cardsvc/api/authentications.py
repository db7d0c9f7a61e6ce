"""Challenges, the proofs that answer them, and the visits that follow."""

from __future__ import annotations

from datetime import timedelta
from typing import TypeVar

from fastapi import APIRouter, status

from cardsvc.api.dependencies import (
    AuthenticatingCaller,
    AuthenticatingEntry,
    ChallengedCaller,
    OwnReaderEntry,
    ServicesDep,
    TurnstileDep,
)
from cardsvc.api.documentation import problems
from cardsvc.api.grouped import GroupedRoute
from cardsvc.authentication.challenges import issue_challenge
from cardsvc.authentication.errors import LevelWithoutChallenge
from cardsvc.authentication.own_readers import Told, require_reader
from cardsvc.authentication.turnstile import Admitted, Knock, Outcome
from cardsvc.authentication.visits import end_visit, keep_visit
from cardsvc.db import in_transaction, reading
from cardsvc.errors import ServiceError
from cardsvc.wire.authentication import (
    AuthenticationResult,
    CardAuthentication,
    CardAuthenticationRequest,
    CardProof,
    ChallengeBatch,
    ChallengeRequest,
    VisitEndRequest,
    VisitKeepRequest,
)
from cardsvc.wire.scopes import Scope
from cardsvc.wire.signed import KEY_REFERENCE_OF_LEVEL

T = TypeVar("T", Admitted, Told)

router = APIRouter(prefix="/v1", tags=["authentication"])
grouped = APIRouter(prefix="/v1", tags=["authentication"], route_class=GroupedRoute)
"""What there is most of."""


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
    if Scope.AUTHENTICATE_OWN_READER in actor.scopes:
        with reading(services.sessions) as session:
            require_reader(session, actor, request.level)
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
    "/visits/keep",
    operation_id="keepVisit",
    summary="Keep a visit: the citizen is still there",
    status_code=status.HTTP_204_NO_CONTENT,
    responses=problems(401, 403, 404, 409, 410, 422),
)
def keep_a_visit(request: VisitKeepRequest, services: ServicesDep, actor: AuthenticatingCaller) -> None:
    """For whoever reads or writes for long. Keeping it twice is no error; it ends no later in all."""
    times = services.visit_times
    in_transaction(
        services.sessions,
        lambda session: keep_visit(session, request.visit_token, actor=actor, now=services.clock(), times=times),
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
    in_transaction(
        services.sessions,
        lambda session: end_visit(session, request.visit_token, actor=actor, now=services.clock()),
    )


@grouped.post(
    "/authentications",
    operation_id="authenticateCard",
    summary="Prove a card and begin a visit",
    status_code=status.HTTP_201_CREATED,
    responses=problems(401, 403, 404, 409, 410, 422),
)
async def authenticate_card(
    message: CardProof, services: ServicesDep, entry: AuthenticatingEntry, turnstile: TurnstileDep
) -> AuthenticationResult:
    """The proof is recorded, and its challenge spent, whether it is accepted or not."""
    admitted = _expect(Admitted, await turnstile.do(Knock(message, entry, services.clock())))
    return AuthenticationResult(
        authentication_id=admitted.card.record_id,
        card_uuid=admitted.card.card_uuid,
        level=admitted.card.level,
        visit_token=admitted.visit.token,
        expires_at=admitted.visit.expires_at,
        idle_seconds=services.settings.visit_idle_seconds,
    )


@grouped.post(
    "/card-authentications",
    operation_id="authenticateCardAtOwnReader",
    summary="Prove a card at a reader of the department's own",
    status_code=status.HTTP_201_CREATED,
    responses=problems(401, 403, 404, 409, 410, 422),
)
async def authenticate_at_own_reader(
    message: CardAuthenticationRequest, services: ServicesDep, entry: OwnReaderEntry, turnstile: TurnstileDep
) -> CardAuthentication:
    """An assertion for the department itself, if its policy in force has the level among its ``reader_levels``.

    The proof is recorded, in the citizen's history too, and its challenge spent, whether it is accepted or not.
    """
    told = _expect(Told, await turnstile.do(Knock(message.proof, entry, services.clock(), message.service)))
    return CardAuthentication(
        authentication_id=told.card.record_id,
        card_uuid=told.card.card_uuid,
        assertion=told.assertion,
        expires_at=told.expires_at,
    )


def _expect(kind: type[T], outcome: Outcome) -> T:
    """What came of it, if not a refusal: a visit for whoever named no service, an assertion for whoever did."""
    if isinstance(outcome, ServiceError):
        raise outcome
    if not isinstance(outcome, kind):
        raise TypeError(f"{type(outcome).__name__} is no answer to this")
    return outcome
