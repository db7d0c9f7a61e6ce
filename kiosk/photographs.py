"""The photograph on a card, which is behind the PIN."""

from __future__ import annotations

from uuid import UUID

from kiosk.proving import OtherCard
from readers.connection import CardReader
from readers.errors import ObjectNotFound, ProtocolError
from readers.piv.identifiers import ObjectId
from readers.piv.photograph import photograph_of
from readers.piv.pin import Pin
from readers.piv.session import PivSession


class NoPhotograph(Exception):
    """Raised when there is none on the card, or none that a screen can show."""


def read_photograph(reader: CardReader, card_uuid: UUID, pin: Pin) -> bytes:
    """A JPEG, if the card is still the same. Raises ReaderError, OtherCard, NoPhotograph."""
    with reader.connect() as connection, connection.transaction():
        session = PivSession.open(connection)
        if session.read_chuid().guid != card_uuid:
            raise OtherCard
        session.verify_pin(pin)
        try:
            return photograph_of(session.read_object(ObjectId.FACIAL_IMAGE))
        except (ObjectNotFound, ProtocolError):
            raise NoPhotograph from None
