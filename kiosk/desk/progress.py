"""How far a piece of work is, and whether it is still wanted."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


class Cancelled(Exception):
    """Raised in the work when the officer no longer wants it; nothing is half-done then."""


class StoppedWaiting(Exception):
    """Raised for an act whose answer the officer did not wait for: the card service may have done it all the same."""


class StoppedLooking(Exception):
    """Raised where how things stand was asked and the answer was not waited for: what is shown may be out of date."""


@dataclass(frozen=True, slots=True)
class Stage:
    """Step ``done`` of ``total`` begins."""

    step: str
    done: int
    total: int


@dataclass(frozen=True, slots=True)
class Report:
    """Handed to the work."""

    tell: Callable[[Stage], None] = lambda _: None
    unwanted: Callable[[], bool] = lambda: False
    given_up: Callable[[], bool] = lambda: False
    """Whether its answer is not waited for any more, which is told already."""

    def step(self, name: str, done: int, total: int) -> None:
        """Say that a step begins. Raises Cancelled: call it only where stopping is safe."""
        self.check()
        self.tell(Stage(name, done, total))

    def check(self) -> None:
        """Raises Cancelled when the officer no longer wants it."""
        if self.unwanted():
            raise Cancelled

    def check_waited_for(self) -> None:
        """Raises Cancelled when nobody waits for it: whatever comes next would be done behind their back."""
        if self.given_up():
            raise Cancelled
