"""Is the card in the desk's reader one that can be written? Nothing here changes it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from cardsvc.issuance.errors import CardNotBlank, CardNotFactoryFresh, ContactReaderNeeded, ProductUnsuited
from readers.connection import CardConnection
from readers.errors import CardError, CardNotAuthenticated, ObjectNotFound
from readers.piv.admin import PivAdmin
from readers.piv.identifiers import ObjectId
from readers.piv.management_key import ManagementKey
from readers.piv.products import Product, is_blank, recognise
from readers.piv.session import PivSession

LEAST_TRIES: Final = 3
"""No product leaves the factory with fewer; a blank card with fewer left was tried by somebody."""


@dataclass(frozen=True)
class OpenCard:
    """A card, selected, and the management key that was authenticated."""

    session: PivSession
    admin: PivAdmin
    product: Product
    management_key: ManagementKey
    pin_tries: int = LEAST_TRIES
    """As many as the finished card must have at least."""

    def replace_management_key(self, new: ManagementKey) -> None:
        """In the way of the product."""
        if self.product.key_setter is None:
            raise ProductUnsuited(self.product.name)
        self.product.key_setter.set(self.admin, new)


@dataclass(frozen=True)
class FoundCard:
    """A card, selected, before anything is known of it but its product and its capability container."""

    session: PivSession
    product: Product
    ccc: bytes | None


def find(connection: CardConnection) -> FoundCard:
    """Look which card there is. Raises ContactReaderNeeded, and what the connection raises."""
    if connection.contactless:
        raise ContactReaderNeeded
    session = PivSession.open(connection)
    product = recognise(session)
    try:
        ccc = session.read_object(ObjectId.CCC)
    except ObjectNotFound:
        ccc = None
    return FoundCard(session, product, ccc)


def require_blank(found: FoundCard) -> None:
    """Raises CardNotBlank for a card with a CHUID, and what the connection raises."""
    if not is_blank(found.session, found.product):
        raise CardNotBlank


def open_blank(found: FoundCard) -> OpenCard:
    """Take the factory's management key of a blank card that nobody has used.

    Raises CardNotFactoryFresh, ProductUnsuited, and what the connection raises.
    """
    session, product = found.session, found.product
    if not product.sets_management_key:
        raise ProductUnsuited(product.name)
    tries = session.pin_tries_left()
    if tries is None or tries < LEAST_TRIES:
        raise CardNotFactoryFresh
    admin = PivAdmin(session)
    if not opens(admin, product.management_key):
        raise CardNotFactoryFresh
    return OpenCard(session, admin, product, product.management_key, tries)


def opens(admin: PivAdmin, key: ManagementKey) -> bool:
    """Whether the card's management key is this one. No product counts wrong ones."""
    try:
        admin.authenticate(key)
    except (CardError, CardNotAuthenticated):
        return False
    return True
