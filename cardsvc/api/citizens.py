"""People, for officers; and for the citizen at a kiosk, who looked at their data."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter

from cardsvc.api.access import require
from cardsvc.api.dependencies import AuthenticatingCaller, ServicesDep
from cardsvc.api.documentation import problems
from cardsvc.api.once import OnceRoute
from cardsvc.api.pages import PagingDep
from cardsvc.callers.principal import Principal
from cardsvc.citizens import correcting, erasing, guardians, history, lives, records, searching
from cardsvc.db import in_transaction, transaction
from cardsvc.wire import people as wire
from cardsvc.wire.history import AccessHistory, AccessHistoryRequest
from cardsvc.wire.lives import PersonLife
from cardsvc.wire.scopes import Scope

router = APIRouter(prefix="/v1", tags=["people"], route_class=OnceRoute)

Reader = Annotated[Principal, require(Scope.PEOPLE_READ)]
Writer = Annotated[Principal, require(Scope.PEOPLE_WRITE)]
Eraser = Annotated[Principal, require(Scope.PEOPLE_ERASE)]
Auditor = Annotated[Principal, require(Scope.AUDIT_READ)]


@router.post(
    "/people/search", operation_id="searchPeople", summary="Look for people", responses=problems(401, 403, 410, 422)
)
def search(request: wire.SearchRequest, services: ServicesDep, actor: Reader) -> wire.FoundPeople:
    """By name, document number or card number. What was typed stands in no log; who was shown does."""
    with transaction(services.sessions) as session:
        return searching.search(session, services.keystore, request, actor=actor, now=services.clock())


@router.post(
    "/people/duplicates",
    operation_id="findDuplicates",
    summary="See who may be this person already, before enrolling them",
    responses=problems(401, 403, 410, 422),
)
def find_duplicates(request: wire.DuplicatesRequest, services: ServicesDep, actor: Reader) -> wire.FoundPeople:
    """The same document number, or the same name or a like sound together with the birth date."""
    with transaction(services.sessions) as session:
        return searching.find_duplicates(
            session, services.keystore, request.person, request.reference, actor=actor, now=services.clock()
        )


@router.post(
    "/people/{citizen_id}/open",
    operation_id="openPerson",
    summary="Open a person, for a purpose",
    responses=problems(401, 403, 404, 410, 422),
)
def open_person(citizen_id: UUID, request: wire.Occasion, services: ServicesDep, actor: Reader) -> wire.PersonRecord:
    """Everything that is known. The look and its purpose are on record, for the citizen to read."""
    with transaction(services.sessions) as session:
        return records.open_record(session, services.keystore, citizen_id, request, actor=actor, now=services.clock())


@router.post(
    "/people/{citizen_id}/versions",
    operation_id="openPersonVersions",
    summary="See what was known before each correction",
    responses=problems(401, 403, 404, 410, 422),
)
def open_versions(
    citizen_id: UUID, request: wire.Occasion, services: ServicesDep, actor: Reader
) -> wire.PersonVersions:
    """Earlier names and documents, as long as the person is kept."""
    with transaction(services.sessions) as session:
        return correcting.earlier_versions(
            session, services.keystore, citizen_id, request, actor=actor, now=services.clock()
        )


@router.post(
    "/people/{citizen_id}/life",
    operation_id="openPersonLife",
    summary="See what became of a person's applications and cards",
    responses=problems(401, 403, 404, 422),
)
def open_life(citizen_id: UUID, request: wire.Occasion, services: ServicesDep, actor: Reader) -> PersonLife:
    """States, times and who did it; nothing of the person. The look and its purpose are on record."""
    with transaction(services.sessions) as session:
        return lives.open_life(session, citizen_id, request, actor=actor, now=services.clock())


@router.post(
    "/people/{citizen_id}/corrections",
    operation_id="correctPerson",
    summary="Correct what is known about a person",
    responses=problems(401, 403, 404, 409, 410, 422),
)
def correct(
    citizen_id: UUID, request: wire.CorrectionRequest, services: ServicesDep, actor: Writer
) -> wire.CorrectedPerson:
    """What was known is kept, sealed. Another name needs another card."""
    with transaction(services.sessions) as session:
        return correcting.correct(session, services.keystore, citizen_id, request, actor=actor, now=services.clock())


@router.post(
    "/people/{citizen_id}/guardians",
    status_code=201,
    operation_id="appointGuardian",
    summary="Let somebody act for a person",
    responses=problems(401, 403, 404, 410, 422),
)
def appoint(
    citizen_id: UUID, request: wire.GuardianRequest, services: ServicesDep, actor: Writer
) -> list[wire.Guardian]:
    """Everybody who may act for the person then."""
    with transaction(services.sessions) as session:
        return guardians.appoint(session, services.keystore, citizen_id, request, actor=actor, now=services.clock())


@router.post(
    "/people/{citizen_id}/guardians/{guardian_id}/dismiss",
    operation_id="dismissGuardian",
    summary="Let somebody act for a person no more",
    responses=problems(401, 403, 404, 422),
)
def dismiss(citizen_id: UUID, guardian_id: UUID, services: ServicesDep, actor: Writer) -> list[wire.Guardian]:
    """Everybody who may still act for the person."""
    with transaction(services.sessions) as session:
        return guardians.dismiss(session, citizen_id, guardian_id, actor=actor, now=services.clock())


@router.post(
    "/people/{citizen_id}/erase",
    operation_id="erasePerson",
    summary="Erase a person, once a colleague has approved",
    responses=problems(401, 403, 404, 409, 410, 422),
)
def erase(citizen_id: UUID, services: ServicesDep, actor: Eraser) -> wire.ErasureDone:
    """Ask for approval of kind ``erasure`` first. The audit log stays, and verifies."""
    with transaction(services.sessions) as session:
        erased = erasing.erase(session, citizen_id, actor=actor, now=services.clock())
        session.flush()
        # Before the commit: a restore then knows of every erasure that took place, if not of every one that failed.
        erasing.note_erasure(services.settings.erasures_file, erased)
    return erasing.describe(erased)


@router.get(
    "/people/{citizen_id}/access-history",
    operation_id="getAccessHistory",
    summary="See who looked at a person's data, when and why",
    responses=problems(401, 403, 404, 422),
)
def read_history(
    citizen_id: UUID,
    services: ServicesDep,
    actor: Auditor,
    paging: PagingDep,
) -> AccessHistory:
    """For auditors. It holds no personal data; the look is on record."""
    return in_transaction(
        services.sessions,
        lambda session: history.access_history(session, citizen_id, paging.wanted, actor=actor, now=services.clock()),
    )


@router.post(
    "/visits/access-history",
    operation_id="getOwnAccessHistory",
    summary="Show a citizen who looked at their data",
    responses=problems(401, 403, 404, 410, 422),
)
def read_own_history(
    request: AccessHistoryRequest, services: ServicesDep, actor: AuthenticatingCaller
) -> AccessHistory:
    """At a kiosk, in a visit at level ``pin``."""
    with transaction(services.sessions) as session:
        return history.own_access_history(
            session, request, actor=actor, now=services.clock(), times=services.visit_times
        )
