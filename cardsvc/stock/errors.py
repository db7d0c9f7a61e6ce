"""What is refused about stock."""

from __future__ import annotations

from cardsvc.errors import ServiceError


class RangeMalformed(ServiceError):
    """Raised when the first and the last printed number do not make a range."""

    code = "range-malformed"
    title = "This is no range of printed numbers"

    def __init__(self, most: int) -> None:
        super().__init__(f"First and last number differ in their last digits only, and are at most {most} cards apart.")


class SerialNotOfBatch(ServiceError):
    """Raised when a product's serial number is given for a card that is not in the delivery."""

    code = "serial-not-of-batch"
    title = "A serial number is for a card that is not in the delivery"

    def __init__(self) -> None:
        super().__init__("Give serial numbers for printed numbers of this delivery only, each of them once.")


class SerialMismatch(ServiceError):
    """Raised when a card tells another serial number than stock has for its printed number, or none."""

    code = "serial-mismatch"
    title = "The card is not the one that is printed on it"

    def __init__(self) -> None:
        super().__init__("The product's own number is not the one the supplier told for this printed number.")


class NotInCustody(ServiceError):
    """Raised when an officer hands over cards that are not blank, or that another one answers for. Carries which."""

    code = "not-in-custody"
    title = "The cards are not yours to hand over"

    def __init__(self, stock_numbers: list[str]) -> None:
        super().__init__("Somebody else answers for these cards, or they are not blank.", stock_numbers=stock_numbers)


class NothingToHandOver(ServiceError):
    """Raised when a hand-over is empty."""

    code = "nothing-to-hand-over"
    title = "There is nothing to hand over"

    def __init__(self) -> None:
        super().__init__("Name cards by their printed numbers, or hand over the whole shift.")


class HandOverNotFound(ServiceError):
    """Raised when no hand-over has this id."""

    code = "no-such-hand-over"
    title = "There is no such hand-over"

    def __init__(self) -> None:
        super().__init__("No hand-over has this id.")


class HandOverSettled(ServiceError):
    """Raised when a hand-over is decided a second time. Carries its state."""

    code = "hand-over-settled"
    title = "The hand-over is settled"

    def __init__(self, state: str) -> None:
        super().__init__(f"The hand-over is {state}.", state=state)


class NotTheRecipient(ServiceError):
    """Raised when somebody else than the officer a hand-over is for decides it."""

    code = "not-the-recipient"
    title = "The hand-over is for somebody else"

    def __init__(self) -> None:
        super().__init__("Only the officer to whom it is handed over can accept it.")


class CountDiffers(ServiceError):
    """Raised when the recipient counted something else than what was offered."""

    code = "count-differs"
    title = "The count differs"

    def __init__(self) -> None:
        super().__init__("You counted something else than what was offered. Count again together, or refuse it.")
