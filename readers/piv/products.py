"""What differs between PIV products, as data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from readers.apdu import SHORT_LE, CommandApdu
from readers.piv.identifiers import Algorithm, VendorInstruction
from readers.piv.management_key import ManagementKey
from readers.piv.pin import Pin
from readers.piv.session import PivSession

FACTORY_PIN: Final = Pin("123456")
FACTORY_PUK: Final = Pin("12345678")
_FACTORY_KEY: Final = bytes(range(1, 9)) * 3


@dataclass(frozen=True, slots=True)
class Product:
    """A kind of card, as it comes from the factory.

    PIN, PUK and management key are public knowledge and must be gone when a card is issued.
    """

    name: str
    management_key: ManagementKey
    sets_management_key: bool
    """Whether it has Yubico's SET MANAGEMENT KEY; without it the service cannot take the card over."""
    sets_pin_retries: bool
    discovery_writable: bool
    reports_origin: bool
    """Whether GET METADATA tells where a key was made (Yubico extension, from version 5.3)."""
    pin: Pin = FACTORY_PIN
    puk: Pin = FACTORY_PUK


STRICT: Final = Product(
    name="SP 800-73 without extensions",
    management_key=ManagementKey(Algorithm.TDES, _FACTORY_KEY),
    sets_management_key=False,
    sets_pin_retries=False,
    discovery_writable=True,
    reports_origin=False,
)
YUBICO_5_3: Final = Product(
    name="Yubico 5.3 to 5.6",
    management_key=ManagementKey(Algorithm.TDES, _FACTORY_KEY),
    sets_management_key=True,
    sets_pin_retries=True,
    discovery_writable=False,
    reports_origin=True,
)
YUBICO_5_7: Final = Product(
    name="Yubico 5.7 and later",
    management_key=ManagementKey(Algorithm.AES_192, _FACTORY_KEY),
    sets_management_key=True,
    sets_pin_retries=True,
    discovery_writable=False,
    reports_origin=True,
)

_BY_VERSION: Final = (((5, 7, 0), YUBICO_5_7), ((5, 3, 0), YUBICO_5_3))
"""The first whose version is not above the card's. Firmware 5.7 made AES-192 the kind of the factory's key."""


def recognise(session: PivSession) -> Product:
    """The product that an open session talks to, by its answer to GET VERSION; `STRICT` where it has none."""
    response = session.exchange(CommandApdu(0, VendorInstruction.GET_VERSION, 0, 0, le=SHORT_LE))
    if not response.status.ok or len(response.data) != 3:
        return STRICT
    version = tuple(response.data)
    return next((product for first, product in _BY_VERSION if version >= first), STRICT)
