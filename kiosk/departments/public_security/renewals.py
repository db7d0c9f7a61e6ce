"""Renewing an identity document: who may when, and from when on it is handed out."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Final

from sqlalchemy.orm import Session

from cardsvc.wire.manifest import Texts
from kiosk.departments.contract.clock import city_date
from kiosk.departments.contract.refusals import ServiceRefused
from kiosk.departments.contract.storage import insert_into
from kiosk.departments.contract.texts import texts
from kiosk.departments.public_security.applications import Applicant, State, decide, make
from kiosk.departments.public_security.models import IdentityDocument, Renewal

EARLIEST: Final = timedelta(days=180)
"""So long before its last day a document is renewed for no other reason."""
MAKING: Final = timedelta(days=20)
EXPIRING: Final = "expiring"
REASONS: Final[Mapping[str, Texts]] = {
    EXPIRING: texts("It expires soon, or has expired", "即将到期或已过期", "Expira em breve ou já expirou"),
    "damaged": texts("It is damaged", "证件损坏", "Está danificado"),
    "changed": texts("What it says has changed", "登记信息变更", "Os dados mudaram"),
}
STATIONS: Final[Mapping[str, Texts]] = {
    "hengqin": texts("Hengqin Public Security Station", "横琴派出所", "Esquadra de Hengqin"),
    "new-neighbourhood": texts(
        "Macau New Neighbourhood Service Point", "澳门新街坊警务服务点", "Posto do Novo Bairro de Macau"
    ),
}
FIRST_DOCUMENTS: Final[Mapping[str, date]] = {
    "M1234567": date(2027, 1, 20),
    "H7654321": date(2031, 6, 30),
}
"""What the register held on the day the department opened: each document's last day."""


class DocumentUnknown(ServiceRefused):
    """Raised when the register has no such document."""

    code = "document-unknown"
    title = "The register has no such identity document"
    message = texts(
        "We do not find your identity document in the register. Please ask at the counter.",
        "未查询到您的证件登记信息，请到服务台咨询。",
        "Não encontramos o seu documento no registo. Pergunte no balcão, por favor.",
    )


class TooEarly(ServiceRefused):
    """Raised when a document is good for long."""

    code = "renewal-too-early"
    title = "The identity document is good for more than half a year"
    message = texts(
        "Your document is good for more than half a year. You can renew it later.",
        "您的证件有效期还有半年以上，请临近到期时再办理。",
        "O seu documento é válido por mais de meio ano. Pode renová-lo mais tarde.",
    )


def apply_for_renewal(session: Session, who: Applicant, reason: str, station: str, now: datetime) -> Renewal:
    """Ask for a new document, once for a receipt.

    Raises:
        DocumentUnknown, TooEarly: there is nothing to renew, or not yet.
        AlreadyApplied: another application is being looked at.
    """
    document = session.get(IdentityDocument, who.document_number)
    if document is None:
        raise DocumentUnknown
    if reason == EXPIRING and document.valid_until - city_date(now) > EARLIEST:
        raise TooEarly
    renewal = Renewal(
        receipt=who.receipt,
        pseudonym=who.pseudonym,
        document_number=who.document_number,
        state=State.OPEN,
        made_at=now,
        reason=reason,
        station=station,
    )
    return make(session, renewal)


def decide_renewal(session: Session, receipt: str, *, granted: bool, now: datetime) -> None:
    """What an officer says; a document that is granted is handed out when it is made."""
    renewal = decide(session, Renewal, receipt, granted=granted, now=now)
    if renewal is not None and granted:
        renewal.ready_on = city_date(now) + MAKING
        session.flush()


def seed_documents(session: Session) -> None:
    """Put in the first documents, where they are not there yet."""
    for number, valid_until in FIRST_DOCUMENTS.items():
        row = insert_into(session, IdentityDocument).values(number=number, valid_until=valid_until)
        session.execute(row.on_conflict_do_nothing(index_elements=[IdentityDocument.number]))
