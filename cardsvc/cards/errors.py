"""What is refused about cards."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from cardsvc.errors import ServiceError
from cardsvc.wire.lifecycle import HoldReason


class CardNotFound(ServiceError):
    """Raised when no card has this UUID or stock number."""

    code = "no-such-card"
    title = "There is no such card"

    def __init__(self) -> None:
        super().__init__("No card of the city has this number.")


class CardOver(ServiceError):
    """Raised when a card is to come into force again after its last day."""

    code = "card-over"
    title = "The card has expired"

    def __init__(self) -> None:
        super().__init__("The last day of the card has passed. Renew it.")


class HoldStands(ServiceError):
    """Raised when a hold is to be lifted in a way that its reason does not allow. Carries the reason."""

    code = "hold-stands"
    title = "The hold cannot be lifted like this"

    def __init__(self, reason: str | None) -> None:
        super().__init__(f"The card is held: {reason or 'for no known reason'}. {_WAYS.get(reason, '')}", reason=reason)


_WAYS: Final[Mapping[str | None, str]] = {
    HoldReason.TEMPORARY: "Returning the temporary card restores it.",
    HoldReason.REPLACEMENT: "Cancelling the application for its replacement restores it.",
    HoldReason.LOST: "If the time for that has not passed, two officers reinstate it.",
    HoldReason.SUSPICION: "Two officers reinstate it.",
    HoldReason.MOVED_AWAY: "If the registry was wrong, the citizen gets a new card.",
    HoldReason.DECEASED: "If the registry was wrong, the citizen gets a new card.",
}


class FoundTooLate(ServiceError):
    """Raised when a lost card turns up after the time in which it can be reinstated."""

    code = "found-too-late"
    title = "The card was found too late"

    def __init__(self) -> None:
        super().__init__(
            "The time in which a lost card can be reinstated is over. Destroy it: the citizen gets a new one."
        )


class NotTemporary(ServiceError):
    """Raised when a card is to be returned as a temporary one that is none."""

    code = "not-a-temporary-card"
    title = "This is no temporary card"

    def __init__(self) -> None:
        super().__init__("Only a temporary card is returned for the one that was forgotten.")


class NoProxy(ServiceError):
    """Raised when it is asked who collected a card for its citizen, and nobody did."""

    code = "no-proxy"
    title = "Nobody else collected the card"

    def __init__(self) -> None:
        super().__init__("The card was not collected yet, or the citizen collected it.")


class TakesTwo(ServiceError):
    """Raised when one officer alone does what takes two. Carries the kind of approval that is needed."""

    code = "takes-two"
    title = "This takes two people"

    def __init__(self, kind: str, detail: str) -> None:
        super().__init__(detail, kind=kind)


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
