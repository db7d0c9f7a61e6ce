"""A forgotten or blocked PIN: the service gives the card a transport PIN, and the citizen a PIN of their own.

A colleague agreed before (``puk-release``). Neither PIN leaves this machine but for the card.
"""

from __future__ import annotations

from typing import Final
from uuid import UUID

from cardsvc.client import ServiceClient, ServiceProblem
from cardsvc.wire.relay import Progress
from kiosk.desk.progress import Report
from kiosk.desk.relay import relay_unblocking
from readers.connection import CardReader
from readers.piv.pin import Pin

_USED: Final = "approval-spent"


def unblock(officer: ServiceClient, reader: CardReader, card_uuid: UUID, report: Report) -> Pin:
    """Use the grant and have the card in the reader unblocked; its transport PIN, to be replaced at once.

    What breaks off is begun again by the same call, for as long as the grant lasts. Raises ServiceProblem,
    ServiceUnreachable, ReaderError, RelayRefused, RelayBroken, and Cancelled before a step.
    """

    def progressed(progress: Progress) -> None:
        report.step(progress.step, progress.done, progress.total)

    with reader.connect() as connection:  # before the grant is used: without a card it stays good
        _open(officer, card_uuid)
        return Pin(relay_unblocking(officer, card_uuid, connection, progressed, report.check).transport_pin)


def _open(officer: ServiceClient, card_uuid: UUID) -> None:
    """A grant that was used a moment ago is still good: the relay says whether."""
    try:
        officer.unblock(card_uuid)
    except ServiceProblem as problem:
        if problem.problem.code != _USED:
            raise
