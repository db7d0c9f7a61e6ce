"""Whose card is made in a reader, and what follows when that is broken off. Asks nobody, shows nothing."""

from __future__ import annotations

from typing import Final

from cardsvc.wire.lifecycle import Application, Card
from kiosk.desk.issuing import GOES_ON, Situation
from kiosk.desk.relay import RelayRefused
from kiosk.desk.writing import Aftermath, Written

_BREAKS: Final = 5
"""So often writing a card is gone on with by itself; then the clerk says so."""
_RESUMED: Final = frozenset({*GOES_ON, Situation.BLANK, Situation.BEGUN_ONE_OF_SEVERAL})
"""What a torn card may look like when it is back. The service compares its marker and refuses any other."""


class Making:
    """One application and its card. Another application gets another of these."""

    def __init__(self, application: Application | None = None) -> None:
        """Without an application: the reader is free."""
        self.application = application
        self.card: Card | None = None
        """The one that was taken for it from stock."""
        self.written: Written | None = None
        self.taking = False
        """The service is asked for the card: no other application comes in between."""
        self.writing = False
        self._torn = False
        self._breaks = 0

    @property
    def busy(self) -> bool:
        """Whether something is done with the reader or asked about it, that only its end ends."""
        return self.taking or self.writing

    @property
    def free(self) -> bool:
        """Whether another application can have the reader: nothing is in hand."""
        return not self.busy and (self.application is None or self.written is not None)

    @property
    def may_yield(self) -> bool:
        """Whether another application can have it for want of a free one: no card was taken for this one."""
        return not self.busy and (self.free or self.card is None)

    @property
    def can_be_written(self) -> bool:
        """Whether a card can be taken, or gone on with."""
        return self.application is not None and not self.busy and self.written is None

    @property
    def can_be_put_aside(self) -> bool:
        """Whether there is a card that is not finished."""
        return self.card is not None and not self.busy and self.written is None

    def take(self) -> None:
        """The service is asked for the card with the number that was entered."""
        self.taking = True

    def took(self, card: Card | None) -> None:
        """It has answered; without a card where it refused."""
        self.taking = False
        self.card = card or self.card

    def begin(self) -> None:
        """Writing begins, or goes on."""
        self.writing, self._torn = True, False

    def sealed(self, written: Written) -> None:
        """It is finished."""
        self.writing, self.written = False, written

    def broke(self, error: Exception | None) -> bool:
        """Writing has ended before its end, without an error where the officer stopped it.

        Whether it is gone on with by itself: where contact or line were lost, and not again and again.
        """
        self.writing = False
        if error is None:
            return False
        self._breaks += 1
        broken_off = not isinstance(error, RelayRefused) or error.code == "card-failed"
        return broken_off and self._breaks <= _BREAKS

    def came_out(self, after: Aftermath, *, again: bool) -> bool:
        """What the service says became of the card; ``again`` is what `broke` answered.

        Whether it is gone on with as soon as it is seen again.
        """
        self._torn = again and after in {Aftermath.GOES_ON, Aftermath.NOTHING_WRITTEN}
        if after in {Aftermath.QUARANTINED, Aftermath.OVER}:
            self.card = None
        return self._torn

    def resumes(self, situation: Situation) -> bool:
        """Whether a card that looks like this is the torn one, to be gone on with."""
        return self._torn and not self.busy and situation in _RESUMED
