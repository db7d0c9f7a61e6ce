"""Verification of assertions, online."""

from __future__ import annotations

from fastapi import APIRouter, status

from cardsvc.api.dependencies import ServicesDep, VerifyingCaller
from cardsvc.api.documentation import problems
from cardsvc.authentication.errors import AssertionRefused
from cardsvc.db import transaction
from cardsvc.wire.authentication import Verification, VerificationRequest

router = APIRouter(prefix="/v1", tags=["verification"])


@router.post(
    "/verifications",
    operation_id="verifyAssertion",
    summary="Ask whether an assertion is good now",
    status_code=status.HTTP_201_CREATED,
    responses=problems(401, 403, 422),
)
def verify_assertion(request: VerificationRequest, services: ServicesDep, actor: VerifyingCaller) -> Verification:
    """For the department it was made for. Unlike a check with the JWKS, this knows whether the card is still active."""
    with transaction(services.sessions) as session:
        verdict = services.judge.verify(session, request.assertion, actor=actor, now=services.clock())
    if isinstance(verdict, AssertionRefused):
        raise verdict.recorded()
    return verdict
