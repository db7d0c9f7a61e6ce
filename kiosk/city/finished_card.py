"""A card fresh from the desk, looked at as a stranger would, and judged up to the city's root."""

from __future__ import annotations

from datetime import UTC, datetime
from io import BytesIO
from typing import Final

from cryptography import x509
from PIL import Image

from kiosk.city.founding import Plan
from kiosk.city.issuing import SealedCard
from kiosk.city.witness import expect
from kiosk.photographs import Photographs
from readers.connection import CardReader
from readers.paths import validate_path
from readers.piv.identifiers import KeyReference
from readers.piv.judging import Trust
from readers.piv.session import PivSession

_KEYS: Final = (KeyReference.PIV_AUTHENTICATION, KeyReference.DIGITAL_SIGNATURE, KeyReference.CARD_AUTHENTICATION)


def look_at(plan: Plan, card: SealedCard, reader: CardReader) -> str:
    """What was found. Raises Disagreement, PathError, and what `Photographs.read` raises."""
    trust = _trust(plan)
    with reader.connect() as connection:
        session = PivSession.open(connection)
        expect(session.read_chuid().guid, card.uuid, "card UUID in the CHUID")
        for key in _KEYS:
            validate_path(session.read_certificate(key), trust.intermediates, trust.anchors, datetime.now(UTC))
    return (
        f"card sealed; CHUID and {len(_KEYS)} certificates read back, valid up to the root; "
        f"photograph of {_size_of_photograph(trust, card, reader)}, signed for this card"
    )


def _size_of_photograph(trust: Trust, card: SealedCard, reader: CardReader) -> str:
    """As a kiosk reads it, with the PIN."""
    jpeg = Photographs(lambda: trust, lambda: datetime.now(UTC)).read(reader, card.uuid, card.transport_pin)
    with Image.open(BytesIO(jpeg)) as image:
        return f"{image.width} by {image.height}"


def _trust(plan: Plan) -> Trust:
    files = (plan.root_certificate, plan.issuing_certificate)
    root, issuing = (x509.load_pem_x509_certificate(file.read_bytes()) for file in files)
    return Trust([root], [issuing])
