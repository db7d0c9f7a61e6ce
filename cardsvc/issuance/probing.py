"""Is the card in the desk's reader one that can be written? Nothing here changes it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from cardsvc.issuance.errors import CardNotBlank, CardNotFactoryFresh, ContactReaderNeeded, ProductUnsuited
from readers.connection import CardConnection
from readers.errors import CardError, CardNotAuthenticated
from readers.piv.admin import PivAdmin
from readers.piv.management_key import ManagementKey
from readers.piv.products import Product, is_blank, recognise
from readers.piv.session import PivSession

_LEAST_TRIES: Final = 3
"""No product leaves the factory with fewer; a card with fewer left was tried by somebody."""


@dataclass(frozen=True)
class BlankCard:
    """A card as it left the factory, selected, and its management key authenticated."""

    session: PivSession
    admin: PivAdmin
    product: Product
    pin_tries: int

    def replace_management_key(self, new: ManagementKey) -> None:
        """In the way of the product."""
        if self.product.key_setter is None:
            raise ProductUnsuited(self.product.name)
        self.product.key_setter.set(self.admin, new)


def probe(connection: CardConnection) -> BlankCard:
    """Look at the card and take its factory management key.

    Raises ContactReaderNeeded, CardNotBlank, CardNotFactoryFresh, ProductUnsuited, and what the connection raises.
    """
    if connection.contactless:
        raise ContactReaderNeeded
    session = PivSession.open(connection)
    product = recognise(session)
    if not is_blank(session, product):
        raise CardNotBlank
    if not product.sets_management_key:
        raise ProductUnsuited(product.name)
    tries = session.pin_tries_left()
    if tries is None or tries < _LEAST_TRIES:
        raise CardNotFactoryFresh
    admin = PivAdmin(session)
    try:
        admin.authenticate(product.management_key)
    except (CardError, CardNotAuthenticated):
        raise CardNotFactoryFresh from None
    return BlankCard(session, admin, product, tries)
