"""Applications, for officers."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter

from cardsvc.api.access import require
from cardsvc.api.dependencies import ServicesDep
from cardsvc.api.documentation import problems
from cardsvc.callers.principal import Principal
from cardsvc.callers.scopes import Scope
from cardsvc.cards.repository import describe as describe_card
from cardsvc.db import transaction
from cardsvc.issuance import applications
from cardsvc.issuance.repository import describe
from cardsvc.wire.lifecycle import Application, ApplicationRequest, Card, PersonalisationRequest, RejectionRequest

router = APIRouter(prefix="/v1/applications", tags=["applications"])

Writer = Annotated[Principal, require(Scope.APPLICATIONS_WRITE)]
Approver = Annotated[Principal, require(Scope.APPLICATIONS_APPROVE)]
Reader = Annotated[Principal, require(Scope.APPLICATIONS_WRITE, Scope.APPLICATIONS_APPROVE)]
Personaliser = Annotated[Principal, require(Scope.CARDS_PERSONALISE)]


@router.post(
    "",
    status_code=201,
    operation_id="createApplication",
    summary="Enrol a person and ask for a card",
    responses=problems(401, 403, 422),
)
def create(request: ApplicationRequest, services: ServicesDep, actor: Writer) -> Application:
    """Enrol a person and ask for their first card."""
    with transaction(services.sessions) as session:
        row = applications.create(session, services.keystore, request.person, actor=actor, now=services.clock())
        return describe(session, services.keystore, row)


@router.get(
    "/{application_id}",
    operation_id="getApplication",
    summary="Look at an application",
    responses=problems(401, 403, 404, 410, 422),
)
def read(application_id: UUID, services: ServicesDep, actor: Reader) -> Application:
    """The application with the person's data; the look is recorded."""
    with transaction(services.sessions) as session:
        row = applications.view(session, application_id, actor=actor, now=services.clock())
        return describe(session, services.keystore, row)


@router.post(
    "/{application_id}/submit",
    operation_id="submitApplication",
    summary="Submit an application",
    responses=problems(401, 403, 404, 409, 422),
)
def submit(application_id: UUID, services: ServicesDep, actor: Writer) -> Application:
    """Lay it before a colleague."""
    with transaction(services.sessions) as session:
        row = applications.submit(session, application_id, actor=actor, now=services.clock())
        return describe(session, services.keystore, row)


@router.post(
    "/{application_id}/approve",
    operation_id="approveApplication",
    summary="Approve somebody else's application",
    responses=problems(401, 403, 404, 409, 422),
)
def approve(application_id: UUID, services: ServicesDep, actor: Approver) -> Application:
    """Approve somebody else's application."""
    with transaction(services.sessions) as session:
        row = applications.approve(session, application_id, actor=actor, now=services.clock())
        return describe(session, services.keystore, row)


@router.post(
    "/{application_id}/reject",
    operation_id="rejectApplication",
    summary="Reject an application",
    responses=problems(401, 403, 404, 409, 422),
)
def reject(application_id: UUID, request: RejectionRequest, services: ServicesDep, actor: Approver) -> Application:
    """Reject an application, for a reason."""
    with transaction(services.sessions) as session:
        row = applications.reject(session, application_id, request.reason, actor=actor, now=services.clock())
        return describe(session, services.keystore, row)


@router.post(
    "/{application_id}/personalisation",
    operation_id="reserveCard",
    summary="Reserve a blank card for an approved application",
    responses=problems(401, 403, 404, 409, 422),
)
def reserve_card(
    application_id: UUID, request: PersonalisationRequest, services: ServicesDep, actor: Personaliser
) -> Card:
    """Reserve a blank card for it. The desk that has the card in its reader then opens the card's relay."""
    with transaction(services.sessions) as session:
        card = applications.reserve_card(
            session,
            application_id,
            request.stock_number,
            years=services.settings.card_years,
            actor=actor,
            now=services.clock(),
        )
        return describe_card(session, card)
