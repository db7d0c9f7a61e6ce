"""What is refused about loss reports."""

from __future__ import annotations

from cardsvc.errors import ServiceError


class LossReportNotFound(ServiceError):
    """Raised when no report has this number. Carries whether it can be one at all: else a digit was misheard."""

    code = "no-such-loss-report"
    title = "There is no such report"

    def __init__(self, *, misheard: bool) -> None:
        hint = "A digit was misheard: the last one does not fit the others." if misheard else "Nobody was given it."
        super().__init__(f"No loss report has this number. {hint}", misheard=misheard)


class NothingToReport(ServiceError):
    """Raised when the citizen has no card that could have been lost."""

    code = "nothing-to-report"
    title = "There is no card to report"

    def __init__(self) -> None:
        super().__init__("The citizen has no card that is in use, or the card named is not theirs or not in use.")


class AlreadyReported(ServiceError):
    """Raised when the loss of a card is reported again. Carries the number of the first report."""

    code = "already-reported"
    title = "The loss was reported before"

    def __init__(self, number: str) -> None:
        super().__init__("The card is held since it was reported.", number=number)


class CallerNotVerified(ServiceError):
    """Raised when somebody who calls has not answered enough questions right. Carries how many are needed."""

    code = "caller-not-verified"
    title = "The caller is not verified"

    def __init__(self, needed: int) -> None:
        super().__init__(f"Ask at least {needed} questions; all answers must be right.", needed=needed)
