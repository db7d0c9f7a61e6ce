"""A guardian agrees to a minor's application: with their own card and PIN, or on a form that was scanned."""

from __future__ import annotations

from collections.abc import Callable
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


def agree_by_card(
    service: ServiceClient,
    reader: CardReader,
    application: UUID,
    guardian: UUID,
    pin: Pin,
    *,
    check: Callable[[], None],
) -> None:
    """The guardian's card is in the reader. While the service is away, that costs no try of the PIN.

    ``check`` raises where nobody waits any more: the PIN is not used then, for the card may be somebody else's by that
    time. Raises ReaderError, ServiceProblem, ServiceUnreachable.
    """
    (challenge,) = service.challenges(Level.PIN, transaction_hash=consent_hash(application))
    check()
    with reader.connect() as connection, connection.transaction():
        session = PivSession.open(connection)
        check()  # the reader may have kept us waiting, too
        proof = prove_by_pin(session, challenge, pin)
    service.consent(application, ConsentRequest(guardian_id=guardian, proof=proof))
