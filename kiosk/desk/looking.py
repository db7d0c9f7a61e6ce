"""Which card is in a reader: whether it is a blank one, one that was begun, or a finished one."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from readers.connection import CardReader
from readers.errors import CardError, NotAPivCard, ObjectNotFound, PinBlocked, ProtocolError
from readers.piv.identifiers import ObjectId
from readers.piv.products import Product, is_blank, recognise
from readers.piv.session import PivSession


class Condition(StrEnum):
    """How far somebody has come with a card."""

    STRANGE = "strange"
    """It is no PIV card, or has no PIV application yet."""
    BLANK = "blank"
    BEGUN = "begun"
    """It has a marker, and no CHUID yet: somebody began to write it."""
    FINISHED = "finished"
    """It has a CHUID, which is written last. Only the service knows whether it was judged."""


@dataclass(frozen=True, slots=True)
class SeenCard:
    """A card as it tells of itself. Nothing of it is proved."""

    condition: Condition
    product: str = ""
    firmware: str | None = None
    serial: str | None = None
    """The product's own, where it has one."""
    uuid: UUID | None = None
    """Of a finished card."""
    pin_tries: int | None = None
    """None where the card does not say."""


def look(reader: CardReader) -> SeenCard:
    """Look at the card in the reader; costs no try, changes nothing. Raises NoCard and other ReaderErrors."""
    with reader.connect() as connection, connection.transaction():
        try:
            session = PivSession.open(connection)
        except NotAPivCard:
            return SeenCard(Condition.STRANGE)
        return _seen(session, recognise(session))


def _seen(session: PivSession, product: Product) -> SeenCard:
    serial = product.serial(session)
    blank = is_blank(session, product)
    condition = (Condition.BEGUN if _has_marker(session) else Condition.BLANK) if blank else Condition.FINISHED
    uuid = None if blank else session.read_chuid().guid
    return SeenCard(condition, product.name, product.firmware, serial, uuid, _tries(session))


def _has_marker(session: PivSession) -> bool:
    try:
        session.read_object(ObjectId.CCC)
    except (ObjectNotFound, ProtocolError):
        return False
    return True


def _tries(session: PivSession) -> int | None:
    try:
        return session.pin_tries_left()
    except PinBlocked:
        return 0
    except CardError:
        return None
