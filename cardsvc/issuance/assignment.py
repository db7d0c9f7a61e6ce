"""What is to be put on one card, and the secrets it is going to have."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from datetime import date
from typing import Final, Self
from uuid import UUID

from sqlalchemy.orm import Session

from cardsvc.cards.models import Card
from cardsvc.citizens.models import Citizen
from cardsvc.citizens.service import open_person
from cardsvc.issuance.errors import NotAssigned
from cardsvc.issuance.models import Application
from cardsvc.issuance.repository import find_application_of
from cardsvc.trust.keystore import Keystore
from readers.piv.fascn import NON_FEDERAL
from readers.piv.identifiers import Algorithm
from readers.piv.management_key import KEY_SIZES, ManagementKey
from readers.piv.objects import Ccc, Chuid, PrintedInformation
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

    @classmethod
    def of(cls, session: Session, keystore: Keystore, card: Card) -> Self:
        """Raises NotAssigned, PersonErased."""
        application: Application | None = find_application_of(session, card.id)
        if application is None or card.expires_on is None:
            raise NotAssigned
        person = open_person(keystore, session.get_one(Citizen, application.citizen_id))
        return cls(
            card_id=card.id,
            card_uuid=card.uuid,
            stock_number=card.stock_number,
            expires_on=card.expires_on,
            citizen_id=application.citizen_id,
            application_id=application.id,
            name=person.name,
        )

    @property
    def chuid(self) -> Chuid:
        """Without issuer signature: the card is proved by its 9E key."""
        return Chuid(NON_FEDERAL, self.card_uuid, self.expires_on)

    @property
    def ccc(self) -> Ccc:
        """Its 14 bytes are from the card UUID, which anybody can read in the CHUID anyway."""
        return Ccc(self.card_uuid.bytes[-14:])

    def printed_information(self, issuer: str) -> PrintedInformation:
        """Behind the PIN. A name that is too long is cut between two characters."""
        return PrintedInformation(
            name=self.name.encode()[:_NAME_BYTES].decode(errors="ignore"),
            affiliation="RESIDENT",
            expiry=self.expires_on,
            card_serial=self.stock_number,
            issuer=issuer,
        )


@dataclass(frozen=True)
class FreshSecrets:
    """What a card gets instead of what everybody knows. Each value hides itself in ``repr``."""

    transport_pin: Pin
    puk: Pin
    management_key: ManagementKey

    @classmethod
    def draw(cls, product: Product) -> Self:
        """At random, and none of them the factory's."""
        return cls(
            transport_pin=_draw_digits(TRANSPORT_PIN_DIGITS, product.pin),
            puk=_draw_digits(PIN_FIELD, product.puk),
            management_key=_draw_key(product),
        )


def _draw_key(product: Product) -> ManagementKey:
    """Of the strongest algorithm that the product takes."""
    algorithm = product.key_setter.strongest if product.key_setter else Algorithm.AES_256
    return ManagementKey(algorithm, secrets.token_bytes(KEY_SIZES[algorithm]))


def _draw_digits(count: int, known: Pin) -> Pin:
    while True:
        drawn = Pin(f"{secrets.randbelow(10**count):0{count}d}")
        if drawn != known:
            return drawn
