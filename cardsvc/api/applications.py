"""Applications, for officers."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query
from sqlalchemy.orm import Session

from cardsvc.api.access import require
from cardsvc.api.dependencies import ServicesDep
from cardsvc.api.documentation import problems
from cardsvc.api.once import OnceRoute
from cardsvc.api.pages import PagingDep
from cardsvc.callers.principal import Principal
from cardsvc.cards.repository import describe as describe_card
from cardsvc.db import in_transaction, reading
from cardsvc.errors import ServiceError
from cardsvc.issuance import applications, consenting
from cardsvc.issuance.models import Application as Row
from cardsvc.issuance.repository import describe, open_applications, summarise
from cardsvc.issuance.rules import Rules
from cardsvc.services import Services
from cardsvc.wire.lifecycle import (
    Application,
    ApplicationList,
    ApplicationRequest,
    CancellationRequest,
    Card,
    ConsentRequest,
    DraftChange,
    PersonalisationRequest,
    RejectionRequest,
)
from cardsvc.wire.scopes import Scope

router = APIRouter(prefix="/v1/applications", tags=["applications"], route_class=OnceRoute)

Writer = Annotated[Principal, require(Scope.APPLICATIONS_WRITE)]
Approver = Annotated[Principal, require(Scope.APPLICATIONS_APPROVE)]
Reader = Annotated[Principal, require(Scope.APPLICATIONS_WRITE, Scope.APPLICATIONS_APPROVE)]
Personaliser = Annotated[Principal, require(Scope.CARDS_PERSONALISE)]


@router.post(
    "",
    status_code=201,
    operation_id="createApplication",
    summary="Ask for a card",
    responses=problems(401, 403, 404, 409, 410, 422),
)
def create(request: ApplicationRequest, services: ServicesDep, actor: Writer) -> Application:
    """Ask for a card: for somebody who is enrolled with it, or was before."""

    def work(session: Session) -> Application:
        return _described(services, session, _create(services, session, request, actor))

    return in_transaction(services.sessions, work)


def _create(services: Services, session: Session, request: ApplicationRequest, actor: Principal) -> Row:
    now, appointment = services.clock(), request.appointment
    if request.person is not None:
        return applications.create(
            session, services.keystore, request.person, actor=actor, now=now, appointment=appointment
        )
    if request.citizen_id is None:
        raise ValueError("the request has a person or a citizen")
    return applications.apply(
        session,
        request.citizen_id,
        request.kind,
        request.cause,
        actor=actor,
        now=now,
        appointment=appointment,
        rules=Rules.of(services.settings),
    )


@router.get("", operation_id="listApplications", summary="Open applications", responses=problems(401, 403, 422))
def read_all(
    services: ServicesDep,
    actor: Reader,
    paging: PagingDep,
    mine: Annotated[bool, Query(description="Only those that the caller sees to.")] = False,  # noqa: FBT002 (a query parameter)
) -> ApplicationList:
    """What is open, oldest first, without anything of the people."""
    with reading(services.sessions) as session:
        page = open_applications(session, actor.client_id if mine else None, paging.wanted)
        return ApplicationList(applications=summarise(session, page.rows), next=paging.link(page.next))


@router.get(
    "/{application_id}",
    operation_id="getApplication",
    summary="Look at an application",
    responses=problems(401, 403, 404, 410, 422),
)
def read(application_id: UUID, services: ServicesDep, actor: Reader) -> Application:
    """The application with the person's data; the look is recorded."""

    def work(session: Session) -> Application:
        row = applications.view(session, application_id, actor=actor, now=services.clock())
        return _described(services, session, row)

    return in_transaction(services.sessions, work)


@router.patch(
    "/{application_id}",
    operation_id="changeDraft",
    summary="Change a draft",
    responses=problems(401, 403, 404, 409, 410, 422),
)
def change(application_id: UUID, request: DraftChange, services: ServicesDep, actor: Writer) -> Application:
    """Before it is submitted; afterwards it can only be cancelled."""

    def work(session: Session) -> Application:
        rules = Rules.of(services.settings)
        row = applications.change_draft(
            session, application_id, request, actor=actor, now=services.clock(), rules=rules
        )
        return _described(services, session, row)

    return in_transaction(services.sessions, work)


@router.post(
    "/{application_id}/consent",
    operation_id="consentToApplication",
    summary="A guardian agrees to an application for a minor",
    responses=problems(401, 403, 404, 409, 410, 422),
)
def consent(application_id: UUID, request: ConsentRequest, services: ServicesDep, actor: Writer) -> Application:
    """With a proof of the guardian's own card, or with a scanned form."""

    def work(session: Session) -> Application | ServiceError:
        outcome = consenting.consent(
            session,
            services.proofs,
            application_id,
            request,
            actor=actor,
            now=services.clock(),
            rules=Rules.of(services.settings),
        )
        return outcome if isinstance(outcome, ServiceError) else _described(services, session, outcome)

    outcome = in_transaction(services.sessions, work)
    if isinstance(outcome, ServiceError):
        raise outcome.recorded()  # only now: it is committed
    return outcome


@router.post(
    "/{application_id}/submit",
    operation_id="submitApplication",
    summary="Submit an application",
    responses=problems(401, 403, 404, 409, 410, 422),
)
def submit(application_id: UUID, services: ServicesDep, actor: Writer) -> Application:
    """Lay it before a colleague. A card that is to be replaced, or was forgotten, is held from now on."""

    def work(session: Session) -> Application:
        rules = Rules.of(services.settings)
        row = applications.submit(
            session, services.keystore, application_id, actor=actor, now=services.clock(), rules=rules
        )
        return _described(services, session, row)

    return in_transaction(services.sessions, work)


@router.post(
    "/{application_id}/approve",
    operation_id="approveApplication",
    summary="Approve somebody else's application",
    responses=problems(401, 403, 404, 409, 410, 422),
)
def approve(application_id: UUID, services: ServicesDep, actor: Approver) -> Application:
    """Approve somebody else's application."""

    def work(session: Session) -> Application:
        row = applications.approve(session, application_id, actor=actor, now=services.clock())
        return _described(services, session, row)

    return in_transaction(services.sessions, work)


@router.post(
    "/{application_id}/reject",
    operation_id="rejectApplication",
    summary="Reject an application",
    responses=problems(401, 403, 404, 409, 410, 422),
)
def reject(application_id: UUID, request: RejectionRequest, services: ServicesDep, actor: Approver) -> Application:
    """Reject an application, for a reason. A card that it held is in force again."""

    def work(session: Session) -> Application:
        row = applications.reject(session, application_id, request.reason, actor=actor, now=services.clock())
        return _described(services, session, row)

    return in_transaction(services.sessions, work)


@router.post(
    "/{application_id}/cancel",
    operation_id="cancelApplication",
    summary="Give an application up, or discard a draft",
    responses=problems(401, 403, 404, 409, 410, 422),
)
def cancel(application_id: UUID, request: CancellationRequest, services: ServicesDep, actor: Writer) -> Application:
    """At any time before its card is active. A card that it held is in force again."""

    def work(session: Session) -> Application:
        row = applications.cancel(session, application_id, request.reason, actor=actor, now=services.clock())
        return _described(services, session, row)

    return in_transaction(services.sessions, work)


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

    def work(session: Session) -> Card:
        rules = Rules.of(services.settings)
        card = applications.reserve_card(
            session, application_id, request.stock_number, actor=actor, now=services.clock(), rules=rules
        )
        return describe_card(session, card)

    return in_transaction(services.sessions, work)


def _described(services: Services, session: Session, row: Row) -> Application:
    return describe(session, services.keystore, row)
