"""Investigations. What is done or refused here stands in no open record: see `refusals.py` and `cardsvc.sealed`."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Annotated, TypeVar
from uuid import UUID

from fastapi import APIRouter
from sqlalchemy.orm import Session

from cardsvc.api.access import require
from cardsvc.api.dependencies import ServicesDep
from cardsvc.api.documentation import problems
from cardsvc.api.pages import PagingDep
from cardsvc.api.refusals import SEALED
from cardsvc.callers.principal import Principal
from cardsvc.db import in_transaction, reading
from cardsvc.errors import ServiceError
from cardsvc.paging import Wanted
from cardsvc.sealed.investigations import Investigator
from cardsvc.services import Services
from cardsvc.wire import investigations as wire
from cardsvc.wire.history import AccessHistory
from cardsvc.wire.people import PersonRecord
from cardsvc.wire.scopes import Scope

router = APIRouter(prefix="/v1/investigations", tags=[SEALED])

Investigating = Annotated[Principal, require(Scope.PEOPLE_INVESTIGATE)]
_Told = TypeVar("_Told")


@router.get(
    "",
    operation_id="listInvestigations",
    summary="See the investigations that are not released",
    responses=problems(401, 403, 422),
)
def list_all(services: ServicesDep, actor: Investigating, paging: PagingDep) -> wire.InvestigationList:
    """Newest first, those that wait for a colleague among them, and none about whoever asks."""
    with reading(services.sessions) as session:
        page = Investigator(session, services.vault, actor, services.clock()).list(paging.wanted)
    return wire.InvestigationList(investigations=page.rows, next=paging.link(page.next))


@router.post(
    "",
    status_code=201,
    operation_id="requestInvestigation",
    summary="Ask for an investigation of a person",
    responses=problems(401, 403, 404, 409, 410, 422),
)
def request(asked: wire.InvestigationRequest, services: ServicesDep, actor: Investigating) -> wire.Investigation:
    """A colleague has a week to agree. From ``release_on`` the person can read all that was done."""
    longest = timedelta(days=services.settings.sealed_days)
    return _do(services, actor, lambda investigator: investigator.request(asked, longest))


@router.post(
    "/{investigation_id}/approve",
    operation_id="approveInvestigation",
    summary="Agree to an investigation that a colleague asked for",
    responses=problems(401, 403, 404, 409, 410, 422),
)
def approve(investigation_id: UUID, services: ServicesDep, actor: Investigating) -> wire.Investigation:
    """Whoever asked may look at the person then, for thirty days."""
    return _do(services, actor, lambda investigator: investigator.approve(investigation_id))


@router.post(
    "/{investigation_id}/open",
    operation_id="openInvestigatedPerson",
    summary="Open the person",
    responses=problems(401, 403, 404, 409, 410, 422),
)
def open_person(investigation_id: UUID, services: ServicesDep, actor: Investigating) -> PersonRecord:
    """Everything that is known. The person hears of it when the investigation is released."""
    return _do(services, actor, lambda investigator: investigator.open_person(investigation_id))


@router.post(
    "/{investigation_id}/access-history",
    operation_id="readInvestigatedHistory",
    summary="Read the person's access history",
    responses=problems(401, 403, 404, 409, 410, 422),
)
def read_history(
    investigation_id: UUID, asked: wire.InvestigationHistoryRequest, services: ServicesDep, actor: Investigating
) -> AccessHistory:
    """Where they were, and what departments asked. The person hears of it when the investigation is released."""
    return _do(services, actor, lambda one: one.read_history(investigation_id, Wanted(asked.limit, asked.cursor)))


@router.post(
    "/{investigation_id}/release",
    operation_id="releaseInvestigation",
    summary="Let the person read it before its date",
    responses=problems(401, 403, 404, 409, 410, 422),
)
def release(investigation_id: UUID, services: ServicesDep, actor: Investigating) -> wire.Investigation:
    """The first investigator asks for it, a second one does it. What is not published yet follows the next day."""
    return _do(services, actor, lambda investigator: investigator.release(investigation_id))


def _do(services: Services, actor: Principal, act: Callable[[Investigator], _Told | ServiceError]) -> _Told:
    def work(session: Session) -> _Told | ServiceError:
        return act(Investigator(session, services.vault, actor, services.clock()))

    outcome = in_transaction(services.sessions, work)
    if isinstance(outcome, ServiceError):
        raise outcome  # only now: its sealed entry is committed
    return outcome
