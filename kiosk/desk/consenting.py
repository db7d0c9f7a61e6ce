"""A guardian agrees to a minor's application: with their own card and PIN, or on a form that was scanned."""

from __future__ import annotations

from uuid import UUID

from cardsvc.client import ServiceClient
from cardsvc.wire.levels import Level
from cardsvc.wire.lifecycle import ConsentRequest
from cardsvc.wire.signed import consent_hash
from kiosk.proving import prove_by_pin
from readers.connection import CardReader
from readers.piv.pin import Pin
from readers.piv.session import PivSession


def agree_on_paper(service: ServiceClient, application: UUID, guardian: UUID, document: UUID) -> None:
    """The form is among the application's documents. Raises ServiceProblem, ServiceUnreachable."""
    service.consent(application, ConsentRequest(guardian_id=guardian, document_id=document))


def agree_by_card(service: ServiceClient, reader: CardReader, application: UUID, guardian: UUID, pin: Pin) -> None:
    """The guardian's card is in the reader. While the service is away, that costs no try of the PIN.

    Raises ReaderError, ServiceProblem, ServiceUnreachable.
    """
    (challenge,) = service.challenges(Level.PIN, transaction_hash=consent_hash(application))
    with reader.connect() as connection, connection.transaction():
        proof = prove_by_pin(PivSession.open(connection), challenge, pin)
    service.consent(application, ConsentRequest(guardian_id=guardian, proof=proof))
