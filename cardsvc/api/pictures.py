"""Photographs and scanned documents, for officers."""

from __future__ import annotations

from typing import Annotated, Final
from uuid import UUID

from fastapi import APIRouter, Depends, Response
from sqlalchemy.orm import Session

from cardsvc.api.access import require
from cardsvc.api.dependencies import ServicesDep
from cardsvc.api.documentation import problems
from cardsvc.api.once import OnceRoute
from cardsvc.api.pages import PagingDep
from cardsvc.api.uploads import Upload, file_answer, file_body, hand_out
from cardsvc.callers.principal import Principal
from cardsvc.citizens import documents, photos, pictures
from cardsvc.citizens.looking import look_at_documents
from cardsvc.db import in_transaction, transaction
from cardsvc.wire import people as wire
from cardsvc.wire.scopes import Scope

router = APIRouter(prefix="/v1", tags=["people"], route_class=OnceRoute)

Reader = Annotated[Principal, require(Scope.PEOPLE_READ)]
Writer = Annotated[Principal, require(Scope.PEOPLE_WRITE)]


def _judged_portrait(upload: Upload) -> pictures.Portrait:
    return photos.judge(upload)


def _judged_scan(upload: Upload) -> documents.Scan:
    return documents.judge(upload)


Portrait = Annotated[pictures.Portrait, Depends(_judged_portrait)]
Scan = Annotated[documents.Scan, Depends(_judged_scan)]
"""Judged before the work of the route begins: it takes a while, and others wait for their turn to write meanwhile."""

_PICTURES: Final = ("image/jpeg", "image/png")
_SCANS: Final = ("application/pdf", *_PICTURES)


@router.put(
    "/people/{citizen_id}/photo",
    operation_id="storePhoto",
    summary="Keep a photograph of a person",
    responses=problems(401, 403, 404, 410, 413, 422),
    openapi_extra=file_body(*_PICTURES),
)
def store_photo(citizen_id: UUID, services: ServicesDep, actor: Writer, portrait: Portrait) -> wire.PhotoInfo:
    """A JPEG or PNG of at least 413 by 531 pixels, 35 by 45. It is written anew: nothing but the picture is kept."""
    with transaction(services.sessions) as session:
        return photos.store(session, services.keystore, citizen_id, portrait, actor=actor, now=services.clock())


@router.post(
    "/people/{citizen_id}/photo/open",
    operation_id="openPhoto",
    summary="See the photograph of a person, for a purpose",
    response_class=Response,
    responses=problems(401, 403, 404, 410, 422) | file_answer("image/jpeg"),
)
def open_photo(citizen_id: UUID, request: wire.Occasion, services: ServicesDep, actor: Reader) -> Response:
    """As JPEG. The look and its purpose are on record."""
    with transaction(services.sessions) as session:
        jpeg = photos.show(session, services.keystore, citizen_id, request, actor=actor, now=services.clock())
    return hand_out(jpeg, "image/jpeg")


@router.post(
    "/applications/{application_id}/documents",
    status_code=201,
    operation_id="attachDocument",
    summary="Attach a scanned document to an application",
    responses=problems(401, 403, 404, 410, 413, 422),
    openapi_extra=file_body(*_SCANS),
)
def attach(
    application_id: UUID, kind: wire.DocumentKind, services: ServicesDep, actor: Writer, scan: Scan
) -> wire.Document:
    """A PDF, JPEG or PNG, kept as it came."""
    with transaction(services.sessions) as session:
        return documents.attach(
            session, services.keystore, application_id, kind, scan, actor=actor, now=services.clock()
        )


@router.get(
    "/applications/{application_id}/documents",
    operation_id="listDocuments",
    summary="See which documents an application has",
    responses=problems(401, 403, 404, 422),
)
def list_documents(application_id: UUID, services: ServicesDep, actor: Reader, paging: PagingDep) -> wire.DocumentList:
    """What there is, not what is in it. The look is on record."""

    def work(session: Session) -> wire.DocumentList:
        page = look_at_documents(session, application_id, paging.wanted, actor=actor, now=services.clock())
        shown = [documents.describe(row) for row in page.rows]
        return wire.DocumentList(documents=shown, next=paging.link(page.next))

    return in_transaction(services.sessions, work)


@router.post(
    "/applications/{application_id}/documents/{document_id}/open",
    operation_id="openDocument",
    summary="See a scanned document, for a purpose",
    response_class=Response,
    responses=problems(401, 403, 404, 410, 422) | file_answer(*_SCANS),
)
def open_document(
    application_id: UUID, document_id: UUID, request: wire.Occasion, services: ServicesDep, actor: Reader
) -> Response:
    """The file. The look and its purpose are on record."""
    with transaction(services.sessions) as session:
        scan = documents.show(
            session, services.keystore, application_id, document_id, request, actor=actor, now=services.clock()
        )
    return hand_out(scan.content, scan.media_type)


@router.delete(
    "/applications/{application_id}/documents/{document_id}",
    operation_id="removeDocument",
    summary="Take a wrong scan away from a draft",
    responses=problems(401, 403, 404, 422),
)
def remove_document(application_id: UUID, document_id: UUID, services: ServicesDep, actor: Writer) -> wire.DocumentList:
    """What is left."""
    with transaction(services.sessions) as session:
        return documents.remove(session, application_id, document_id, actor=actor, now=services.clock())
