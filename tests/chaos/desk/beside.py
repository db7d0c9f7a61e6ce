"""yubikit (yubikey-manager) writes what our service wrote, to a blank card in the same reader."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from cryptography import x509
from yubikit.core import TRANSPORT
from yubikit.core.smartcard import SmartCardConnection
from yubikit.piv import KEY_TYPE, MANAGEMENT_KEY_TYPE, OBJECT_ID, SLOT
from yubikit.piv import PivSession as YubikitSession

from readers.connection import CardConnection
from readers.metering import MeteredConnection
from readers.piv.identifiers import KeyReference, ObjectId
from readers.piv.pin import Pin
from readers.piv.products import recognise
from readers.piv.session import PivSession
from tests.chaos.desk.tray import Tray

_SLOTS: Final = {
    KeyReference.PIV_AUTHENTICATION: SLOT.AUTHENTICATION,
    KeyReference.DIGITAL_SIGNATURE: SLOT.SIGNATURE,
    KeyReference.CARD_AUTHENTICATION: SLOT.CARD_AUTH,
}
_OBJECTS: Final = {
    ObjectId.CCC: OBJECT_ID.CAPABILITY,
    ObjectId.PRINTED_INFORMATION: OBJECT_ID.PRINTED,
    ObjectId.FACIAL_IMAGE: OBJECT_ID.FACIAL,
    ObjectId.SECURITY_OBJECT: OBJECT_ID.SECURITY,
    ObjectId.CHUID: OBJECT_ID.CHUID,
}
"""In the order in which they are written."""


@dataclass(frozen=True)
class Content:
    """What is on a finished card."""

    certificates: dict[KeyReference, x509.Certificate]
    objects: dict[ObjectId, bytes]


@dataclass(frozen=True)
class Took:
    """Seconds."""

    whole: float
    card: float
    apdus: int


class Metered(SmartCardConnection):
    """yubikit's way to a card, through ours, which counts."""

    def __init__(self, inner: CardConnection) -> None:
        self.inner = MeteredConnection(inner)

    @property
    def transport(self) -> TRANSPORT:
        return TRANSPORT.USB

    def send_and_receive(self, apdu: bytes) -> tuple[bytes, int]:
        answer = self.inner.transmit(bytes(apdu))
        return answer[:-2], int.from_bytes(answer[-2:], "big")

    def close(self) -> None:
        """Whoever opened it closes it."""


def content_of(tray: Tray, pin: Pin) -> Content:
    """Read the card in the reader."""
    with tray.reader().connect() as connection:
        session = PivSession.open(connection)
        session.verify_pin(pin)
        objects: dict[ObjectId, bytes] = {
            one: session.read_object(one) for one in _OBJECTS if one is not ObjectId.FACIAL_IMAGE
        }
        return Content({key: session.read_certificate(key) for key in _SLOTS}, objects)


def personalise(tray: Tray, file: Path, content: Content) -> Took:
    """On a blank card: PUK, PIN, three keys, three certificates, the objects, the management key."""
    tray.insert(file)
    with tray.reader().connect() as connection:
        product = recognise(PivSession.open(connection))
        metered, began = Metered(connection), time.perf_counter()
        session = YubikitSession(metered)
        session.authenticate(product.management_key.value)
        session.put_object(_OBJECTS[ObjectId.CCC], content.objects[ObjectId.CCC])
        session.change_puk(product.puk.digits, "86419753")
        session.change_pin(product.pin.digits, "864197")
        for key, certificate in content.certificates.items():
            session.generate_key(_SLOTS[key], KEY_TYPE.ECCP256)
            session.put_certificate(_SLOTS[key], certificate)
        for one in content.objects.keys() - {ObjectId.CCC, ObjectId.CHUID}:
            session.put_object(_OBJECTS[one], content.objects[one])
        session.set_management_key(MANAGEMENT_KEY_TYPE.AES256, bytes(range(32)))
        session.put_object(_OBJECTS[ObjectId.CHUID], content.objects[ObjectId.CHUID])
        took = Took(time.perf_counter() - began, metered.inner.seconds, metered.inner.apdus)
    tray.remove()
    return took
