"""What is to be put on one card, and the secrets it is going to have."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from types import MappingProxyType
from typing import Final, Self
from uuid import UUID

from sqlalchemy.orm import Session

from cardsvc.cards.models import Card
from cardsvc.citizens.models import Citizen
from cardsvc.citizens.photos import open_photo
from cardsvc.citizens.service import open_person
from cardsvc.issuance.errors import NotAssigned
from cardsvc.issuance.models import Application, SecretKind
from cardsvc.issuance.repository import find_application_of
from cardsvc.trust.keystore import Keystore
from cardsvc.wire.lifecycle import ApplicationState
from readers.piv.fascn import NON_FEDERAL
from readers.piv.identifiers import Algorithm
from readers.piv.management_key import KEY_SIZES, ManagementKey
from readers.piv.objects import CARD_IDENTIFIER_SIZE, Ccc, Chuid, PrintedInformation
from readers.piv.pin import PIN_FIELD, Pin
from readers.piv.products import Product

TRANSPORT_PIN_DIGITS: Final = 6
_NAME_BYTES: Final = 125
"""Room for the name in the printed information (SP 800-73-5 part 1 table 14)."""


@dataclass(frozen=True)
class Assignment:
    """A card that is reserved for somebody. ``repr`` shows nothing of the person."""

    card_id: UUID
    card_uuid: UUID
    stock_number: str
    expires_on: date
    citizen_id: UUID
    application_id: UUID
    name: str = field(repr=False)
    portrait: bytes | None = field(default=None, repr=False)
    """The photograph as it is kept, a JPEG; None where there is none."""

    @classmethod
    def of(cls, session: Session, keystore: Keystore, card: Card) -> Self:
        """Raises NotAssigned, PersonErased."""
        application: Application | None = find_application_of(session, card.id)
        if application is None or application.state is not ApplicationState.PERSONALISING or card.expires_on is None:
            raise NotAssigned
        citizen = session.get_one(Citizen, application.citizen_id)
        return cls(
            card_id=card.id,
            card_uuid=card.uuid,
            stock_number=card.stock_number,
            expires_on=card.expires_on,
            citizen_id=application.citizen_id,
            application_id=application.id,
            name=open_person(keystore, citizen).name,
            portrait=open_photo(session, keystore, citizen),
        )

    @property
    def chuid(self) -> Chuid:
        """Without issuer signature: the card is proved by its 9E key."""
        return Chuid(NON_FEDERAL, self.card_uuid, self.expires_on)

    def printed_information(self, issuer: str) -> PrintedInformation:
        """Behind the PIN. A name that is too long is cut between two characters."""
        return PrintedInformation(
            name=self.name.encode()[:_NAME_BYTES].decode(errors="ignore"),
            affiliation="RESIDENT",
            expiry=self.expires_on,
            card_serial=self.stock_number,
            issuer=issuer,
        )


def draw_marker() -> Ccc:
    """A capability container with a random card identifier: by that a card is known before anything else is on it."""
    return Ccc(secrets.token_bytes(CARD_IDENTIFIER_SIZE))


@dataclass(frozen=True)
class OwnSecrets:
    """What a card gets instead of what everybody knows. Each value hides itself in ``repr``."""

    transport_pin: Pin
    puk: Pin
    management_key: ManagementKey

    @classmethod
    def draw(cls, product: Product, escrowed: Mapping[SecretKind, bytes | None] = MappingProxyType({})) -> Self:
        """What is in escrow for the card already, and the rest at random, none of it the factory's."""
        pin, puk, key = (escrowed.get(kind) for kind in _KINDS)
        return cls(
            transport_pin=Pin(pin.decode()) if pin else draw_digits(TRANSPORT_PIN_DIGITS, product.pin),
            puk=Pin(puk.decode()) if puk else draw_digits(PIN_FIELD, product.puk),
            management_key=unpack_management_key(key) if key else _draw_key(product),
        )

    def to_escrow(self, kind: SecretKind) -> bytes:
        """In the form in which it is sealed."""
        key = self.management_key
        packed = (self.transport_pin.digits.encode(), self.puk.digits.encode(), bytes((key.algorithm,)) + key.value)
        return packed[_KINDS.index(kind)]


_KINDS: Final = (SecretKind.TRANSPORT_PIN, SecretKind.PUK, SecretKind.MANAGEMENT_KEY)


def draw_digits(count: int, *known: Pin) -> Pin:
    """A PIN or PUK of so many digits, and none of those that are known."""
    while True:
        drawn = Pin(f"{secrets.randbelow(10**count):0{count}d}")
        if drawn not in known:
            return drawn


def unpack_management_key(escrowed: bytes) -> ManagementKey:
    """The reverse of `OwnSecrets.to_escrow`: algorithm, key."""
    return ManagementKey(Algorithm(escrowed[0]), escrowed[1:])


def _draw_key(product: Product) -> ManagementKey:
    """Of the strongest algorithm that the product takes."""
    algorithm = product.key_setter.strongest if product.key_setter else Algorithm.AES_256
    return ManagementKey(algorithm, secrets.token_bytes(KEY_SIZES[algorithm]))
