"""Citizens sign, at a kiosk, what departments prepared."""

from __future__ import annotations

from fastapi import APIRouter, status

from cardsvc.api.dependencies import AuthenticatingCaller, ServicesDep
from cardsvc.api.documentation import problems
from cardsvc.api.once import OnceRoute
from cardsvc.db import in_transaction
from cardsvc.wire import signing as wire

router = APIRouter(prefix="/v1", tags=["authentication"], route_class=OnceRoute)
single = APIRouter(prefix="/v1", tags=["authentication"])
"""Not an `OnceRoute`: before its transaction the responder publishes in one of its own, under a lock."""


@router.post(
    "/signature-requests",
    operation_id="requestSignature",
    summary="Have a card sign a document that a department prepared",
    status_code=status.HTTP_201_CREATED,
    responses=problems(401, 403, 404, 410, 422),
)
def request_signature(
    request: wire.SignatureRequest, services: ServicesDep, actor: AuthenticatingCaller
) -> wire.SignatureChallenge:
    """In a visit at level ``pin``, for a service of level ``sign``. The document stays where it is: its hash is signed.

    The answer says what the card's 9C key is to sign, once, within a few minutes.
    """
    return in_transaction(
        services.sessions,
        lambda session: services.signing.request(session, request, actor=actor, now=services.clock()),
    )


@single.post(
    "/signatures",
    operation_id="submitSignature",
    summary="Show what the card signed",
    status_code=status.HTTP_201_CREATED,
    responses=problems(401, 403, 404, 409, 410, 422),
)
def submit_signature(
    submission: wire.SignatureSubmission, services: ServicesDep, actor: AuthenticatingCaller
) -> wire.DocumentSignature:
    """A CMS over the document, for the department to keep, and an assertion of level ``sign`` that names both.

    It is recorded, and the handle spent, whether the signature is accepted or not.
    """
    return services.signing.accept(services.sessions, submission, actor=actor, now=services.clock())
