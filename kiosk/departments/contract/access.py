"""Who may come in: the assertion of the card service, checked here and, where a service wants it, asked about there."""

from __future__ import annotations

from typing import Protocol

from cardsvc.wire.authentication import AssertionClaims
from cardsvc.wire.levels import Level


class Gate(Protocol):
    """Tells good assertions from bad ones."""

    def admit(self, assertion: str, *, service: str, level: Level, confirm_online: bool) -> AssertionClaims:
        """The claims of a good assertion for ``service`` at ``level`` or above.

        Raises:
            AssertionNotAccepted: it is not good.
            StepUpNeeded: it is good, but its level too low.
            VerificationUnavailable: the card service had to be asked and did not answer.
        """
        ...
