"""The number that is printed on a card and the one that its product tells must belong together (DESIGN §4)."""

from __future__ import annotations

from cardsvc.cards.models import Card
from cardsvc.stock.errors import SerialMismatch


def check_serial(card: Card, serial: str | None) -> None:
    """Compare what the product says (YubiKey ``F8``, CPLC) with what the supplier told for this printed number.

    Where the supplier told nothing there is nothing to compare. Raises SerialMismatch.
    """
    if card.product_serial is not None and (serial is None or serial.upper() != card.product_serial.upper()):
        raise SerialMismatch
