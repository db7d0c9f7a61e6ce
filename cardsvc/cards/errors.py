"""What is refused about cards."""

from __future__ import annotations

from cardsvc.errors import ServiceError


class CardNotFound(ServiceError):
    """Raised when no card has this UUID or stock number."""

    code = "no-such-card"
    title = "There is no such card"

    def __init__(self) -> None:
        super().__init__("No card of the city has this number.")


class StockNumberTaken(ServiceError):
    """Raised when a blank card is taken into stock a second time."""

    code = "stock-number-taken"
    title = "The card is in stock already"

    def __init__(self, stock_number: str) -> None:
        super().__init__("A card with this printed number was taken into stock before.", stock_number=stock_number)


class ProofOfAnotherCard(ServiceError):
    """Raised when the proof that is to activate a card was made by another card."""

    code = "proof-of-another-card"
    title = "The proof is of another card"

    def __init__(self) -> None:
        super().__init__("The proof was made by another card than the one to be activated.")


class ProofNotForActivation(ServiceError):
    """Raised when the proof was made for something else: at another level, or without this card's activation in it."""

    code = "proof-not-for-activation"
    title = "The proof was not made to activate this card"

    def __init__(self) -> None:
        super().__init__("Ask for a challenge at level pin with the hash of this card's activation, and sign that.")
