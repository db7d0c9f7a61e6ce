"""The photograph on a card, which is behind the PIN: shown to nobody unless the city signed it for this very card."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from io import BytesIO
from typing import Final
from uuid import UUID

import structlog
from PIL import Image

from kiosk.proving import OtherCard
from readers.connection import CardReader
from readers.errors import CardInconsistent, CardNotAuthenticated, ObjectNotFound, ProtocolError
from readers.piv.identifiers import ObjectId
from readers.piv.judging import VOUCHING, Trust, trusted_photograph
from readers.piv.objects import Chuid
from readers.piv.photograph import ImageKind, Photograph
from readers.piv.pin import Pin
from readers.piv.session import PivSession

_log = structlog.get_logger()
_MAX_PIXELS: Final = 4_000_000
_QUALITY: Final = 92


class NoPhotograph(Exception):
    """Raised when there is none on the card, or none that a screen can show."""


class PhotographForged(Exception):
    """Raised when the city did not sign it, or not like this."""


class PhotographOfAnother(Exception):
    """Raised when the city signed it, and not for this card."""


class Photographs:
    """Reads them. Every method raises ReaderError, ServiceProblem and ServiceUnreachable."""

    def __init__(self, trust: Callable[[], Trust], clock: Callable[[], datetime]) -> None:
        """``trust`` is asked after the card was read, and may ask the service."""
        self._trust = trust
        self._clock = clock

    def read(self, reader: CardReader, card_uuid: UUID, pin: Pin) -> bytes:
        """A JPEG, if the card is still the same.

        Also raises OtherCard, NoPhotograph, PhotographForged, PhotographOfAnother.
        """
        objects = _read(reader, card_uuid, pin)
        if ObjectId.FACIAL_IMAGE not in objects:
            raise NoPhotograph
        try:
            return _as_jpeg(trusted_photograph(objects, self._trust(), self._clock()))
        except CardNotAuthenticated as error:
            _log.warning("a photograph that the city did not sign", card=str(card_uuid), why=str(error))
            raise PhotographForged from None
        except CardInconsistent as error:
            _log.warning("a photograph of another card", card=str(card_uuid), why=str(error))
            raise PhotographOfAnother from None
        except ProtocolError:
            raise NoPhotograph from None


def _read(reader: CardReader, card_uuid: UUID, pin: Pin) -> dict[ObjectId, bytes]:
    """The connection is closed, and so the card reset, before anything is made of it."""
    objects: dict[ObjectId, bytes] = {}
    with reader.connect() as connection, connection.transaction():
        session = PivSession.open(connection)
        objects[ObjectId.CHUID] = session.read_object(ObjectId.CHUID)
        if Chuid.from_bytes(objects[ObjectId.CHUID]).guid != card_uuid:
            raise OtherCard
        session.verify_pin(pin)
        for object_id in VOUCHING[1:]:
            try:
                objects[object_id] = session.read_object(object_id)
            except ObjectNotFound:
                continue
    return objects


def _as_jpeg(photograph: Photograph) -> bytes:
    """Browsers show no JPEG 2000. Raises ProtocolError."""
    if photograph.kind is ImageKind.JPEG:
        return photograph.image
    try:
        with Image.open(BytesIO(photograph.image), formats=("JPEG2000",)) as image:
            if image.width * image.height > _MAX_PIXELS:
                raise ProtocolError("a photograph with too many pixels")
            out = BytesIO()
            image.convert("RGB").save(out, "JPEG", quality=_QUALITY)
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise ProtocolError("a JPEG 2000 that is none") from error
    return out.getvalue()
