"""Scanned documents that go with an application, sealed like everything else about the person.

They are kept as they came, since they are evidence; what they are is told from their bytes, never from what the sender
says, and they are handed out in a way that no browser runs them.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session, load_only

from cardsvc.callers.principal import Principal
from cardsvc.citizens.errors import DocumentRefused, DocumentUnknown
from cardsvc.citizens.models import Document
from cardsvc.citizens.pictures import PictureUnreadable, check_picture
from cardsvc.citizens.searching import reference_of
from cardsvc.citizens.service import get_citizen, open_data_key
from cardsvc.db import new_id
from cardsvc.issuance.models import Application
from cardsvc.issuance.recording import record_application
from cardsvc.issuance.repository import get_application
from cardsvc.paging import EVERYTHING, Page, Wanted, page
from cardsvc.trust import sealing
from cardsvc.trust.keystore import Keystore
from cardsvc.wire import people as wire
from cardsvc.wire.lifecycle import ApplicationState

MOST: Final = 20
"""Of one application."""
_PDF: Final = "application/pdf"
_PDF_END: Final = 2048
"""How far from its end a PDF says that it ends (ISO 32000-1 annex H.3: 1024; some writers add more)."""
_OPEN: Final = frozenset(
    {
        ApplicationState.DRAFT,
        ApplicationState.SUBMITTED,
        ApplicationState.APPROVED,
        ApplicationState.PERSONALISING,
        ApplicationState.PRODUCED,  # whoever collects the card signs for it, and may show a power of attorney
    }
)


@dataclass(frozen=True)
class Scan:
    """A document that was looked at."""

    media_type: str
    content: bytes = field(repr=False)


def judge(raw: bytes) -> Scan:
    """A PDF, a JPEG or a PNG. Needs no database. Raises DocumentRefused."""
    if raw.startswith(b"%PDF-"):
        if b"%%EOF" not in raw[-_PDF_END:]:
            raise DocumentRefused("broken", "The document is broken off.")
        return Scan(_PDF, raw)
    try:
        return Scan(check_picture(raw), raw)
    except PictureUnreadable as error:
        raise DocumentRefused(error.reason, f"{error} A PDF will do too.") from None


def attach(
    session: Session,
    keystore: Keystore,
    application_id: UUID,
    kind: wire.DocumentKind,
    scan: Scan,
    *,
    actor: Principal,
    now: datetime,
) -> wire.Document:
    """Keep a scan with an open application. Raises ApplicationNotFound, PersonErased, DocumentRefused."""
    application = get_application(session, application_id)
    citizen = get_citizen(session, application.citizen_id, to_change=True)
    if application.state not in _OPEN:
        raise DocumentRefused("application-over", f"The application is {application.state}: it takes no documents.")
    count = select(func.count()).select_from(Document).where(Document.application_id == application.id)
    if (session.scalar(count) or 0) >= MOST:
        raise DocumentRefused("too-many", f"An application has at most {MOST} documents.")
    identity = new_id()
    document = Document(
        id=identity,
        citizen_id=citizen.id,
        application_id=application.id,
        kind=kind.value,
        media_type=scan.media_type,
        size=len(scan.content),
        sealed=sealing.seal(open_data_key(keystore, citizen), scan.content, _context(identity)),
        added_by=actor.client_id,
        added_at=now,
    )
    session.add(document)
    record_application(session, "document.attach", application, actor, now, kind=kind.value, document=str(identity))
    return _describe(document)


def list_documents(session: Session, application_id: UUID, wanted: Wanted = EVERYTHING) -> Page[Document]:
    """What there is; nothing of what is in it. Raises ApplicationNotFound, CursorRefused."""
    application = get_application(session, application_id)
    statement = select(Document).where(Document.application_id == application.id)
    told = [getattr(Document, name) for name in wire.Document.model_fields]
    return page(session, statement.options(load_only(*told)), Document.id, wanted)


def describe(document: Document) -> wire.Document:
    """As officers' tools see it."""
    return wire.Document(**{name: getattr(document, name) for name in wire.Document.model_fields})


def show(
    session: Session,
    keystore: Keystore,
    application_id: UUID,
    document_id: UUID,
    occasion: wire.Occasion,
    *,
    actor: Principal,
    now: datetime,
) -> Scan:
    """A document; the look is on record. Raises ApplicationNotFound, DocumentUnknown, PersonErased."""
    application = get_application(session, application_id)
    citizen = get_citizen(session, application.citizen_id)
    data_key = open_data_key(keystore, citizen)
    document = _get(session, application, document_id)
    detail = {"document": str(document.id), "purpose": occasion.purpose.value, **reference_of(occasion)}
    record_application(session, "document.open", application, actor, now, **detail)
    return Scan(document.media_type, sealing.unseal(data_key, document.sealed, _context(document.id)))


def remove(
    session: Session, application_id: UUID, document_id: UUID, *, actor: Principal, now: datetime
) -> wire.DocumentList:
    """Take a wrong scan away, from a draft. Raises ApplicationNotFound, DocumentUnknown, DocumentRefused."""
    application = get_application(session, application_id)
    document = _get(session, application, document_id)
    if application.state is not ApplicationState.DRAFT:
        raise DocumentRefused("submitted", "What was submitted stays as it is.")
    session.delete(document)
    record_application(session, "document.remove", application, actor, now, document=str(document.id))
    session.flush()
    return wire.DocumentList(documents=[describe(row) for row in list_documents(session, application_id).rows])


def _get(session: Session, application: Application, document_id: UUID) -> Document:
    document = session.get(Document, document_id)
    if document is None or document.application_id != application.id:
        raise DocumentUnknown
    return document


def _describe(document: Document) -> wire.Document:
    return wire.Document(**{name: getattr(document, name) for name in wire.Document.model_fields})


def _context(document_id: UUID) -> bytes:
    return b"citizen/document/" + document_id.bytes
